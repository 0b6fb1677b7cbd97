import assert from 'node:assert/strict';
import { CallPlanner, callsWanted } from '../../activities/plan-calls.js';
import { RoundPrompts } from '../../activities/round-prompts.js';
import type { PlanRow } from '../../activities/rows.js';
import { roundFiles } from '../../activities/run-files.js';
import { highestTokens } from '../../activities/teacher-client/request-body.js';
import type { Seed } from '../../activities/types.js';
import { readJsonl, writeJsonl } from '../../store/artifacts.js';
import { sumUsd } from '../../store/pricing.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';
import { type StoredRun, storedRecipe, storedRun } from './stored-run.js';

describe('callsWanted', () => {
  it('is the whole round before anything was accepted', () => {
    assert.equal(callsWanted(100, { remaining: 5, askCalls: 100, accepted: 0 }), 100);
  });

  it('is what the yield so far says is needed, and a fifth more', () => {
    // 2 examples a call so far: 10 more need 5 calls.
    assert.equal(callsWanted(100, { remaining: 10, askCalls: 50, accepted: 100 }), 6);
  });

  it('is never more than a round', () => {
    assert.equal(callsWanted(100, { remaining: 1_000, askCalls: 100, accepted: 1 }), 100);
  });

  it('is at least one', () => {
    assert.equal(callsWanted(100, { remaining: 0, askCalls: 1, accepted: 1 }), 1);
  });
});

describe('CallPlanner', () => {
  const folder = temporaryFolder();
  const wanted = { remaining: 10, askCalls: 0, accepted: 0 };

  /** A run with so few seeds that its prompts repeat. */
  async function repeatingRun(
    callsPerRound: number,
    changes: Record<string, unknown> = {},
  ): Promise<StoredRun> {
    const recipe = storedRecipe({ ...changes, generation: { prompts: 'one-call', callsPerRound } });
    const stored = await storedRun({ folder: folder(), recipe });
    await writeJsonl(stored.store, poolOf(stored, 1), [testSeeds()[0] as Seed]);
    await writeJsonl(stored.store, poolOf(stored, 2), []);
    await writeJsonl(stored.store, poolOf(stored, 3), []);
    return stored;
  }

  async function plan(planner: CallPlanner, stored: StoredRun, round: number): Promise<PlanRow[]> {
    const { plan } = await planner.planCalls({ run: stored.run, round, phase: 'tasks', wanted });
    return await readJsonl(stored.store, plan);
  }

  it('counts how often a prompt was asked before, over all rounds', async () => {
    const stored = await repeatingRun(3);
    const planner = new CallPlanner(stored.runs);
    const rounds = [];
    for (const round of [1, 2, 3]) rounds.push((await plan(planner, stored, round)).map(({ nth }) => nth));
    assert.deepEqual(rounds, [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ]);
  });

  it('does not count its own calls when a plan is made again', async () => {
    const stored = await repeatingRun(3);
    const planner = new CallPlanner(stored.runs);
    await plan(planner, stored, 1);
    const first = await plan(planner, stored, 2);
    assert.deepEqual(await plan(planner, stored, 2), first);
  });

  it('makes as many calls again as it made first, whatever is still wanted', async () => {
    const stored = await repeatingRun(5);
    const first = await plan(new CallPlanner(stored.runs), stored, 1);
    for (const remaining of [1, 1_000]) {
      const fewer = { remaining, askCalls: 10, accepted: 10 };
      const input = { run: stored.run, round: 1, phase: 'tasks', wanted: fewer } as const;
      const again = await new CallPlanner(stored.runs).planCalls(input);
      assert.deepEqual(await readJsonl(stored.store, again.plan), first);
    }
  });

  it('counts alike in another process', async () => {
    const stored = await repeatingRun(3);
    const planner = new CallPlanner(stored.runs);
    for (const round of [1, 2]) await plan(planner, stored, round);
    const last = await plan(planner, stored, 3);
    assert.deepEqual(await plan(new CallPlanner(stored.runs), stored, 3), last);
  });

  it('cuts a plan into shards of at most 500 calls', async () => {
    const stored = await repeatingRun(1_001);
    const { shards } = await new CallPlanner(stored.runs).planCalls({
      run: stored.run,
      round: 1,
      phase: 'tasks',
      wanted,
    });
    const ranges = shards.map(({ highest: _highest, ...range }) => range);
    assert.deepEqual(ranges, [
      { shard: 0, from: 0, to: 500 },
      { shard: 1, from: 500, to: 1_000 },
      { shard: 2, from: 1_000, to: 1_001 },
    ]);
  });

  it('knows the most that a call of each shard can cost', async () => {
    const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 10 };
    const teacher = { price, form: 'completion', freshSamples: 1 };
    const stored = await repeatingRun(1, { teacher });
    const at = { run: stored.run, round: 1, phase: 'tasks' } as const;
    const { shards } = await new CallPlanner(stored.runs).planCalls({ ...at, wanted });
    const { prompt } = await new RoundPrompts(stored.runs).call({ ...at, callIndex: 0 });
    const { body, sampling } = prompt;
    const once = highestTokens({ body, sampling });
    const highest = shards[0]?.highest;
    // A completion has no turn for a repair: the call's own request and one fresh sample.
    assert.deepEqual(highest, {
      calls: 2,
      tokens: 2 * (once.prompt + once.completion),
      usd: sumUsd([(2 * (once.prompt + 10 * once.completion)) / 1e6]),
    });
  });

  it('shows machine-made tasks in the one-call form with SeDi-Instruct only (ours)', async () => {
    const machine: Seed = { ...(testSeeds()[1] as Seed), id: 'made', origin: 'machine', round: 1 };
    const shown = [];
    for (const method of ['self-instruct', 'sedi']) {
      const recipe = storedRecipe({ method, generation: { prompts: 'one-call', callsPerRound: 1 } });
      const stored = await storedRun({ folder: `${folder()}/${method}`, recipe });
      await writeJsonl(stored.store, poolOf(stored, 1), [testSeeds()[0], machine]);
      const [row] = await plan(new CallPlanner(stored.runs), stored, 1);
      shown.push(row?.seedIds.includes('made'));
    }
    assert.deepEqual(shown, [false, true]);
  });
});

function poolOf({ run }: StoredRun, round: number): string {
  return roundFiles(run.runId, round).seedPool;
}
