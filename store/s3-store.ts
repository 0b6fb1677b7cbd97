import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { UserError } from './errors.js';
import { LogQueue } from './log-queue.js';
import { checkFolder, checkFolderToRemove, checkName, LEFTOVER_AGE_MS } from './names.js';
import type { Append, Store, StoredFile } from './types.js';

/** Attempts at one creation while the service reports another one of the same name under way. */
const CONFLICT_ATTEMPTS = 5;

const DELETIONS_AT_ONCE = 16;

interface S3Object {
  /** With the store's prefix. */
  key: string;
  bytes: number;
  writtenMs: number;
}

export interface S3Place {
  bucket: string;
  /** Without slashes at its ends; '' for the whole bucket. */
  prefix: string;
}

/**
 * Opens a prefix of a bucket of any S3-compatible service. Endpoint, region and credentials come from the usual AWS
 * settings (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, profiles …).
 * Throws `UserError` when the bucket cannot be used, or the service ignores `If-None-Match`.
 */
export async function openS3Store(place: S3Place): Promise<S3Store> {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL;
  const client = new S3Client({
    // Other services than Amazon's rarely give each bucket a host name of its own, and mostly ignore the region.
    ...(endpoint && { forcePathStyle: true }),
    ...(endpoint && !process.env.AWS_REGION && !process.env.AWS_DEFAULT_REGION && { region: 'us-east-1' }),
    // The newer checksums are unknown to many services.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const store = new S3Store(client, place);
  await store.probe();
  return store;
}

/** A store below a prefix of a bucket. */
export class S3Store implements Store {
  readonly url: string;
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly prefix: string;
  private readonly logs = new LogQueue((key, lines) => this.flush(key, lines));
  /** Last segment of each log that this process has written. */
  private readonly segments = new Map<string, number>();

  constructor(client: S3Client, { bucket, prefix }: S3Place) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix === '' ? '' : `${prefix}/`;
    this.url = `s3://${bucket}/${prefix}`.replace(/\/$/, '');
  }

  /** Throws `UserError` when the bucket cannot be used, or the service lets a second writer replace the first. */
  async probe(): Promise<void> {
    // Names of a store never begin with a dot, so this one is nobody's.
    const key = `${this.prefix}.probe/${randomUUID()}`;
    try {
      await this.put(key, 'first', { onlyIfNew: true });
      const replaced = await this.put(key, 'second', { onlyIfNew: true });
      await this.deleteKey(key);
      if (!replaced) return;
    } catch (error) {
      throw this.explained(error);
    }
    throw new UserError(
      `the service behind ${this.url} ignores If-None-Match, so two workers could each pay for one answer: use a service that has conditional writes, or a store in a folder`,
    );
  }

  async read(name: string): Promise<Buffer | undefined> {
    const key = this.keyOf(name);
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return Body ? Buffer.from(await Body.transformToByteArray()) : Buffer.alloc(0);
    } catch (error) {
      if (statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket') return undefined;
      throw this.explained(error);
    }
  }

  async write(name: string, bytes: Uint8Array | string): Promise<void> {
    const key = this.keyOf(name);
    try {
      await this.put(key, bytes, { onlyIfNew: false });
    } catch (error) {
      throw this.explained(error);
    }
  }

  async create(name: string, bytes: Uint8Array | string): Promise<boolean> {
    const key = this.keyOf(name);
    try {
      return await this.put(key, bytes, { onlyIfNew: true });
    } catch (error) {
      throw this.explained(error);
    }
  }

  async list(prefix: string): Promise<string[]> {
    return (await this.sizes(prefix)).map(({ name }) => name);
  }

  async sizes(prefix: string): Promise<StoredFile[]> {
    const objects = await this.objects(this.prefix + (checkFolder(prefix) === '' ? '' : `${prefix}/`));
    return objects
      .map(({ key, bytes }) => ({ name: key.slice(this.prefix.length), bytes }))
      .filter(({ name }) => !/(^|\/)\.|\/$/.test(name))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  async removeFolder(prefix: string): Promise<void> {
    await this.deleteAll(await this.objects(`${this.prefix}${checkFolderToRemove(prefix)}/`));
  }

  /** Of its probe: objects appear whole or not at all. */
  async leftovers({ remove }: { remove: boolean }): Promise<{ files: number; bytes: number }> {
    const oldest = Date.now() - LEFTOVER_AGE_MS;
    const probes = await this.objects(`${this.prefix}.probe/`);
    const old = probes.filter(({ writtenMs }) => writtenMs < oldest);
    if (remove) await this.deleteAll(old);
    return { files: old.length, bytes: old.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  private async objects(start: string): Promise<S3Object[]> {
    const objects: S3Object[] = [];
    let token: string | undefined;
    try {
      do {
        const page = await this.client.send(
          new ListObjectsV2Command({ Bucket: this.bucket, Prefix: start, ContinuationToken: token }),
        );
        for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
          if (Key) objects.push({ key: Key, bytes: Size, writtenMs: LastModified?.getTime() ?? Date.now() });
        }
        token = page.NextContinuationToken;
      } while (token);
    } catch (error) {
      throw this.explained(error);
    }
    return objects;
  }

  /** One by one: not every service takes a thousand at once. */
  private async deleteAll(objects: readonly S3Object[]): Promise<void> {
    const waiting = [...objects];
    const lane = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await this.deleteKey(next.key);
    };
    try {
      await Promise.all(Array.from({ length: DELETIONS_AT_ONCE }, lane));
    } catch (error) {
      throw this.explained(error);
    }
  }

  async remove(name: string): Promise<void> {
    const key = this.keyOf(name);
    try {
      await this.deleteKey(key);
    } catch (error) {
      throw this.explained(error);
    }
  }

  async append({ name, writer, lines, mayWait = false }: Append): Promise<void> {
    if (lines.length === 0) return;
    await this.logs.append(checkName(`${name}/${writer}`), lines, { mayWait });
  }

  async readLog(name: string): Promise<string[]> {
    await this.logs.flushed(`${name}/`);
    const segments = await this.readSegments(name);
    return segments.flatMap(({ lines }) => lines);
  }

  /** Segments never change, so those of which every line was seen can go, whoever writes more meanwhile. */
  async removeLog(options: { name: string; seen: readonly string[]; writer: string }): Promise<void> {
    const { name, writer } = options;
    const seen = new Set(options.seen);
    for (const { segment, lines } of await this.readSegments(name)) {
      const rest = lines.filter((line) => !seen.has(line));
      if (rest.length === lines.length) continue;
      if (rest.length > 0) await this.append({ name, writer, lines: rest });
      await this.remove(segment);
    }
  }

  private async readSegments(name: string): Promise<{ segment: string; lines: string[] }[]> {
    const segments = await this.list(name);
    const texts = await Promise.all(segments.map((segment) => this.read(segment)));
    return segments.map((segment, index) => ({
      segment,
      lines: (texts[index]?.toString('utf8') ?? '').split('\n').slice(0, -1),
    }));
  }

  /** An object cannot grow, so each flush becomes a new one, numbered per writer. */
  private async flush(key: string, lines: string[]): Promise<void> {
    const text = lines.map((line) => `${line}\n`).join('');
    while (true) {
      const number = (this.segments.get(key) ?? 0) + 1;
      this.segments.set(key, number);
      if (await this.create(`${key}-${String(number).padStart(8, '0')}.jsonl`, text)) return;
    }
  }

  /** False when `onlyIfNew` and the key is taken. */
  private async put(
    key: string,
    bytes: Uint8Array | string,
    { onlyIfNew }: { onlyIfNew: boolean },
  ): Promise<boolean> {
    const body = Buffer.from(bytes);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.client.send(
          new PutObjectCommand({
            Bucket: this.bucket,
            Key: key,
            Body: body,
            ContentLength: body.length,
            ...(onlyIfNew && { IfNoneMatch: '*' }),
          }),
        );
        return true;
      } catch (error) {
        const status = statusOf(error);
        // 409: two creations at the same time, and this one is to be tried again.
        if (onlyIfNew && status === 409 && attempt < CONFLICT_ATTEMPTS) continue;
        if (!onlyIfNew || status !== 412) throw error;
        return await this.isOurs(error as S3ServiceException, key, body);
      }
    }
  }

  /** The SDK tries again when a response is lost; the first try may have been the one that made the object. */
  private async isOurs(error: S3ServiceException, key: string, bytes: Buffer): Promise<boolean> {
    if ((error.$metadata.attempts ?? 1) < 2) return false;
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
    const there = Body ? Buffer.from(await Body.transformToByteArray()) : Buffer.alloc(0);
    return there.equals(bytes);
  }

  private async deleteKey(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
  }

  private keyOf(name: string): string {
    return this.prefix + checkName(name);
  }

  /** What only a person can end becomes a `UserError`; the SDK has tried the rest three times already. */
  private explained(error: unknown): unknown {
    const { name, message } = error as Error;
    const status = statusOf(error);
    const say = (what: string) => new UserError(`${this.url}: ${what} (${message})`, { cause: error });
    if (name === 'NoSuchBucket')
      return say(`there is no bucket ${this.bucket}: make it, or give another store`);
    if (name === 'CredentialsProviderError') {
      return say('no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile');
    }
    if (/region is missing/i.test(message)) return say('no region: set AWS_REGION');
    if (status === 401 || status === 403) return say('access denied: check the credentials and their rights');
    if (status === 507) return say('the service has no space left');
    if (status === undefined && isNetworkError(error))
      return say('the service cannot be reached: check AWS_ENDPOINT_URL');
    return error;
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function isNetworkError(error: unknown): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ECONNRESET|ETIMEDOUT|EHOSTUNREACH)$/.test(
    (error as NodeJS.ErrnoException).code ?? '',
  );
}
