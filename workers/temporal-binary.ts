/**
 * Finds a Temporal server binary, or gets one: `temporal` on the PATH, the one in the cache folder, the SDK's own
 * download, a build from the Go module proxy. The last one works where only package registries can be reached.
 */
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { cacheFolder, isCompiled } from './folders.js';
import { withLock } from './lock.js';
import { startTimeOf } from './process-table.js';
import { messageOf, ServiceError } from './service-error.js';

/** Newer versions carry a replace directive, which `go install` refuses. */
export const pinnedVersion = '1.5.1';
const pinnedServer = '1.29.1';
/** The first server with `UpdateTaskQueueConfig` and fairness keys. */
const oldestServer = [1, 29, 0] as const;
/** The SDK writes what it downloads as it comes; a file that has not grown for this long will not be finished. */
const downloadStallMs = 30_000;

export interface TemporalBinary {
  path: string;
  /** Version of the server inside, which is what a database depends on. */
  serverVersion: string;
  source: 'PATH' | 'cache';
}

export interface BinaryOptions {
  say: (line: string) => void;
  /** Only a binary with exactly this server will do: an existing database was made by it. */
  serverVersion?: string;
  /** For tests. */
  cache?: string;
  env?: NodeJS.ProcessEnv;
}

/** A binary to use without getting anything: from the PATH or from the cache. null: none. */
export async function findTemporalBinary(options: BinaryOptions): Promise<TemporalBinary | null> {
  const cached = path.join(folderIn(options.cache ?? cacheFolder()), 'temporal');
  const env = options.env ?? process.env;
  const onPath = await inspect('temporal', 'PATH', env);
  if (onPath !== null && suits(onPath, options)) return onPath;
  const inCache = await inspect(cached, 'cache', env);
  return inCache !== null && suits(inCache, options) ? inCache : null;
}

/** Finds a binary or gets one into the cache folder. Throws a ServiceError that says what to install. */
export async function getTemporalBinary(options: BinaryOptions): Promise<TemporalBinary> {
  const found = await findTemporalBinary(options);
  if (found !== null) return found;
  const { serverVersion, say } = options;
  if (serverVersion !== undefined && serverVersion !== pinnedServer) {
    throw new ServiceError(`no Temporal server ${serverVersion} found on the PATH or in the cache`);
  }
  const cache = options.cache ?? cacheFolder();
  const target = folderIn(cache);
  const onWait = () => say('Another seedmill is getting the Temporal server; waiting for it.');
  return withLock({ target, onWait }, async () => {
    const meanwhile = await findTemporalBinary(options);
    if (meanwhile !== null) return meanwhile;
    await clearLeftovers(cache);
    const reasons: string[] = [];
    for (const step of [download, build]) {
      const folder = await mkdtemp(path.join(cache, `${leftoverPrefix}${process.pid}-`));
      try {
        const binary = await step(folder, { ...options, env: options.env ?? process.env });
        await chmod(binary, 0o755);
        if ((await inspect(binary, 'cache')) === null) throw new Error('the binary does not run here');
        await flush(binary);
        await mkdir(target, { recursive: true });
        await rename(binary, path.join(target, 'temporal'));
        const got = await findTemporalBinary(options);
        if (got !== null) return got;
      } catch (error) {
        reasons.push(messageOf(error));
        say(`  ${messageOf(error)}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    throw new ServiceError(
      [
        'No Temporal server could be found or made:',
        '  no `temporal` on the PATH with server 1.29 or newer',
        ...reasons.map((reason) => `  ${reason}`),
        'Do one of these: install the Temporal CLI (https://docs.temporal.io/cli), install Go 1.21 or newer,',
        'or set TEMPORAL_ADDRESS to a server that runs.',
      ].join('\n'),
    );
  });
}

type Step = (
  folder: string,
  options: { say: (line: string) => void; env: NodeJS.ProcessEnv },
) => Promise<string>;

const download: Step = async (folder, { say, env }) => {
  say(`Downloading the Temporal server ${pinnedVersion} through the SDK (about 100 MB, once) ...`);
  const script = fileURLToPath(new URL(`./download-temporal.${isCompiled ? 'js' : 'ts'}`, import.meta.url));
  const loader = isCompiled ? [] : ['--import', import.meta.resolve('tsx')];
  const child = execa(process.execPath, [...loader, script, folder, pinnedVersion], {
    reject: false,
    env,
    all: true,
  });
  const watch = new AbortController();
  const stalled = killWhenStalled(folder, () => child.kill('SIGKILL'), watch.signal);
  const result = await child;
  watch.abort();
  if (await stalled) throw new Error('download: no progress for 30 s');
  const file = (await readdir(folder)).find((name) => name.startsWith('temporal'));
  if (result.exitCode !== 0 || file === undefined) throw new Error(`download: ${lastLine(result.all)}`);
  return path.join(folder, file);
};

/** Resolves to true when it had to end the download, to false when the signal came first. */
async function killWhenStalled(folder: string, kill: () => void, signal: AbortSignal): Promise<boolean> {
  let size = 0;
  let grownAt = Date.now();
  while (!signal.aborted) {
    await sleep(500, undefined, { signal }).catch(() => {});
    const now = await sizeOf(folder);
    if (now > size) [size, grownAt] = [now, Date.now()];
    if (Date.now() - grownAt > downloadStallMs && !signal.aborted) {
      kill();
      return true;
    }
  }
  return false;
}

const build: Step = async (folder, { say, env }) => {
  const version = await execa('go', ['version'], { reject: false, env });
  if (version.exitCode !== 0) throw new Error('build: no `go` on the PATH');
  say(
    `Building the Temporal server ${pinnedVersion} with ${version.stdout.split(' ')[2]} from the Go module proxy:`,
  );
  say('  3 to 10 minutes, once; the result (213 MB) is kept in the cache folder.');
  const module = `github.com/temporalio/cli/cmd/temporal@v${pinnedVersion}`;
  const child = execa('go', ['install', '-ldflags', '-s -w', module], {
    env: { ...env, GOBIN: folder, CGO_ENABLED: '0' },
    reject: false,
    all: true,
  });
  // Should this process be killed, the next one must be able to end the compiler before it starts its own.
  if (child.pid !== undefined) {
    const startTime = await startTimeOf(child.pid);
    await writeFile(path.join(folder, 'builder.json'), JSON.stringify({ pid: child.pid, startTime }));
  }
  const started = Date.now();
  const minutes = setInterval(() => {
    say(`  still building, ${Math.round((Date.now() - started) / 60_000)} min`);
  }, 60_000);
  const result = await child.finally(() => clearInterval(minutes));
  if (result.exitCode !== 0) throw new Error(`build: go install failed: ${lastLine(result.all)}`);
  return path.join(folder, 'temporal');
};

const leftoverPrefix = 'temporal-getting-';

/** Only called under the lock: whatever lies there belongs to a killed process. */
async function clearLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(leftoverPrefix)) continue;
    const folder = path.join(cache, name);
    await endBuilder(path.join(folder, 'builder.json'));
    await rm(folder, { recursive: true, force: true });
  }
}

async function endBuilder(file: string): Promise<void> {
  let builder: { pid: number; startTime: string | null };
  try {
    builder = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return; // No compiler was started, or its note was never finished.
  }
  if (builder.startTime === null) return;
  let signalled = false;
  while ((await startTimeOf(builder.pid)) === builder.startTime) {
    if (!signalled) process.kill(builder.pid, 'SIGTERM');
    signalled = true;
    await sleep(200);
  }
}

function folderIn(cache: string): string {
  return path.join(cache, `temporal-${pinnedVersion}`);
}

/** null: it does not exist, does not run, or does not say its server's version. */
async function inspect(
  file: string,
  source: TemporalBinary['source'],
  env: NodeJS.ProcessEnv = process.env,
): Promise<TemporalBinary | null> {
  const { stdout, exitCode } = await execa(file, ['--version'], { reject: false, env, timeout: 20_000 });
  const [, serverVersion] = /Server (\d+\.\d+\.\d+)/.exec(String(stdout ?? '')) ?? [];
  return exitCode === 0 && serverVersion !== undefined ? { path: file, serverVersion, source } : null;
}

function suits(binary: TemporalBinary, { serverVersion }: BinaryOptions): boolean {
  if (serverVersion !== undefined) return binary.serverVersion === serverVersion;
  const parts = binary.serverVersion.split('.').map(Number);
  const difference = oldestServer.map((part, i) => (parts[i] ?? 0) - part).find((d) => d !== 0) ?? 0;
  return difference >= 0;
}

/** A power loss after the rename must not leave a name without content. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r');
  await handle.sync().finally(() => handle.close());
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    names.map((name) =>
      stat(path.join(folder, name)).then(
        (s) => s.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function lastLine(output: string | undefined): string {
  return (output ?? '').trim().split('\n').at(-1)?.slice(0, 300) || 'no output';
}
