import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import { assertLedgerHolds, assertNothingAskedAgain, type Snapshot, snapshot } from './accounts.js';
import { ended, Project, until } from './helpers.js';

/** Longer than a heartbeat timeout (20 s): a call whose worker stops must go on being alive for the server. */
const slowMs = 24_000;
const inFlight = 4;

describe('a worker that is told to end while calls are in flight', function () {
  this.timeout(180_000);
  let project: Project;
  let atEnd: Snapshot;
  let last: StatusReport;

  before(async () => {
    project = await slowProject();
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
    atEnd = await snapshot(project);
    last = await project.json<StatusReport>(['watch', runId]);
    next.kill('SIGTERM');
    assert.equal(ended(await next).code, 0);
  });
  after(() => project.stop());

  it('waits for them and stores their answers', () => {
    const slow = project.teacher.requests.slice(0, inFlight);
    assert.deepEqual(
      slow.filter(({ clientRequestId }) => !atEnd.stored.has(clientRequestId ?? '')),
      [],
    );
  });

  it('leaves a run that its successor finishes, asking nothing twice', async () => {
    assert.equal(last.state, 'finished');
    assertNothingAskedAgain(project.teacher.requests, [atEnd]);
    const { requests } = project.teacher;
    assert.equal(new Set(requests.map(({ hash }) => hash)).size, requests.length);
  });

  it('leaves nothing unknown in the ledger', async () => {
    assert.deepEqual([last.unknownUsd, last.calls.unknownAttempts], [0, 0]);
    await assertLedgerHolds(project, last);
  });
});

describe('seedmill down while calls are in flight', function () {
  this.timeout(180_000);
  let project: Project;

  beforeEach(async () => {
    project = await slowProject();
    await project.json<StatusReport>(['start', 'recipe.yaml']);
    await until(() => project.teacher.inFlight === inFlight);
  });
  afterEach(() => project.stop());

  it('waits for them, says so, and nothing is asked twice', async () => {
    const { code, stdout } = await project.run(['down']);
    assert.equal(code, 0);
    assert.match(stdout, /worker: waits for 4 calls in flight, at most \d+ s/);
    assert.match(stdout, /worker: ended/);
    const { stored, received } = await snapshot(project);
    assert.deepEqual([stored.size, received], [inFlight, inFlight]);

    const status = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.equal(status.state, 'finished');
    const { requests } = project.teacher;
    assert.equal(new Set(requests.map(({ hash }) => hash)).size, requests.length);
    assert.equal(status.unknownUsd, 0);
  });

  it('does not with --now; what they cost is unknown then', async () => {
    assert.equal((await project.run(['down', '--now'])).code, 0);
    assert.equal((await snapshot(project)).stored.size, 0);
    const status = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.equal(status.state, 'finished');
    assert.equal(status.calls.unknownAttempts, inFlight);
    await assertLedgerHolds(project, status);
  });
});

/** A run whose first answers take so long. */
function slowProject(): Promise<Project> {
  return Project.create({
    teacher: { fault: (_request, { index }) => (index < inFlight ? { delayMs: slowMs } : undefined) },
  });
}
