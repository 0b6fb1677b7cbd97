/**
 * A real S3 service for tests: Versity's S3 gateway over a folder, built once from the Go module proxy into the user's
 * cache folder.
 */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { cacheFolder } from '../workers/folders.js';
import { withLock } from '../workers/lock.js';
import { testPort } from './global-setup.js';

const version = '1.8.0';
const bucket = 'seedmill-test';
const credentials = { AWS_ACCESS_KEY_ID: 'test-access', AWS_SECRET_ACCESS_KEY: 'test-secret-key' };

export interface S3TestServer {
  endpoint: string;
  /** An existing, empty bucket. */
  bucket: string;
  /** Settings by which any S3 client finds the server. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts a server on a free port of this machine. Building it takes 1 to 2 minutes the first time: allow for it. */
export async function startS3Server(): Promise<S3TestServer> {
  const binary = await getGateway();
  const folder = await mkdtemp(path.join(tmpdir(), 'seedmill-s3-'));
  const data = path.join(folder, 'data');
  await mkdir(path.join(data, bucket), { recursive: true });
  await mkdir(path.join(folder, 'meta'));
  const port = await testPort();
  const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = credentials;
  const gateway = execa(
    binary,
    [
      ...['--port', `127.0.0.1:${port}`, '--access', access, '--secret', secret, '--quiet'],
      // Metadata beside the data: not every file system has extended attributes.
      ...['posix', '--sidecar', path.join(folder, 'meta'), data],
    ],
    { reject: false, all: true, cleanup: true },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  let exit: string | undefined;
  gateway.then(({ all }) => {
    exit = all;
  });
  while (!(await fetch(endpoint).catch(() => undefined))) {
    if (exit !== undefined) throw new Error(`the S3 gateway ended: ${exit}`);
    await sleep(50);
  }
  return {
    endpoint,
    bucket,
    env: { ...credentials, AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1' },
    stop: async () => {
      gateway.kill('SIGKILL');
      await gateway;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Path of the gateway's binary, built unless the cache has it. */
async function getGateway(): Promise<string> {
  const target = path.join(cacheFolder(), `versitygw-${version}`);
  const binary = path.join(target, 'versitygw');
  const isThere = () => stat(binary).then(Boolean, () => false);
  if (await isThere()) return binary;
  const onWait = () => console.log('  another process is building the S3 server for tests; waiting for it');
  return await withLock({ target, onWait }, async () => {
    if (await isThere()) return binary;
    console.log(
      `  building an S3 server (versitygw ${version}) from the Go module proxy, to test s3:// stores on a real one: 1 to 2 minutes, once`,
    );
    const folder = await mkdtemp(path.join(cacheFolder(), 'versitygw-getting-'));
    try {
      await execa(
        'go',
        ['install', '-ldflags', '-s -w', `github.com/versity/versitygw/cmd/versitygw@v${version}`],
        {
          env: { GOBIN: folder, CGO_ENABLED: '0' },
        },
      );
      await mkdir(target, { recursive: true });
      // Last, so that no half-built binary is ever found.
      await rename(path.join(folder, 'versitygw'), binary);
      return binary;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
