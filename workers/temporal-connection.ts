/**
 * Which Temporal server a process talks to, and connections to it. The usual TEMPORAL_* variables and profiles
 * decide (`@temporalio/envconfig`), so Temporal Cloud and clusters need no settings of our own.
 */
import net from 'node:net';
import { devNull } from 'node:os';
import type { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnection, NativeConnectionOptions } from '@temporalio/worker';
import { messageOf, ServiceError } from './service-error.js';

export interface TemporalTarget {
  /** host:port */
  address: string;
  namespace: string;
  /** null when nobody told us: a foreign server's UI can be anywhere. */
  uiUrl: string | null;
  /** `configured` by TEMPORAL_*, found listening as `local`, or started by seedmill (`own`). */
  origin: 'configured' | 'local' | 'own';
  /** TLS, keys and metadata, as both kinds of connection take them. Never to be logged. */
  connectionOptions: ConnectOptions;
}

type ConnectOptions = Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'>;

/** The server that TEMPORAL_* variables or a profile name; null when they name no address. */
export function configuredTarget(env: NodeJS.ProcessEnv = process.env): TemporalTarget | null {
  const config = loadConfig(env);
  const { address } = config.connectionOptions;
  // An empty variable is how shells unset one for a single command.
  if (!address) return null;
  return {
    address,
    namespace: config.namespace ?? 'default',
    uiUrl: null,
    origin: 'configured',
    connectionOptions: withoutUndefined(config.connectionOptions),
  };
}

/** Namespace that TEMPORAL_NAMESPACE or a profile asks for, also where no address is given. */
export function configuredNamespace(env: NodeJS.ProcessEnv = process.env): string {
  return loadConfig(env).namespace ?? 'default';
}

/** A server on this machine without TLS or keys. */
export function plainTarget(
  options: Pick<TemporalTarget, 'address' | 'namespace' | 'uiUrl' | 'origin'>,
): TemporalTarget {
  return { ...options, connectionOptions: { address: options.address } };
}

/** For processes that `ensureServices` started, and for workers started by hand: TEMPORAL_*, else localhost:7233. */
export function targetFromEnvironment(env: NodeJS.ProcessEnv = process.env): TemporalTarget {
  const local = { address: '127.0.0.1:7233', namespace: configuredNamespace(env), uiUrl: null };
  return configuredTarget(env) ?? plainTarget({ ...local, origin: 'local' });
}

/**
 * The environment that makes a child (Node or Python) talk to this target. For a plain local server all other
 * TEMPORAL_* settings are taken out: a leftover key or profile would switch TLS on.
 */
export function environmentFor(target: TemporalTarget, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const address = { TEMPORAL_ADDRESS: target.address, TEMPORAL_NAMESPACE: target.namespace };
  if (target.origin === 'configured') return { ...env, ...address };
  const others = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(others), ...address, TEMPORAL_CONFIG_FILE: devNull };
}

/** A connected client; close `client.connection` when done. Throws a ServiceError that names the address. */
export async function connectClient(target: TemporalTarget, connectTimeoutMs = 10_000): Promise<Client> {
  const { connectionOptions, namespace } = target;
  // Loaded here: it takes most of a second, and a look at the store alone needs none of it.
  const { Client } = await import('@temporalio/client');
  try {
    const connection = await connect(connectionOptions, connectTimeoutMs);
    return new Client({ connection, namespace });
  } catch (error) {
    throw unreachable(target, error);
  }
}

/** gRPC for Node sends everything through HTTPS_PROXY; a proxy does not reach this machine's loopback address. */
async function connect(options: ConnectOptions, connectTimeout: number): Promise<Connection> {
  const { Connection } = await import('@temporalio/client');
  const channelArgs = isLoopback(options) ? { 'grpc.enable_http_proxy': 0 } : {};
  return await Connection.connect({ ...options, connectTimeout, channelArgs });
}

function isLoopback({ address = 'localhost' }: ConnectOptions): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\])(:|$)/.test(address);
}

/** A connection for workers. */
export async function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  const { connectionOptions } = target;
  // Compressing what never leaves this machine only costs CPU, on both sides.
  const compression = isLoopback(connectionOptions) && { grpcCompression: { codec: 'none' } as const };
  // Loaded here: half of what a command without workers would load, and never use.
  const { NativeConnection } = await import('@temporalio/worker');
  try {
    return await NativeConnection.connect({ ...connectionOptions, ...compression });
  } catch (error) {
    throw unreachable(target, error);
  }
}

function unreachable(target: TemporalTarget, error: unknown): ServiceError {
  const advice =
    target.origin === 'configured'
      ? 'check TEMPORAL_ADDRESS, TEMPORAL_API_KEY and the profile in use'
      : '`npx seedmill up` starts a server';
  return new ServiceError(`no Temporal server answers at ${target.address} (${messageOf(error)}): ${advice}`);
}

/** What listens on a port of this machine: a Temporal server that answers, something else, or nothing. */
export async function probe(address: string, timeoutMs = 3_000): Promise<'temporal' | 'other' | 'nothing'> {
  if (!(await isListening(address, timeoutMs))) return 'nothing';
  try {
    // Connecting asks for the server's system info, which nothing but Temporal answers.
    const connection = await connect({ address }, timeoutMs);
    await connection.close();
    return 'temporal';
  } catch {
    return 'other';
  }
}

/** Whether anything takes a connection there. */
export function isListening(address: string, timeoutMs: number): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = net.connect({ host: hostname, port: Number(port), timeout: timeoutMs });
    const answer = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}

function loadConfig(env: NodeJS.ProcessEnv) {
  try {
    const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    // The package fails on an empty file, which is what `environmentFor` points children to.
    const disableFile = env.TEMPORAL_CONFIG_FILE === devNull;
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set), disableFile });
  } catch (error) {
    throw new ServiceError(
      `the Temporal settings (TEMPORAL_* or profile) cannot be used: ${messageOf(error)}`,
    );
  }
}

function withoutUndefined(options: NativeConnectionOptions): ConnectOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
