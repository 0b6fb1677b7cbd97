import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import {
  type BatchCaller,
  batchEndpoint,
  cancelBatch,
  createBatch,
  findBatches,
  type ProviderBatch,
  retrieveBatch,
  uploadBatchFile,
} from '../../activities/teacher-client/batch-client.js';
import { type BatchLine, batchLines } from '../../activities/teacher-client/batch-lines.js';
import { createTeacherClient } from '../../activities/teacher-client/client.js';
import { type BatchRoute, BatchServer, type BatchServerOptions, type CallFault } from '../batch-server.js';
import { OpenAiServer } from '../openai-server.js';

const now = () => Math.floor(Date.now() / 1000);

describe('batch client', () => {
  let batches: BatchServer;
  let server: OpenAiServer;
  let caller: BatchCaller;

  async function start(options: BatchServerOptions = {}): Promise<void> {
    batches = new BatchServer({ script: ({ prompt }) => ({ text: `${prompt} Said.` }), ...options });
    server = await OpenAiServer.start({ also: batches.answer });
    const client = createTeacherClient({ baseUrl: server.baseUrl, apiKeyEnv: null, timeoutMs: 5000 });
    caller = { client, attempt: 1, signal: new AbortController().signal };
  }
  afterEach(async () => {
    await server.stop();
  });

  const upload = async (ids: string[]) => {
    const lines = ids.map((custom_id) =>
      JSON.stringify({
        custom_id,
        method: 'POST',
        url: batchEndpoint('completion'),
        body: { model: 'm', prompt: `Say ${custom_id}.` },
      }),
    );
    return await uploadBatchFile(caller, { name: 'in.jsonl', bytes: Buffer.from(`${lines.join('\n')}\n`) });
  };
  const create = async (ids: string[], metadata: Record<string, string> = {}) =>
    await createBatch(caller, { fileId: await upload(ids), form: 'completion', metadata });
  const ended = async ({ id }: { id: string }): Promise<ProviderBatch> => {
    for (;;) {
      const batch = await retrieveBatch(caller, id);
      if (batch.hasEnded) return batch;
    }
  };
  const read = async (fileId: string | null): Promise<BatchLine[]> => {
    const lines: BatchLine[] = [];
    for await (const line of batchLines(caller, fileId ?? '')) lines.push(line);
    return lines;
  };
  const textOf = (line: BatchLine) =>
    line.kind === 'response' && (line.body as { choices: { text: string }[] }).choices[0]?.text;

  it('sends requests and reads their answers', async () => {
    await start();
    const batch = await ended(await create(['a', 'b']));
    const lines = await read(batch.outputFileId);
    assert.deepEqual([batch.status, batch.counts], ['completed', { total: 2, completed: 2, failed: 0 }]);
    assert.deepEqual(lines.map(textOf).sort(), ['Say a. Said.', 'Say b. Said.']);
  });

  it('tells what the provider refused from what it never did', async () => {
    await start({
      expireAfter: () => 1,
      lineFault: () => ({ status: 429, body: { error: { message: 'slow down' } } }),
    });
    const { errorFileId, outputFileId } = await ended(await create(['a', 'b']));
    assert.equal(outputFileId, null);
    const lines = await read(errorFileId);
    assert.deepEqual(
      lines.map((line) => (line.kind === 'response' ? line.status : line.kind === 'error' && line.code)),
      [429, 'batch_expired'],
    );
  });

  it('reads on after a line that is nothing', async () => {
    const faults: Record<string, string> = { a: '{"custom_id', b: '{"custom_id":"b"}' };
    await start({ lineFault: (_request, { customId }) => ({ line: faults[customId] ?? '' }) });
    const { outputFileId } = await ended(await create(['a', 'b']));
    assert.deepEqual((await read(outputFileId)).map(({ kind }) => kind).sort(), ['unreadable', 'unreadable']);
  });

  it('does not keep an answer that is far too long', async () => {
    await start({
      script: ({ prompt }) => ({
        text: prompt.includes(' a') ? 'x'.repeat(9_000_000) : 'short',
        usage: null,
      }),
    });
    const batch = await ended(await createWithoutLimit(['a', 'b']));
    const lines = await read(batch.outputFileId);
    const kinds = lines.map((line) => ('customId' in line ? [line.customId, line.kind] : [line.kind]));
    assert.deepEqual(kinds.sort(), [
      ['a', 'too-large'],
      ['b', 'response'],
    ]);
  });
  const createWithoutLimit = async (ids: string[]) => {
    const lines = ids.map((custom_id) => {
      const body = { model: 'm', prompt: `Say ${custom_id}.`, max_tokens: 10_000_000 };
      return JSON.stringify({ custom_id, method: 'POST', url: '/v1/completions', body });
    });
    const fileId = await uploadBatchFile(caller, { name: 'in.jsonl', bytes: Buffer.from(lines.join('\n')) });
    return await createBatch(caller, { fileId, form: 'completion', metadata: {} });
  };

  it('says why the provider refused the whole file', async () => {
    await start({ limits: { enqueuedTokens: () => 1 } });
    const { status, problems } = await ended(await create(['a']));
    assert.equal(status, 'failed');
    assert.equal(problems[0]?.code, 'token_limit_exceeded');
    assert.match(problems[0]?.message ?? '', /Enqueued token limit reached/);
  });

  it('finds a batch by its metadata, on whatever page it is', async () => {
    await start();
    const first = await create(['a'], { file: 'one', other: 'x' });
    for (let n = 0; n < 101; n += 1) await create([`b${n}`], { file: 'another' });
    const find = (file: string) => findBatches(caller, { metadata: { file }, since: now() });
    assert.deepEqual(
      (await find('one')).map(({ id }) => id),
      [first.id],
    );
    assert.deepEqual(await find('none'), []);
  });

  it('finds the older one first when there are two', async () => {
    await start();
    const ids = [];
    for (let n = 0; n < 2; n += 1) ids.push((await create(['a'], { file: 'one' })).id);
    const found = await findBatches(caller, { metadata: { file: 'one' }, since: now() });
    assert.deepEqual(
      found.map(({ id }) => id),
      ids,
    );
  });

  it('does not look through the account’s whole past', async () => {
    await start();
    for (let n = 0; n < 101; n += 1) await create([`a${n}`]);
    const since = now() + 200_000;
    assert.deepEqual(await findBatches(caller, { metadata: { file: 'x' }, since }), []);
    assert.equal(batches.count('batches.list'), 1);
  });

  it('finds what was created when the answer was lost', async () => {
    await start({ callFault: tooLate('batches.create', 'reset') });
    await assert.rejects(create(['a'], { file: 'one' }), {
      type: 'ProviderUnavailable',
      nonRetryable: false,
    });
    assert.equal((await findBatches(caller, { metadata: { file: 'one' }, since: now() })).length, 1);
  });

  it('cancels a batch once, and leaves one that has ended as it is', async () => {
    await start({ pace: () => 'hand' });
    const { id } = await create(['a']);
    const statuses = [];
    for (let n = 0; n < 2; n += 1) statuses.push((await cancelBatch(caller, id)).status);
    batches.step(id);
    statuses.push((await cancelBatch(caller, id)).status);
    assert.deepEqual(statuses, ['cancelling', 'cancelling', 'cancelled']);
    assert.equal(batches.count('batches.cancel'), 1);
  });

  const failures: [string, CallFault['how'], string, boolean][] = [
    ['503', { status: 503 }, 'ProviderUnavailable', false],
    ['429', { status: 429 }, 'RateLimited', false],
    ['401', { status: 401 }, 'ProviderAccess', true],
    ['400', { status: 400 }, 'InvalidRequest', true],
    ['a page of a gateway', { status: 200, body: '<html>' }, 'ProviderUnavailable', false],
    ['JSON that is no batch', { status: 200, body: {} }, 'ProviderUnavailable', false],
    ['a reset', 'reset', 'ProviderUnavailable', false],
  ];
  for (const [what, how, type, nonRetryable] of failures) {
    it(`maps ${what}, and says what it was doing`, async () => {
      await start({ callFault: () => ({ when: 'before', how }) });
      await assert.rejects(retrieveBatch(caller, 'batch_1'), (error: ApplicationFailure) => {
        assert.deepEqual([error.type, error.nonRetryable], [type, nonRetryable]);
        return /looking at the batch/.test(error.message);
      });
    });
  }

  it('maps a break in the middle of the answers', async () => {
    await start({ callFault: tooLate('files.content', 'half') });
    const { outputFileId } = await ended(await create(['a']));
    await assert.rejects(read(outputFileId), { type: 'ProviderUnavailable', nonRetryable: false });
  });

  it('gives up when it is told to', async () => {
    await start({ callFault: () => ({ when: 'before', how: 'silence' }) });
    const abort = new AbortController();
    const looking = retrieveBatch({ ...caller, signal: abort.signal }, 'batch_1');
    abort.abort(new CancelledFailure('called off'));
    await assert.rejects(looking, (error: Error) => error instanceof CancelledFailure);
  });

  it('gives up after the recipe’s time', async () => {
    await start({ callFault: () => ({ when: 'before', how: 'silence' }) });
    const client = createTeacherClient({ baseUrl: server.baseUrl, apiKeyEnv: null, timeoutMs: 50 });
    await assert.rejects(retrieveBatch({ ...caller, client }, 'batch_1'), /no answer from .* within 0.05 s/);
  });

  it('does not pass keys on', async () => {
    await start({
      callFault: () => ({
        when: 'before',
        how: {
          status: 401,
          body: { error: { message: 'bad key: sk-abcdefghijk', code: 'invalid_api_key' } },
        },
      }),
    });
    await assert.rejects(retrieveBatch(caller, 'batch_1'), (error: Error) => {
      assert.ok(error instanceof ApplicationFailure);
      return !error.message.includes('abcdefghijk') && /bad key/.test(error.message);
    });
  });
});

function tooLate(route: BatchRoute, how: CallFault['how']): NonNullable<BatchServerOptions['callFault']> {
  return (call) => (call.route === route ? { when: 'after', how } : undefined);
}
