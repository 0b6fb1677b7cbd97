import assert from 'node:assert/strict';
import { askTeacher } from '../../activities/ask-teacher.js';
import { highestSpend } from '../../activities/highest-spend.js';
import { highestTokens } from '../../activities/teacher-client/request-body.js';
import type { SettledTeacher } from '../../activities/teachers.js';
import { decodeVectors, embeddingPrompt } from '../../methods/embedding.js';
import { errorBody } from '../openai-server.js';
import { spellingVector } from '../scripted-vectors.js';
import { asking } from './asking.js';
import { endpoint } from './endpoint.js';

const texts = ['time_management', 'poetry', 'managing_time'];
const { body, sampling } = embeddingPrompt(texts);
const usage = { prompt_tokens: 9, total_tokens: 9 };
const listOf = (vectors: unknown[]) =>
  vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }));

describe('sending texts for their vectors', () => {
  const at = endpoint();
  const answerOf = async (fault?: object, options = {}) => {
    await at.start(fault && { fault: () => ({ body: fault }) });
    const sent = await at.send({ body, sampling, ...options });
    return sent.kind === 'answer' ? sent.answer : assert.fail(JSON.stringify(sent));
  };

  it('sends them to the embeddings endpoint and asks for base64', async () => {
    const server = await at.start();
    await at.send({ body, sampling, clientRequestId: 'id-42' });
    const [request] = server.requests;
    assert.deepEqual(
      [request?.path, request?.body, request?.clientRequestId],
      ['/v1/embeddings', { model: 'm', input: texts, encoding_format: 'base64' }, 'id-42'],
    );
  });

  it('returns one vector for each, and what they cost', async () => {
    const { text, ...answer } = await answerOf();
    assert.deepEqual(
      decodeVectors(text),
      texts.map((one) => Float32Array.from(spellingVector(one))),
    );
    assert.deepEqual(answer, {
      kind: 'text',
      finishReason: null,
      usage: { promptTokens: 10, cachedPromptTokens: 0, completionTokens: 0 },
      model: 'm',
      requestId: 'req-0',
    });
  });

  it('reads numbers that are written out, in the order of their index', async () => {
    const data = listOf([
      [1, 0.5],
      [2, -0.5],
      [3, 0],
    ]).reverse();
    const { text } = await answerOf({ object: 'list', data, usage });
    assert.deepEqual(decodeVectors(text), [
      Float32Array.of(1, 0.5),
      Float32Array.of(2, -0.5),
      Float32Array.of(3, 0),
    ]);
  });

  it('takes the place where there is no index', async () => {
    const { text } = await answerOf({ data: [[1], [2], [3]].map((embedding) => ({ embedding })) });
    assert.deepEqual(
      decodeVectors(text),
      [1, 2, 3].map((value) => Float32Array.of(value)),
    );
  });

  it('takes a missing usage as unknown, not as 0', async () => {
    assert.equal((await answerOf({ data: listOf([[1], [2], [3]]) })).usage, null);
  });

  for (const [what, data, why] of [
    ['fewer than texts', listOf([[1], [2]]), '2 vectors for 3 texts'],
    ['more than texts', listOf([[1], [2], [3], [4]]), '4 vectors for 3 texts'],
    ['none', [], '0 vectors for 3 texts'],
    ['two of one index', [1, 2, 2].map((index) => ({ index, embedding: [1] })), 'no vector has the index 0'],
    ['two lengths', listOf([[1], [2, 3], [4]]), 'vector 1 has 2 numbers, the first one has 1'],
    ['no numbers', listOf([[], [], []]), 'vector 0 has no numbers'],
    ['words', listOf([['a'], ['b'], ['c']]), 'item 0 has no list of numbers'],
    ['nothing in them', listOf([null, null, null]), 'item 0 has no list of numbers'],
    // What llama.cpp and Ollama make of NaN.
    ['null', listOf([[1], [null], [2]]), 'item 1 has no list of numbers'],
    ['a number above float32', listOf([[1], [1e300], [2]]), 'number 0 of vector 1 is Infinity'],
    [
      'half a number',
      listOf(['AACAPwA=', 'AACAPw==', 'AACAPw==']),
      'item 0 has 5 bytes, which are no float32',
    ],
    ['NaN in base64', listOf(['AACAPw==', 'AADAfw==', 'AACAPw==']), 'number 0 of vector 1 is NaN'],
    ['items that are none', [1, 2, 3], 'item 0 is no object'],
  ] as const) {
    it(`is answered by nothing usable with ${what}, and says why`, async () => {
      const { kind, text, usage: paid } = await answerOf({ data, usage });
      assert.deepEqual([kind, text, paid?.promptTokens], ['empty', why, 9]);
    });
  }

  it('reads the largest answer, also of an endpoint that writes numbers out', async () => {
    const many = embeddingPrompt(Array.from({ length: 256 }, (_, n) => `text ${n}`)).body;
    const vector = Array.from({ length: 3072 }, (_, n) => -Math.sin(n + 1) / 1000);
    const data = listOf(new Array(256).fill(vector));
    const { text } = await answerOf({ data, usage }, { body: many });
    const vectors = decodeVectors(text);
    assert.deepEqual([vectors.length, vectors[255]], [256, Float32Array.from(vector)]);
  });

  it('does not read an answer of 50 MB', async () => {
    assert.equal((await answerOf({ data: 'x'.repeat(50 * 1024 * 1024) })).kind, 'too-large');
  });

  it('is tried again when an answer is no list', async () => {
    await at.start({ fault: () => ({ body: { object: 'list' } }) });
    const sent = await at.send({ body, sampling });
    assert.deepEqual(sent.kind === 'error' && [sent.error.type, sent.bill], [
      'ProviderUnavailable',
      'unknown',
    ]);
  });

  it('goes on without base64 where the endpoint refuses it', async () => {
    const message = "'encoding_format' is not supported";
    const server = await at.start({
      fault: (request) =>
        'encoding_format' in request.body ? { status: 400, body: errorBody(message, null) } : undefined,
    });
    const first = await at.send({ body, sampling });
    assert.equal(first.kind === 'error' && first.refusedParameter, 'encoding_format');
    const second = await at.send({ body, sampling });
    assert.equal(second.kind === 'answer' && second.answer.kind, 'text');
    assert.deepEqual(server.requests[1]?.body, { model: 'm', input: texts });
  });

  for (const [status, type] of [
    [401, 'ProviderAccess'],
    [429, 'RateLimited'],
    [503, 'ProviderUnavailable'],
    [400, 'InvalidRequest'],
  ] as const) {
    it(`fails with ${status} as any other call does`, async () => {
      await at.start({ fault: () => ({ status, body: errorBody('sk-abcdefghijklmnop is bad', null) }) });
      const sent = await at.send({ body, sampling });
      assert.equal(sent.kind === 'error' && sent.error.type, type);
      assert.ok(sent.kind === 'error' && !sent.error.reason.includes('sk-abcdefghijklmnop'));
    });
  }

  it('is ended when it is cancelled', async () => {
    const abort = new AbortController();
    const server = await at.start({ latencyMs: 60_000 });
    const sending = at.send({ body, sampling, signal: abort.signal });
    while (server.inFlight === 0) await new Promise(setImmediate);
    abort.abort();
    assert.equal((await sending).kind, 'aborted');
  });
});

describe('asking a teacher for vectors', () => {
  const { start, worker, call, attempts, kinds } = asking();
  const price = { inputUsdPerMTok: 2, outputUsdPerMTok: 100 };
  const forVectors = (more = {}) =>
    call({ body, sampling, price, freshSamples: 0, failureOf: () => null, ...more });

  it('finds them stored the second time, whatever sample is asked for', async () => {
    const server = await start();
    const first = await askTeacher(worker(), forVectors());
    const second = await askTeacher(worker(), forVectors({ runSeed: 9, nth: 4 }));
    assert.deepEqual(
      [first.outcome, first.sent, second.outcome, second.sent, second.fromStore, server.requests.length],
      ['answered', 1, 'answered', 0, 1, 1],
    );
    assert.equal(second.counted?.response.answer.text, first.counted?.response.answer.text);
  });

  it('has a row in the ledger with what its texts cost and nothing else', async () => {
    const server = await start();
    const one = forVectors();
    await askTeacher(worker(), one);
    const [{ intent, outcome } = assert.fail()] = await attempts();
    assert.deepEqual(intent.highestTokens, { prompt: texts.join('').length + 48, completion: 0 });
    assert.deepEqual(outcome?.usage, { promptTokens: 10, cachedPromptTokens: 0, completionTokens: 0 });
    assert.deepEqual(
      [outcome?.kind, outcome?.costUsd, server.billed.promptTokens],
      ['answered', 0.00002, 10],
    );
    assert.deepEqual(one.book.spend(), { calls: 1, tokens: 10, usd: 0.00002 });
  });

  it('is unparsable when they are not those of the texts, and paid for once', async () => {
    const server = await start({ fault: () => ({ body: { data: listOf([[1]]), usage } }) });
    await askTeacher(worker(), forVectors());
    const { outcome, sent } = await askTeacher(worker(), forVectors());
    assert.deepEqual([outcome, sent, server.requests.length], ['unparsable', 0, 1]);
    assert.deepEqual(await kinds(), ['unparsable']);
  });

  it('asks once more after such an answer where fresh samples are allowed', async () => {
    const bad = { body: { data: listOf([[1]]), usage } };
    await start({ fault: (_request, { index }) => (index === 0 ? bad : undefined) });
    await askTeacher(worker(), forVectors());
    const again = await askTeacher(worker(), forVectors({ freshSamples: 1 }));
    assert.deepEqual([again.outcome, again.sent, again.fromStore], ['answered', 1, 1]);
    assert.deepEqual(await kinds(), ['unparsable', 'answered']);
  });

  it('reserves one request, with nothing for an answer', () => {
    const teacher = { repair: true, freshSamples: 0, price } as SettledTeacher;
    const { prompt, completion } = highestTokens({ body, sampling });
    assert.equal(completion, 0);
    assert.deepEqual(highestSpend({ teachers: [teacher], prompt: embeddingPrompt(texts) }), {
      calls: 1,
      tokens: prompt,
      usd: (2 * prompt) / 1_000_000,
    });
  });
});
