import assert from 'node:assert/strict';
import { runFiles } from '../../activities/run-files.js';
import { openBatches } from '../../client/open-batches.js';
import { readJson } from '../../store/artifacts.js';
import { sumLedger } from '../../store/ledger-sums.js';
import { costUsd, sumUsd } from '../../store/pricing.js';
import { ResponseStore } from '../../store/response-store.js';
import type { BatchServer, LineFault } from '../batch-server.js';
import { errorBody } from '../openai-wire.js';
import { answer } from '../scripted-teacher.js';
import { storedResponse } from '../store/stored-response.js';
import { batchPrice, type PlannedBatch, plannedBatch } from './planned-batch.js';

/** What the provider bills, in dollars. */
function billOf({ done }: BatchServer): number {
  return sumUsd(
    done.flatMap(({ billed }) =>
      billed ? [costUsd({ cachedPromptTokens: 0, ...billed }, batchPrice) as number] : [],
    ),
  );
}

describe('collecting a batch', () => {
  const planned = plannedBatch();
  const kinds = async (run: PlannedBatch) =>
    (await run.attempts()).map(({ outcome }) => outcome?.kind ?? 'unknown').sort();
  const sums = async (run: PlannedBatch) => sumLedger(await run.attempts());

  it('stores every answer and its bill, to the cent', async () => {
    const run = await planned.start();
    const { brought, spend, trouble } = await run.play(0);
    assert.deepEqual([brought, trouble], [4, null]);
    const { knownUsd, unknownUsd, answered } = await sums(run);
    assert.deepEqual([knownUsd, unknownUsd, answered], [billOf(run.batches), 0, 4]);
    assert.equal(spend.usd, knownUsd);
    const rows = await run.close();
    assert.deepEqual(
      rows.map(({ callIndex, outcome, via }) => [callIndex, outcome, via]),
      [0, 1, 2, 3].map((index) => [index, 'answered', 'first']),
    );
  });

  it('comes to the same when it is done twice', async () => {
    const run = await planned.start({ expireAfter: () => 2 });
    const first = await run.play(0);
    const before = await run.attempts();
    assert.deepEqual(await run.collect(0, run.batches.batches[0]?.id ?? ''), first);
    assert.deepEqual(await run.attempts(), before);
  });

  it('keeps the finished part of a batch that expired, and only the rest is sent again', async () => {
    const run = await planned.start({ expireAfter: ({ index }) => (index === 0 ? 3 : undefined) });
    const { brought, trouble } = await run.play(0);
    assert.equal(brought, 3);
    assert.match(trouble?.message ?? '', /batch_expired/);
    const { knownUsd, unknownUsd, failed } = await sums(run);
    assert.deepEqual([knownUsd, unknownUsd, failed], [billOf(run.batches), 0, 1]);
    assert.equal((await run.play(1)).brought, 1);
    assert.equal(run.batches.done.length, 4);
  });

  it('goes on after the answers broke off half-way', async () => {
    const run = await planned.start({
      callFault: ({ route, index }) =>
        route === 'files.content' && index === 0 ? { when: 'after', how: 'half' } : undefined,
    });
    await assert.rejects(run.play(0), { type: 'ProviderUnavailable' });
    const { brought } = await run.collect(0, run.batches.batches[0]?.id ?? '');
    assert.equal(brought, 4);
    const { answered, duplicates, knownUsd } = await sums(run);
    assert.deepEqual([answered, duplicates, knownUsd], [4, 0, billOf(run.batches)]);
  });

  const failures: [string, LineFault, { kind: string; brought: number; trouble: string | null }][] = [
    ['a refused prompt', { status: 400 }, { kind: 'invalid-request', brought: 4, trouble: null }],
    [
      'a prompt that a content filter stopped',
      { status: 400, body: errorBody('filtered', 'content_filter') },
      { kind: 'content-filter', brought: 4, trouble: null },
    ],
    ['429', { status: 429 }, { kind: 'failed', brought: 0, trouble: 'requests' }],
    ['500', { status: 500 }, { kind: 'failed', brought: 0, trouble: 'requests' }],
    [
      'a timeout behind the provider',
      { error: { code: 'request_timeout', message: 'too slow' } },
      { kind: 'failed', brought: 0, trouble: 'requests' },
    ],
    ['a refused key', { status: 401 }, { kind: 'failed', brought: 0, trouble: 'access' }],
    [
      'an empty account',
      { status: 429, body: errorBody('no money', 'insufficient_quota') },
      { kind: 'failed', brought: 0, trouble: 'access' },
    ],
  ];
  for (const [what, fault, expected] of failures) {
    it(`takes no money for ${what}`, async () => {
      const run = await planned.start({ lineFault: () => fault });
      const { brought, trouble } = await run.play(0);
      assert.deepEqual([brought, trouble?.kind ?? null], [expected.brought, expected.trouble]);
      assert.deepEqual(await kinds(run), Array(4).fill(expected.kind));
      const { knownUsd, unknownUsd } = await sums(run);
      assert.deepEqual([knownUsd, unknownUsd], [0, 0]);
    });
  }

  it('never asks again for what was refused for good', async () => {
    const run = await planned.start({ lineFault: () => ({ status: 400 }) });
    await run.play(0);
    assert.deepEqual(await run.submit(1), { outcome: 'complete' });
    const rows = await run.close();
    assert.deepEqual(
      rows.map(({ outcome }) => outcome),
      Array(4).fill('invalid-request'),
    );
  });

  it('sends the next file without a parameter that the endpoint does not take', async () => {
    const refusal = {
      status: 400,
      body: errorBody("Unsupported parameter: 'seed'", null, { param: 'seed' }),
    };
    const run = await planned.start({ lineFault: ({ seed }) => (seed === null ? undefined : refusal) });
    const { brought, trouble } = await run.play(0);
    assert.deepEqual([brought, trouble], [4, null]);
    const known = await readJson(run.store, runFiles('stored-run').refusedParameters('default'));
    assert.deepEqual(known, ['seed']);
    assert.equal((await run.play(1)).brought, 4);
    assert.deepEqual(await run.submit(2), { outcome: 'complete' });
  });

  const unknown: [string, LineFault][] = [
    ['is in neither file', 'lost'],
    ['cannot be read', { line: '{"custom_id":' }],
    ['belongs to nobody', { line: '{"custom_id":"x","response":{"status_code":200,"body":{}}}' }],
  ];
  for (const [what, fault] of unknown) {
    it(`counts an answer that ${what} at its highest cost, and asks again`, async () => {
      let lines = 0;
      const run = await planned.start({
        lineFault: (_request, { batch }) => {
          lines += 1;
          return batch === 0 && lines > 1 ? fault : undefined;
        },
      });
      const { brought, spend } = await run.play(0);
      const { knownUsd, unknownUsd, unknown } = await sums(run);
      assert.deepEqual([brought, unknown], [1, 3]);
      assert.equal(spend.usd, sumUsd([knownUsd ?? 0, unknownUsd ?? 0]));
      const bill = billOf(run.batches);
      assert.ok((knownUsd ?? 0) < bill && bill <= (spend.usd ?? 0));
      assert.equal((await run.play(1)).brought, 3);
    });
  }

  it('knows no bill for an answer that does not say what it used', async () => {
    const run = await planned.start({ script: (request) => ({ ...answer(request), usage: null }) });
    const { brought } = await run.play(0);
    const { knownUsd, unknown } = await sums(run);
    assert.deepEqual([brought, knownUsd, unknown], [4, 0, 4]);
  });

  it('shows a chat its bad answer in the next file, then asks for a fresh one', async () => {
    const run = await planned.start({
      calls: 1,
      script: (request) =>
        run?.batches.batches.length === 3 ? answer(request) : { text: 'I would rather not.' },
    });
    for (const submission of [0, 1, 2]) assert.equal((await run.play(submission)).brought, 1);
    assert.deepEqual(await kinds(run), ['answered', 'unparsable', 'unparsable']);
    const asked = run.batches.done.map(({ request }) => request.messages.length);
    assert.deepEqual([asked[1], asked[2]], [(asked[0] ?? 0) + 2, asked[0]]);
    assert.deepEqual(
      (await run.close()).map(({ outcome, via }) => [outcome, via]),
      [['answered', 'fresh']],
    );
  });

  it('leaves the answer that was stored first, and books its own as a duplicate', async () => {
    const run = await planned.start({ calls: 1 });
    await run.submit(0);
    const [attempt] = await run.attempts();
    const first = { ...storedResponse('first'), key: attempt?.intent.callKey ?? '' };
    await new ResponseStore(run.store).put(first);
    const { id } = run.batches.batches[0] ?? { id: '' };
    await run.ended(0, id);
    await run.collect(0, id);
    assert.deepEqual(await kinds(run), ['duplicate']);
    assert.equal((await sums(run)).knownUsd, billOf(run.batches));
  });

  for (const [what, limits, kind] of [
    ['is not what it takes', { bytes: 10 }, 'refused'],
    ['finds no room in its queue', { enqueuedTokens: () => 1 }, 'queue-full'],
  ] as const) {
    it(`passes on why the provider refused a file that ${what}, unbilled`, async () => {
      const run = await planned.start({ limits });
      const { brought, spend, trouble } = await run.play(0);
      assert.deepEqual([brought, spend.usd, trouble?.kind], [0, 0, kind]);
      const [shown] = await openBatches(run.store, { runId: run.run.runId, round: 1, phase: 'tasks' });
      assert.deepEqual([shown?.status, shown?.trouble], ['failed', trouble?.message]);
      assert.deepEqual(await kinds(run), Array(4).fill('failed'));
    });
  }

  it('does not take answers for lost that the provider counts and does not show', async () => {
    const run = await planned.start();
    const sent = await run.submit(0);
    assert.ok(sent.outcome === 'sent');
    await run.ended(0, sent.batchId);
    const [batch] = run.batches.batches;
    if (batch) batch.output_file_id = null;
    await assert.rejects(run.collect(0, sent.batchId), { type: 'InvalidRequest' });
    assert.deepEqual(await kinds(run), Array(4).fill('unknown'));
  });

  it('counts what a cancelled batch has not come to as cancelled', async () => {
    const run = await planned.start({ pace: () => 'hand', steps: 2 });
    const sent = await run.submit(0);
    assert.ok(sent.outcome === 'sent');
    for (let step = 0; step < 2; step += 1) run.batches.step(sent.batchId);
    await fetch(`${run.server.baseUrl}/batches/${sent.batchId}/cancel`, { method: 'POST' });
    run.batches.step(sent.batchId);
    assert.equal((await run.collect(0, sent.batchId)).brought, 2);
    const rows = await run.close({ isCancelled: true });
    assert.deepEqual(rows.map(({ outcome }) => outcome).sort(), [
      'answered',
      'answered',
      'cancelled',
      'cancelled',
    ]);
    assert.equal((await sums(run)).knownUsd, billOf(run.batches));
  });
});
