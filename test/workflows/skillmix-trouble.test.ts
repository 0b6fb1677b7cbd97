import assert from 'node:assert/strict';
import { givenSkill } from '../../activities/skillmix/skill-lists.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { BatchServer } from '../batch-server.js';
import { type RecipeChanges, RunHarness, until } from '../run-harness.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { readDataset } from './dataset.js';

const given = {
  skills: Array.from({ length: 12 }, (_, n) => givenSkill(`skill_${n}`)),
  'query-types': Array.from({ length: 4 }, (_, n) => ({ name: `Type ${n}`, definition: `Asks for ${n}.` })),
};
const lists = { skills: { from: 'file', file: 's.txt' }, queryTypes: { from: 'file', file: 'q.txt' } };
const script = scriptedSkillMix({ cutOff: 0.2, unreadable: 0.1 });

/** Several rounds, with everything that a round can have. */
function recipe(teacher: object): RecipeChanges {
  return {
    method: 'skillmix',
    target: 20,
    skillmix: { ...lists, shirkers: { kind: 'brief', share: 0.2 } },
    gate: {},
    generation: { callsPerRound: 10 },
    teacher,
  };
}

describe('a run of Instruct-SkillMix in trouble', () => {
  let harness: RunHarness;
  let batches: BatchServer;
  let undisturbed: Awaited<ReturnType<typeof readDataset>>['comparable'];

  before(async function () {
    this.timeout(0);
    batches = new BatchServer({ pace: () => 'first-look', script });
    harness = await RunHarness.start({
      teacher: { script, also: batches.answer },
      shutdownGraceTime: '2 minutes',
    });
    const runId = await harness.finishedRun(recipe({ reuse: 'run' }), { given });
    await assertAddsUp(runId);
    undisturbed = (await readDataset(harness, runId)).comparable;
  });
  after(() => harness.stop());

  async function assertAddsUp(runId: string): Promise<void> {
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
  }

  it('counts conversations of which a turn has failed, and goes on with the others', async () => {
    const runId = await harness.finishedRun(recipe({ freshSamples: 0, reuse: 'run' }), { given });
    await assertAddsUp(runId);
    const { rejected, calls, accepted } = await readStatus(harness.store, runId);
    assert.ok((rejected['turn-failed'] ?? 0) > 0);
    assert.ok(
      (calls.failed.unparsable ?? 0) > (rejected['turn-failed'] ?? 0),
      'a failed draft is no candidate',
    );
    assert.ok(accepted >= 20);
  });

  it('gives the same bytes when its workers end in the middle of a round and others go on', async () => {
    const before = harness.teacher.requests.length;
    const runId = await harness.startRun(recipe({ reuse: 'run', concurrency: 4 }), { given });
    for (const requests of [15, 50]) {
      await until(() => harness.teacher.requests.length >= before + requests);
      await harness.stopWorkers();
      await harness.startWorkers();
    }
    await harness.result(runId);
    await assertAddsUp(runId);
    assert.deepEqual((await readDataset(harness, runId)).comparable, undisturbed);
  });

  it('gives the same bytes through the Batch API', async () => {
    const dataset = async (teacher: object) => {
      const small = { ...recipe({ reuse: 'run', ...teacher }), target: 4, generation: { callsPerRound: 4 } };
      const runId = await harness.finishedRun(small, { given });
      await assertAddsUp(runId);
      const { train, alpaca } = (await readDataset(harness, runId)).comparable;
      return { train, alpaca };
    };
    assert.deepEqual(await dataset({ mode: 'batch', batchPollSeconds: 0.1 }), await dataset({}));
  });

  it('exports what it has when it is cancelled between two turns', async () => {
    const before = harness.teacher.requests.length;
    const runId = await harness.startRun(recipe({ reuse: 'run', concurrency: 2 }), { given });
    await until(() => harness.teacher.requests.length >= before + 14);
    await harness.cancel(runId);
    const { state } = await harness.result(runId);
    assert.equal(state, 'cancelled');
    await assertAddsUp(runId);
  });
});
