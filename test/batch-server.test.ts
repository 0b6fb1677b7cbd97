import assert from 'node:assert/strict';
import OpenAI, { toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';
import { BatchServer, type BatchServerOptions } from './batch-server.js';
import { OpenAiServer } from './openai-server.js';

const endpoint = '/v1/completions' as const;

function line(custom_id: string, more: object = {}): string {
  const body = { model: 'm', prompt: `Say ${custom_id}.`, max_tokens: 64 };
  return JSON.stringify({ custom_id, method: 'POST', url: endpoint, body, ...more });
}

describe('local Files and Batches endpoints', () => {
  let batches: BatchServer;
  let server: OpenAiServer;
  let openai: OpenAI;

  async function start(options: BatchServerOptions = {}): Promise<void> {
    batches = new BatchServer({ script: ({ prompt }) => ({ text: `${prompt} Said.` }), ...options });
    server = await OpenAiServer.start({ also: batches.answer });
    openai = new OpenAI({ baseURL: server.baseUrl, apiKey: 'none', maxRetries: 0, logLevel: 'off' });
  }
  const upload = async (lines: string[]) =>
    await openai.files.create({
      file: await toFile(Buffer.from(`${lines.join('\n')}\n`), 'in.jsonl'),
      purpose: 'batch',
    });
  const create = async (lines: string[], metadata: Record<string, string> | null = null): Promise<Batch> => {
    const { id } = await upload(lines);
    return await openai.batches.create({
      input_file_id: id,
      endpoint,
      completion_window: '24h',
      metadata,
    });
  };
  const isOpen = ({ status }: Batch) => /^(validating|in_progress|finalizing|cancelling)$/.test(status);
  const ended = async ({ id }: Batch): Promise<Batch> => {
    for (;;) {
      const batch = await openai.batches.retrieve(id);
      if (!isOpen(batch)) return batch;
    }
  };
  const linesOf = async (fileId: string | null | undefined) => {
    assert.ok(fileId);
    const text = await (await openai.files.content(fileId)).text();
    return text
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row));
  };
  const three = ['a', 'b', 'c'].map((id) => line(id));

  afterEach(async () => {
    await server.stop();
  });

  it('goes through the steps of a batch, one at each look', async () => {
    await start();
    const batch = await create(three);
    const seen = [batch.status];
    for (let look = 0; look < 5; look += 1) seen.push((await openai.batches.retrieve(batch.id)).status);
    assert.deepEqual(seen, [
      'validating',
      'in_progress',
      'in_progress',
      'finalizing',
      'completed',
      'completed',
    ]);
  });

  it('answers every request under its custom_id, in another order than the file’s', async () => {
    await start();
    const { output_file_id, error_file_id, request_counts } = await ended(await create(three));
    const rows = await linesOf(output_file_id);
    const texts = rows.map(({ custom_id, response }) => [custom_id, response.body.choices[0].text]);
    assert.notDeepEqual(
      texts.map(([id]) => id),
      ['a', 'b', 'c'],
    );
    assert.deepEqual(Object.fromEntries(texts), {
      a: 'Say a. Said.',
      b: 'Say b. Said.',
      c: 'Say c. Said.',
    });
    assert.deepEqual(rows.map(({ response, error }) => [response.status_code, error])[0], [200, null]);
    assert.deepEqual([error_file_id, request_counts], [null, { total: 3, completed: 3, failed: 0 }]);
  });

  it('bills what it answers, and says so in its usage', async () => {
    await start({
      lineFault: (_request, { customId }) => (customId === 'b' ? { status: 500 } : undefined),
    });
    const { usage } = await ended(await create(three));
    assert.deepEqual(batches.done.map(({ customId, status }) => [customId, status]).sort(), [
      ['a', 200],
      ['b', 500],
      ['c', 200],
    ]);
    assert.equal(usage?.output_tokens, batches.billed.completionTokens);
    assert.ok(batches.billed.completionTokens > 0);
  });

  it('puts refused requests into the error file', async () => {
    await start({ lineFault: () => ({ status: 400 }) });
    const { output_file_id, error_file_id } = await ended(await create([line('a')]));
    const [row] = await linesOf(error_file_id);
    assert.equal(output_file_id, null);
    assert.deepEqual(
      [row.response.status_code, row.response.body.error.message, row.error],
      [400, 'scripted 400', null],
    );
  });

  it('keeps the finished part of a batch that expires', async () => {
    await start({ expireAfter: () => 2 });
    const batch = await ended(await create(three));
    assert.equal(batch.status, 'expired');
    assert.equal((await linesOf(batch.output_file_id)).length, 2);
    const [row] = await linesOf(batch.error_file_id);
    assert.deepEqual([row.response, row.error.code], [null, 'batch_expired']);
  });

  it('keeps the finished part of a batch that is cancelled', async () => {
    await start({ pace: () => 'hand', steps: 3 });
    const batch = await create(three);
    for (let step = 0; step < 2; step += 1) batches.step(batch.id);
    assert.equal((await openai.batches.cancel(batch.id)).status, 'cancelling');
    batches.step(batch.id);
    const { status, output_file_id, error_file_id } = await openai.batches.retrieve(batch.id);
    assert.equal(status, 'cancelled');
    assert.equal((await linesOf(output_file_id)).length, 1);
    assert.deepEqual(
      (await linesOf(error_file_id)).map(({ error }) => error.code),
      ['batch_cancelled', 'batch_cancelled'],
    );
  });

  it('refuses to cancel what has ended', async () => {
    await start();
    const { id } = await ended(await create(three));
    await assert.rejects(openai.batches.cancel(id), { status: 409 });
  });

  const bad: [string, string[], string, number | null][] = [
    ['a line that is no JSON', [line('a'), '{"custom'], 'invalid_json_line', 2],
    ['the same custom_id twice', [line('a'), line('a')], 'duplicate_custom_id', 2],
    ['another endpoint', [line('a', { url: '/v1/chat/completions' })], 'url_mismatch', 1],
    ['two models', [line('a'), line('b', { body: { model: 'n', prompt: '' } })], 'mismatched_model', 2],
    ['no custom_id', ['{"method":"POST"}'], 'missing_required_parameter', 1],
    ['too many requests', ['a', 'b', 'c', 'd'].map((id) => line(id)), 'too_many_tasks', null],
    ['too many bytes', [line('a', { note: 'x'.repeat(2000) })], 'file_too_large', null],
    ['more tokens than may be queued', [line('a'), line('b')], 'token_limit_exceeded', null],
  ];
  for (const [what, lines, code, at] of bad) {
    it(`fails a file with ${what}`, async () => {
      await start({ limits: { requests: 3, bytes: 1000, enqueuedTokens: () => 3 } });
      const { status, errors, output_file_id } = await ended(await create(lines));
      assert.deepEqual([status, output_file_id], ['failed', null]);
      assert.deepEqual([errors?.data?.[0]?.code, errors?.data?.[0]?.line], [code, at]);
    });
  }

  it('counts the tokens of open batches against the limit', async () => {
    await start({ limits: { enqueuedTokens: () => 3 }, pace: () => 'hand' });
    const first = await create([line('a')]);
    const second = await create([line('b')]);
    batches.step(first.id);
    batches.step(second.id);
    assert.deepEqual(
      batches.batches.map(({ status }) => status),
      ['in_progress', 'failed'],
    );
    for (let step = 0; step < 4; step += 1) batches.step(first.id);
    const third = await create([line('b')]);
    batches.step(third.id);
    assert.equal((await openai.batches.retrieve(third.id)).status, 'in_progress');
  });

  it('lists batches newest first, page by page', async () => {
    await start();
    for (const id of ['a', 'b', 'c']) await create([line(id)], { id });
    const page = await openai.batches.list({ limit: 2 });
    assert.deepEqual([page.data.map(({ metadata }) => metadata?.id), page.has_more], [['c', 'b'], true]);
    const all = [];
    for await (const { metadata } of openai.batches.list({ limit: 1 })) all.push(metadata?.id);
    assert.deepEqual(all, ['c', 'b', 'a']);
  });

  const refused: [string, () => Promise<unknown>, RegExp][] = [
    ['an unknown input file', () => openai.batches.create(wanted('file-0')), /No batch input file/],
    [
      'another completion window',
      async () =>
        openai.batches.create({ ...wanted((await upload(three)).id), completion_window: '1h' as '24h' }),
      /Supported values are: '24h'/,
    ],
    [
      'metadata that is too long',
      async () =>
        openai.batches.create({ ...wanted((await upload(three)).id), metadata: { a: 'x'.repeat(513) } }),
      /metadata/,
    ],
    [
      'an upload for another purpose',
      async () =>
        openai.files.create({ file: await toFile(Buffer.from('x'), 'in.jsonl'), purpose: 'vision' }),
      /is not one of/,
    ],
  ];
  const wanted = (input_file_id: string) => ({ input_file_id, endpoint, completion_window: '24h' as const });
  for (const [what, attempt, message] of refused) {
    it(`refuses ${what}`, async () => {
      await start();
      await assert.rejects(attempt(), (error: Error & { status?: number }) => {
        assert.equal(error.status, 400);
        return message.test(error.message);
      });
    });
  }

  it('gives back and deletes files', async () => {
    await start();
    const { id, bytes } = await upload(three);
    assert.equal((await openai.files.retrieve(id)).bytes, bytes);
    assert.equal(await (await openai.files.content(id)).text(), `${three.join('\n')}\n`);
    assert.equal((await openai.files.delete(id)).deleted, true);
    await assert.rejects(openai.files.retrieve(id), { status: 404 });
  });

  it('can do what it was asked and break off before it says so', async () => {
    await start({
      callFault: ({ route, index }) =>
        route === 'batches.create' && index === 0 ? { when: 'after', how: 'reset' } : undefined,
    });
    await assert.rejects(create(three));
    assert.equal(batches.batches.length, 1);
  });

  it('can refuse before it does anything', async () => {
    await start({ callFault: () => ({ when: 'before', how: { status: 503 } }) });
    await assert.rejects(create(three), { status: 503 });
    assert.equal(batches.batches.length, 0);
  });
});
