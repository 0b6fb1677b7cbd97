import assert from 'node:assert/strict';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { type RecipeChanges, RunHarness } from '../run-harness.js';

/** As a server answers that is reached by a base URL without its /v1. */
const nothingHere = { status: 404, body: '404 page not found' };

describe('a provider that refuses every call', () => {
  let harness: RunHarness;
  let isMended = false;
  const runIds = new Map<string, string>();
  const small = { target: 20, signal: 'none' };

  /** A run's model is named like its case. */
  const cases: Record<string, { recipe: RecipeChanges; says: RegExp }> = {
    'of a phase': {
      recipe: { ...small, generation: { callsPerRound: 6 } },
      says: /^all 6 calls for instructions were refused: HTTP 404: 404 page not found/,
    },
    'of a later phase': {
      recipe: {
        ...small,
        teachers: { strong: {} },
        generation: { callsPerRound: 2, teachers: { answers: 'strong' } },
      },
      says: /^all \d+ calls for answers were refused: HTTP 404/,
    },
  };

  before(async function () {
    this.timeout(0);
    const isLost = (model: string) => !isMended && model !== 'of a later phase';
    harness = await RunHarness.start({
      teacher: { fault: ({ model }) => (isLost(model) ? nothingHere : undefined) },
      others: { strong: { fault: () => (isMended ? undefined : nothingHere) } },
    });
    for (const [model, { recipe }] of Object.entries(cases)) {
      runIds.set(model, await harness.startRun({ ...recipe, teacher: { model } }));
    }
  });
  after(() => harness.stop());

  for (const [model, { says }] of Object.entries(cases)) {
    it(`${model} pauses the run with its words`, async () => {
      const { settings, loop } = await harness.untilPaused(runIds.get(model) as string);
      assert.equal(settings.paused?.by, 'provider');
      assert.match(settings.paused?.reason ?? '', says);
      assert.equal(loop?.round, 1);
    });
  }

  it('pauses it again when it is resumed and nothing has changed', async () => {
    const runId = runIds.get('of a phase') as string;
    const before = (await harness.untilPaused(runId)).settings.version;
    await harness.resume(runId);
    assert.ok((await harness.untilPaused(runId)).settings.version > before);
    assert.equal(harness.requestsFor('of a phase').length, 12);
  });

  it('has lost no call once it is mended', async () => {
    isMended = true;
    for (const runId of runIds.values()) {
      await harness.untilPaused(runId);
      await harness.resume(runId);
      await harness.result(runId);
      const { stopReason, calls } = await readStatus(harness.store, runId);
      assert.deepEqual([stopReason, calls.failed], ['target reached', {}]);
      assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
    }
  });

  it('lets a run that is cancelled in this pause end with what it has', async () => {
    isMended = false;
    const runId = await harness.startRun({ ...cases['of a phase']?.recipe, teacher: { model: 'cancelled' } });
    await harness.untilPaused(runId);
    await harness.cancel(runId);
    assert.equal((await harness.result(runId)).state, 'cancelled');
    const { calls } = await readStatus(harness.store, runId);
    assert.deepEqual(calls.failed, { 'invalid-request': 6 });
  });

  it('does not end a run of few calls either', async () => {
    const runId = await harness.startRun({
      ...small,
      teacher: { model: 'few' },
      generation: { callsPerRound: 2 },
      stop: { stallRounds: 2 },
    });
    const { settings } = await harness.untilPaused(runId);
    assert.equal(settings.paused?.by, 'stall');
    assert.match(settings.paused?.reason ?? '', /last round: calls failed as invalid-request 2$/);
  });
});
