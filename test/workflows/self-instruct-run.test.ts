import assert from 'node:assert/strict';
import { RoundPrompts } from '../../activities/round-prompts.js';
import type { RoundPhase } from '../../activities/types.js';
import type { PlanRow } from '../../activities/rows.js';
import { Runs } from '../../activities/run-data.js';
import { roundFiles } from '../../activities/run-files.js';
import type { Candidate, Seed } from '../../activities/types.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { RunHarness } from '../run-harness.js';
import { readDataset } from './dataset.js';

const target = 36;

/** One run for each way of asking, each with a model of its own. */
const ways = {
  'staged completions': { form: 'completion', prompts: 'staged', answers: 'classify' },
  'staged chats': { form: 'chat', prompts: 'staged', answers: 'classify' },
  'one-call completions': { form: 'completion', prompts: 'one-call', answers: 'classify' },
  'one-call chats': { form: 'chat', prompts: 'one-call', answers: 'classify' },
} as const;
type Way = keyof typeof ways;

describe('a Self-Instruct run', () => {
  let harness: RunHarness;
  const runIds = new Map<Way, string>();

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
    const start = async (way: Way) => {
      const { form, prompts, answers } = ways[way];
      const changes = {
        method: 'self-instruct',
        target,
        teacher: { form, model: modelOf(way) },
        generation: { prompts, answers, callsPerRound: 2 },
      };
      runIds.set(way, await harness.finishedRun(changes));
    };
    await Promise.all((Object.keys(ways) as Way[]).map(start));
  });
  after(() => harness.stop());

  const runOf = (way: Way) => runIds.get(way) as string;

  for (const way of Object.keys(ways) as Way[]) {
    it(`reaches its target with ${way}`, async () => {
      const { stopReason } = await harness.result(runOf(way));
      assert.equal(stopReason, 'target reached');
      assert.equal((await readDataset(harness, runOf(way))).train.length, target);
    });

    it(`adds up with ${way}`, async () => {
      const { ok, problems } = await verifyRun(harness.store, runOf(way));
      assert.deepEqual([ok, problems], [true, []]);
    });
  }

  it('asks a chat for tasks under a JSON schema', () => {
    const schemas = harness
      .requestsFor(modelOf('one-call chats'))
      .map(({ body }) => (body.response_format as { type?: string } | undefined)?.type);
    assert.deepEqual([...new Set(schemas)], ['json_schema']);
  });

  it('opens a later prompt with 6 human and 2 machine-made instructions', async () => {
    const runId = runOf('staged completions');
    const seeds = await seedsBefore(runId, 2);
    for (const { seedIds } of await plan({ runId, round: 2, phase: 'instructions' })) {
      const origins = seedIds.map((id) => seeds.get(id)?.origin).sort();
      assert.deepEqual(origins, [...Array(6).fill('human'), ...Array(2).fill('machine')]);
    }
  });

  it('shows the teacher what it planned to show', async () => {
    const runId = runOf('staged completions');
    const seeds = await seedsBefore(runId, 2);
    const asked = harness.requestsFor(modelOf('staged completions')).map(({ body }) => String(body.prompt));
    for (const { seedIds } of await plan({ runId, round: 2, phase: 'instructions' })) {
      const list = seedIds.map((id, n) => `Task ${n + 1}: ${seeds.get(id)?.instruction}`).join('\n');
      assert.ok(asked.some((prompt) => prompt.includes(list)));
    }
  });

  it('never shows a machine-made task in the one-call form', async () => {
    const runId = runOf('one-call completions');
    const seeds = await seedsBefore(runId, 2);
    const shown = (await plan({ runId, round: 2, phase: 'tasks' })).flatMap(({ seedIds }) => seedIds);
    assert.ok([...seeds.values()].some(({ origin }) => origin === 'machine'));
    assert.deepEqual([...new Set(shown.map((id) => seeds.get(id)?.origin))], ['human']);
  });

  it('asks of every instruction that passed whether it is a classification, then for instances', async () => {
    const runId = runOf('staged completions');
    const screened = await readJsonlAt<Candidate>(harness.store, roundFiles(runId, 1).screened);
    const passed = screened.filter(({ verdict }) => verdict.state === 'undecided').map(({ id }) => id);
    const answered = async (phase: 'classify' | 'instances') =>
      (await plan({ runId, round: 1, phase })).map(({ candidateId }) => candidateId);
    assert.deepEqual(await answered('classify'), passed);
    assert.deepEqual(await answered('instances'), passed);
  });

  it('asks for the output first where the teacher said that it is a classification', async () => {
    const runId = runOf('staged completions');
    const prompts = new RoundPrompts(new Runs({ ...harness.opened }));
    const run = { runId, storeUrl: harness.store.url, storeId: harness.opened.storeId };
    const templates = new Map<boolean | null, Set<string>>();
    for (const { callIndex, isClassification } of await plan({ runId, round: 1, phase: 'instances' })) {
      const { prompt } = await prompts.call({ run, round: 1, phase: 'instances', callIndex });
      templates.set(isClassification, new Set([...(templates.get(isClassification) ?? []), prompt.template]));
    }
    const [yes, no] = [templates.get(true), templates.get(false)];
    assert.equal(yes?.size, 1);
    assert.equal(no?.size, 1);
    assert.notDeepEqual(yes, no);
  });

  function plan(at: { runId: string; round: number; phase: RoundPhase['phase'] }): Promise<PlanRow[]> {
    return readJsonlAt(harness.store, roundFiles(at.runId, at.round).phase(at.phase).plan);
  }

  /** Everything that prompts of a round may show, by id. */
  async function seedsBefore(runId: string, round: number): Promise<Map<string, Seed>> {
    const names = Array.from({ length: round }, (_, n) => roundFiles(runId, n + 1).seedPool);
    const parts = await Promise.all(names.map((name) => readJsonlAt<Seed>(harness.store, name)));
    return new Map(parts.flat().map((seed) => [seed.id, seed]));
  }
});

function modelOf(way: Way): string {
  return `scripted ${way}`;
}
