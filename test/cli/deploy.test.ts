import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import { assertLedgerHolds, assertNothingAskedAgain, type Snapshot, snapshot } from './accounts.js';
import { type Ended, ended, pooled, Project, until } from './helpers.js';

/** Longer than a heartbeat timeout (20 s): a call whose worker stops must go on being alive for the server. */
const slowMs = 24_000;
const inFlight = 4;

/** A run whose worker was told to end while calls were in flight, and which has been finished since. */
interface Played {
  project: Project;
  /** What the command that told it so said. */
  told: Ended | null;
  /** Once the worker had ended. */
  atEnd: Snapshot;
  last: StatusReport;
}

describe('a worker that is told to end while calls are in flight', () => {
  const projects: Project[] = [];
  let played: Record<'deploy' | 'down' | 'downNow', Promise<Played>>;

  // At once: each waits for slow answers most of its time.
  before(() => {
    const [deploy, down, downNow] = pooled(3, [
      playDeploy,
      () => playDown(['down']),
      () => playDown(['down', '--now']),
    ]) as [Promise<Played>, Promise<Played>, Promise<Played>];
    played = { deploy, down, downNow };
  });
  after(() => Promise.all(projects.map((project) => project.stop())));

  describe('by a deploy that starts its successor', () => {
    it('waits for them and stores their answers', async () => {
      const { project, atEnd } = await played.deploy;
      const slow = project.teacher.requests.slice(0, inFlight);
      assert.deepEqual(
        slow.filter(({ clientRequestId }) => !atEnd.stored.has(clientRequestId ?? '')),
        [],
      );
    });

    it('leaves a run that its successor finishes, asking nothing twice', async () => {
      const { project, atEnd, last } = await played.deploy;
      assert.equal(last.state, 'finished');
      assertNothingAskedAgain(project.teacher.requests, [atEnd]);
      assertAskedOnce(project);
    });

    it('leaves nothing unknown in the ledger', async () => {
      const { project, last } = await played.deploy;
      assert.deepEqual([last.unknownUsd, last.calls.unknownAttempts], [0, 0]);
      await assertLedgerHolds(project, last);
    });
  });

  describe('by seedmill down', () => {
    it('waits for them, says so, and nothing is asked twice', async () => {
      const { project, told, atEnd, last } = await played.down;
      assert.equal(told?.code, 0);
      assert.match(told?.stdout ?? '', /worker: waits for 4 calls in flight, at most \d+ s/);
      assert.match(told?.stdout ?? '', /worker: ended/);
      assert.deepEqual([atEnd.stored.size, atEnd.received], [inFlight, inFlight]);
      assert.equal(last.state, 'finished');
      assertAskedOnce(project);
      assert.equal(last.unknownUsd, 0);
    });

    it('does not with --now; what they cost is unknown then', async () => {
      const { project, told, atEnd, last } = await played.downNow;
      assert.equal(told?.code, 0);
      assert.equal(atEnd.stored.size, 0);
      assert.equal(last.state, 'finished');
      assert.equal(last.calls.unknownAttempts, inFlight);
      await assertLedgerHolds(project, last);
    });
  });

  async function playDeploy(): Promise<Played> {
    const project = await slowProject();
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml']);
    await until(() => project.teacher.inFlight === inFlight);
    const owned = await project.processes();
    const worker = owned.find(({ name }) => name === 'worker');
    const server = owned.find(({ name }) => name === 'temporal');
    assert.ok(worker && server);
    process.kill(worker.pid, 'SIGTERM');
    // Its successor is there long before it has ended, as in any rolling deploy.
    const address = { TEMPORAL_ADDRESS: `127.0.0.1:${server.ports.grpc}` };
    const next = project.spawn(['worker', '--queues', worker.queues.join(',')], address);
    await until(async () => !(await project.alive()).includes('worker'));
    const atEnd = await snapshot(project);
    const last = await project.json<StatusReport>(['watch', runId]);
    next.kill('SIGTERM');
    assert.equal(ended(await next).code, 0);
    return { project, told: null, atEnd, last };
  }

  async function playDown(command: string[]): Promise<Played> {
    const project = await slowProject();
    await project.json<StatusReport>(['start', 'recipe.yaml']);
    await until(() => project.teacher.inFlight === inFlight);
    const told = await project.run(command);
    const atEnd = await snapshot(project);
    const last = await project.json<StatusReport>(['run', 'recipe.yaml']);
    return { project, told, atEnd, last };
  }

  /** One with a run whose first answers take so long. */
  async function slowProject(): Promise<Project> {
    const project = await Project.create({
      teacher: { fault: (_request, { index }) => (index < inFlight ? { delayMs: slowMs } : undefined) },
    });
    projects.push(project);
    return project;
  }
});

function assertAskedOnce({ teacher: { requests } }: Project): void {
  assert.equal(new Set(requests.map(({ hash }) => hash)).size, requests.length);
}
