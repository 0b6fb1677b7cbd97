import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { composeBatches } from '../../activities/compose-batches.js';
import { createCpuActivities } from '../../activities/create-activities.js';
import { decideCandidates } from '../../activities/decide-candidates.js';
import { refineSeeds } from '../../activities/refine-seeds.js';
import { Runs } from '../../activities/run-data.js';
import { roundFiles } from '../../activities/run-files.js';
import { RunPool } from '../../activities/run-pool.js';
import { CandidateScreen } from '../../activities/screen-candidates.js';
import type { Candidate, CpuActivities, Ref } from '../../activities/types.js';
import { seededRandom } from '../../methods/random.js';
import type { Task } from '../../methods/self-instruct/parsed.js';
import { readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import { computeIn, cpuThread } from '../../workers/threads/cpu-thread.js';
import { PinnedThread } from '../../workers/threads/pinned-thread.js';
import { askedRound } from '../activities/asked-round.js';
import { type StoredRun, storedRecipe, storedRun } from '../activities/stored-run.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';

const rounds = [1, 2, 3];
const tasksPerRound = 200;

/** Some of them near others, of this round or an earlier one. */
function someAnswers(round: number): Task[][] {
  const random = seededRandom('cpu thread', round);
  return Array.from({ length: tasksPerRound / 10 }, () =>
    Array.from({ length: 10 }, () => {
      const words = Array.from({ length: 4 + random.int(4) }, () => `w${random.int(8)}`);
      return { instruction: words.join(' '), input: '', output: 'Done.' };
    }),
  );
}

describe('computeIn', () => {
  const folder = temporaryFolder();
  let stored: StoredRun;
  /** What each round gives when this thread computes it. */
  let expected: { screened: Ref; batches: Ref; pool: Ref }[];
  let threads: PinnedThread[];

  beforeEach(async () => {
    const recipe = storedRecipe({
      method: 'sedi',
      target: 1_000,
      batchSize: 4,
      filter: { poolThreshold: 0.7 },
    });
    stored = await storedRun({ folder: folder(), recipe });
    await writeJsonl(stored.store, roundFiles(stored.run.runId, 1).seedPool, testSeeds());
    for (const round of rounds) await askedRound(stored, { round, answers: someAnswers(round) });
    const { runs } = stored;
    const screen = new CandidateScreen(runs, new RunPool(runs));
    expected = await played({
      screenCandidates: (input) => screen.screenCandidates(input),
      decideCandidates: (input) => decideCandidates(runs, input),
      composeBatches: (input) => composeBatches(runs, input),
      refineSeeds: (input) => refineSeeds(runs, input),
    });
    threads = [];
  });
  afterEach(async () => {
    for (const thread of threads) await thread.close();
  });

  const at = (round: number) => ({ run: stored.run, round });

  async function played(
    activities: Pick<
      CpuActivities,
      'screenCandidates' | 'decideCandidates' | 'composeBatches' | 'refineSeeds'
    >,
  ): Promise<typeof expected> {
    const results: typeof expected = [];
    for (const round of rounds) {
      const { candidates } = await activities.screenCandidates(at(round));
      await activities.decideCandidates(at(round));
      const { batches } = await activities.composeBatches({ ...at(round), target: 1_000, acceptedBefore: 0 });
      const { pool } = await activities.refineSeeds({ ...at(round), signal: null, loss: null });
      results.push({ screened: candidates, batches, pool });
    }
    return results;
  }

  /** A worker's thread, with an activity's signal. */
  function worker(thread: PinnedThread, signal = new AbortController().signal): CpuActivities {
    threads.push(thread);
    return computeIn(thread, { storeUrl: stored.store.url })(signal);
  }

  const troubledThread = () => new PinnedThread(new URL('./troubled-cpu-work.ts', import.meta.url));

  /** What a round adds to its run's pool. */
  async function addedBy(round: number): Promise<number> {
    const file = roundFiles(stored.run.runId, round).screened;
    const rows = await readJsonlAt<Candidate>(stored.store, file);
    const added = rows.filter(({ verdict }) => verdict.state === 'accepted').length;
    assert.ok(added > 20 && added < tasksPerRound, `${added}`);
    return added;
  }

  /** Makes a thread stand still half-way through round 2; the function that it gives waits for that. */
  async function standStill(thread: PinnedThread): Promise<() => Promise<void>> {
    const reached = new Int32Array(new SharedArrayBuffer(4));
    const size = testSeeds().length + (await addedBy(1)) + Math.ceil((await addedBy(2)) / 2);
    await thread.run('standStillAt', { size, reached });
    return async () => {
      while (Atomics.load(reached, 0) === 0) await sleep(5);
    };
  }

  const screened = async (activities: CpuActivities, round: number) =>
    (await activities.screenCandidates(at(round))).candidates;

  it('gives the bytes that this thread gives, round after round', async () => {
    assert.deepEqual(await played(worker(cpuThread())), expected);
  });

  it('gives the same in a thread that has not seen the earlier rounds', async () => {
    assert.deepEqual(await screened(worker(cpuThread()), 1), expected[0]?.screened);
    assert.deepEqual(await screened(worker(cpuThread()), 2), expected[1]?.screened);
    assert.deepEqual(await screened(worker(cpuThread()), 3), expected[2]?.screened);
  });

  it('gives the same when the thread has died between two rounds', async () => {
    const thread = troubledThread();
    const activities = worker(thread);
    assert.deepEqual(await screened(activities, 1), expected[0]?.screened);
    await thread.run('die', null).catch(() => {});
    // The round that finds it dying fails, as the activity's attempt would.
    const retried = await screened(activities, 2).catch(() => screened(activities, 2));
    assert.deepEqual(retried, expected[1]?.screened);
    assert.deepEqual(await screened(activities, 3), expected[2]?.screened);
  });

  it('ends with its signal’s reason in the middle of a round, of which nothing is left', async () => {
    const thread = troubledThread();
    const stop = new AbortController();
    assert.deepEqual(await screened(worker(thread), 1), expected[0]?.screened);
    const half = await standStill(thread);
    const cancelled = worker(thread, stop.signal).screenCandidates(at(2));
    await half();
    stop.abort(new Error('not wanted any more'));
    await assert.rejects(cancelled, { message: 'not wanted any more' });
    assert.deepEqual(await screened(worker(thread), 2), expected[1]?.screened);
  });

  it('gives the same again after a round that failed', async () => {
    const activities = worker(cpuThread());
    assert.deepEqual(await screened(activities, 1), expected[0]?.screened);
    const { calls } = roundFiles(stored.run.runId, 2).phase('tasks');
    const whole = (await stored.store.read(calls(0))) as Buffer;
    await stored.store.write(calls(0), whole.subarray(0, whole.length - 20));
    await assert.rejects(screened(activities, 2), /not JSON/);
    await stored.store.write(calls(0), whole);
    assert.deepEqual(await screened(activities, 2), expected[1]?.screened);
  });

  describe('as activities', () => {
    const asActivities = (thread: PinnedThread, runs: Runs) => {
      threads.push(thread);
      return createCpuActivities(runs, computeIn(thread, { storeUrl: stored.store.url }));
    };

    const environment = (info: { heartbeatTimeoutMs?: number } = {}) =>
      new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });

    it('heartbeat while the thread computes, and are cancelled through it', async () => {
      const thread = troubledThread();
      const { screenCandidates } = asActivities(thread, stored.runs);
      const half = await standStill(thread);
      const activity = environment({ heartbeatTimeoutMs: 20 });
      let beats = 0;
      activity.on('heartbeat', () => {
        beats += 1;
      });
      const running = activity.run(screenCandidates, at(2));
      await half();
      const before = beats;
      while (beats < before + 2) await sleep(5);
      activity.cancel('CANCELLED');
      await assert.rejects(running, CancelledFailure);
    });

    it('refuse a run of another store, retryably', async () => {
      const { screenCandidates } = asActivities(
        cpuThread(),
        new Runs({ store: stored.store, storeId: 'another' }),
      );
      const refused = environment().run(screenCandidates, at(1));
      await assert.rejects(refused, { type: 'OtherStore', nonRetryable: false });
    });
  });
});
