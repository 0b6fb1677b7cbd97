import assert from 'node:assert/strict';
import {
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { readChanges } from '../../client/changes.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { loopId } from '../../workflows/ids.js';
import type { RecipeRunResult } from '../../workflows/recipe-run.js';
import { RunHarness, until } from '../run-harness.js';

const rounds = 11;

describe('a run that is paused and resumed all the time', () => {
  let harness: RunHarness;
  let runId: string;
  let result: RecipeRunResult;
  /** Updates that were accepted. */
  let accepted = 0;
  /** Updates that the server broke off: the caller cannot know whether they were made. */
  let unclear = 0;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
    const generation = { prompts: 'one-call', answers: 'classify', callsPerRound: 1 };
    const changes = { method: 'self-instruct', target: 500, generation, stop: { maxRounds: rounds } };
    runId = await harness.startRun(changes, { eventsPerRun: 60 });
    let isOver = false;
    const ended = harness.result(runId).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      for (const change of [() => harness.pause(runId), () => harness.resume(runId)]) {
        const outcome = await outcomeOf(change);
        if (outcome === 'accepted') accepted += 1;
        if (outcome === 'unclear') unclear += 1;
      }
    }
    result = await ended;
  });
  after(() => harness.stop());

  it('plays its rounds, each in a history of its own', async () => {
    assert.equal((await readStatus(harness.store, runId)).round, rounds);
    // The server lists the newest ones a little later.
    await until(async () => (await historiesOf(loopId(runId))) >= rounds);
    assert.equal(await historiesOf(loopId(runId)), rounds);
  });

  it('continues as new itself', async () => {
    await until(async () => (await historiesOf(runId)) >= 3);
  });

  it('loses no accepted change, and makes none twice', async () => {
    const made = result.settings.version - 1;
    assert.ok(
      accepted <= made && made <= accepted + unclear,
      `${made} made, ${accepted} accepted, ${unclear} unclear`,
    );
    // One at a time is under way, so that the end of a history breaks off one at most.
    await until(async () => unclear <= (await historiesOf(runId)));
    assert.ok(accepted > 2 * rounds, `${accepted} changes`);
  });

  it('has every change in its store, none twice', async () => {
    const changes = await readChanges(harness.store, runId);
    assert.deepEqual(
      changes.map(({ version }) => version),
      changes.map((_, index) => index + 2),
    );
    assert.equal(changes.at(-1)?.version, result.settings.version);
    assert.ok(changes.every(({ by, what }) => by === 'ann' && /^(paused: lunch|resumed)$/.test(what)));
  });

  it('adds up', async () => {
    const { ok, problems } = await verifyRun(harness.store, runId);
    assert.deepEqual([ok, problems], [true, []]);
  });

  async function historiesOf(workflowId: string): Promise<number> {
    let count = 0;
    const query = `WorkflowId = "${workflowId}"`;
    for await (const _run of harness.client.workflow.list({ query })) count += 1;
    return count;
  }
});

/** `refused`: by the run, or because it had ended. */
async function outcomeOf(change: () => Promise<unknown>): Promise<'accepted' | 'refused' | 'unclear'> {
  try {
    await change();
    return 'accepted';
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError)
      return 'refused';
    if (isGrpcServiceError(error) || error instanceof ServiceError) return 'unclear';
    throw error;
  }
}
