import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { askTeacher } from '../../activities/ask-teacher.js';
import { createTeacherClient } from '../../activities/teacher-client/client.js';
import type { Sent } from '../../activities/teacher-client/send-prompt.js';
import { badAnswers } from '../bad-answers.js';
import { asking } from './asking.js';
import { endpoint } from './endpoint.js';

/** For the one that never comes to an end. */
const shortMs = 400;

describe('what an endpoint should never answer', () => {
  const at = endpoint(30_000);

  for (const [what, { respond, becomes }] of Object.entries(badAnswers)) {
    it(`${what}: ${'answer' in becomes ? `an answer of kind ${becomes.answer}` : becomes.failure}`, async () => {
      const server = await at.start({ fault: () => ({ respond }) });
      const isDrip = what === 'a drip without end';
      const { baseUrl } = server;
      const client = isDrip
        ? createTeacherClient({ baseUrl, apiKeyEnv: null, timeoutMs: shortMs })
        : at.client;
      const sent = await at.send({ client });
      assert.equal(server.requests.length, 1);
      if ('answer' in becomes) check(sent, becomes);
      else {
        assert.equal(sent.kind, 'error');
        const { error, bill } = sent as Sent & { kind: 'error' };
        assert.deepEqual([error.type, bill], [becomes.failure, becomes.bill]);
        assert.match(error.reason, becomes.reason);
        assert.ok(error.reason.length < 600, `${error.reason.length} characters`);
      }
    });
  }

  it('is read no further than 8 MB', async () => {
    let written = 0;
    const { respond } = badAnswers['an answer without end'] as (typeof badAnswers)[string];
    const server = await at.start({
      fault: () => ({
        respond: (response) => {
          const { socket } = response;
          response.once('close', () => {
            written = socket?.bytesWritten ?? 0;
          });
          respond(response);
        },
      }),
    });
    await at.send();
    while (server.leftByClient === 0) await new Promise(setImmediate);
    assert.ok(written > 0 && written < 64 * 1024 * 1024, `${written} bytes`);
  });

  it('does not make names of pages and books', async () => {
    const model = 'm'.repeat(1_000_000);
    const body = JSON.stringify({ model, choices: [{ text: 'Hello.', finish_reason: model }] });
    const headers = { 'x-request-id': `id\u009b31m${'x'.repeat(4000)}` };
    await at.start({ fault: () => ({ body, headers }) });
    const sent = await at.send();
    assert.ok(sent.kind === 'answer');
    const { model: name, finishReason, requestId } = sent.answer;
    assert.deepEqual([name, finishReason, requestId?.length], ['m', null, 100]);
    assert.doesNotMatch(requestId ?? '', /\p{Cc}/u);
  });

  function check(sent: Sent, becomes: { answer: string; text?: string; usage?: string }): void {
    assert.ok(sent.kind === 'answer', JSON.stringify(sent));
    const { answer } = sent;
    assert.equal(answer.kind, becomes.answer);
    if (becomes.text !== undefined) assert.equal(answer.text, becomes.text);
    if (becomes.usage) assert.equal(answer.usage === null ? 'unknown' : 'known', becomes.usage);
    const { promptTokens = 0, cachedPromptTokens = 0 } = answer.usage ?? {};
    assert.ok(cachedPromptTokens <= promptTokens);
  }
});

describe('the ledger of what an endpoint should never answer', () => {
  const { start, worker, call, attempts } = asking();

  it('has one intent and one outcome for each request, and no answer is free unless it is none', async () => {
    const cases = Object.entries(badAnswers).filter(([what]) => !/without end|50 MB|500 MB/.test(what));
    const server = await start({
      fault: (_request, { index }) => ({ respond: cases[index]?.[1].respond ?? (() => assert.fail()) }),
    });
    const deps = worker();
    for (let nth = 0; nth < cases.length; nth += 1) {
      const asked = askTeacher(
        deps,
        call({ nth, freshSamples: 0, ledger: { ...call().ledger, callIndex: nth } }),
      );
      await asked.catch((error) => assert.ok(error instanceof ApplicationFailure, error));
    }
    const rows = await attempts();
    assert.deepEqual(
      rows.map(({ intent }) => intent.attemptId),
      server.requests.map(({ clientRequestId }) => clientRequestId),
    );
    for (const [index, [what, { becomes }]] of cases.entries()) {
      const outcome = rows[index]?.outcome;
      assert.ok(outcome, what);
      const isFree = 'failure' in becomes && becomes.bill === 'none';
      assert.equal(outcome.costUsd === 0, isFree, what);
      assert.equal(outcome.bill === 'unknown', !isFree && outcome.usage === null, what);
      assert.ok(outcome.costUsd === null || (outcome.costUsd >= 0 && outcome.costUsd < 1), what);
    }
  });
});
