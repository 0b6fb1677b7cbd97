import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../../store/errors.js';
import { openS3Store } from '../../store/s3-store.js';
import { type S3TestServer, startS3Server } from '../s3-server.js';
import { describeStore } from './store-behaviour.js';

describe('S3 store', function () {
  // Building the server takes minutes on a machine that never had it.
  this.timeout(600_000);
  const environment = { ...process.env };
  let server: S3TestServer;
  let prefix = 0;

  before(async () => {
    server = await startS3Server();
  });
  beforeEach(() => {
    prefix += 1;
    Object.assign(process.env, server.env);
  });
  afterEach(() => {
    for (const name of Object.keys(server.env)) delete process.env[name];
    Object.assign(process.env, environment);
  });
  after(async () => {
    await server?.stop();
  });

  describeStore(() => openS3Store({ bucket: server.bucket, prefix: `store-${prefix}` }));

  it('lists more names than one page holds', async () => {
    const store = await openS3Store({ bucket: server.bucket, prefix: `store-${prefix}` });
    const names = Array.from({ length: 1005 }, (_, i) => `many/${String(i).padStart(4, '0')}`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(names.slice(at, at + 50).map((name) => store.write(name, '')));
    }
    assert.deepEqual(await store.list('many'), names);
  });

  it('shows nothing of its probe', async () => {
    const store = await openS3Store({ bucket: server.bucket, prefix: `store-${prefix}` });
    assert.deepEqual(await store.list(''), []);
  });

  it('names the bucket that does not exist', async () => {
    await assert.rejects(openS3Store({ bucket: 'no-such-bucket', prefix: '' }), {
      name: 'UserError',
      message: /no bucket no-such-bucket/,
    });
  });

  it('says that access is denied with a wrong key', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'another-secret-key';
    await assert.rejects(openS3Store({ bucket: server.bucket, prefix: '' }), {
      name: 'UserError',
      message: /access denied/,
    });
  });

  it('says that a service which is not there cannot be reached', async () => {
    process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
    await assert.rejects(openS3Store({ bucket: server.bucket, prefix: '' }), {
      name: 'UserError',
      message: /cannot be reached/,
    });
  });

  it('refuses a service that ignores If-None-Match', async () => {
    const careless = createServer((request, response) => request.resume().on('end', () => response.end()));
    await new Promise<void>((resolve) => careless.listen(0, '127.0.0.1', resolve));
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(careless.address() as AddressInfo).port}`;
    try {
      await assert.rejects(openS3Store({ bucket: 'any', prefix: '' }), (error: Error) => {
        return error instanceof UserError && /ignores If-None-Match/.test(error.message);
      });
    } finally {
      careless.closeAllConnections();
      careless.close();
    }
  });
});
