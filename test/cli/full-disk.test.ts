import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { StatusReport } from '../../client/status.js';
import { assertLedgerHolds, assertNothingAskedAgain } from './accounts.js';
import { filesBelow, Project, until } from './helpers.js';

describe('a store on a full disk', () => {
  let project: Project;
  let ballast: string;

  beforeEach(async function () {
    project = await Project.create({ teacher: { latencyMs: 100 } });
    await mkdir(project.storeDir);
    ballast = path.join(project.storeDir, '.ballast');
    const options = ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', project.storeDir];
    const { exitCode } = await execa('mount', options, { reject: false });
    // Only root can make a small disk, and not in every container.
    if (exitCode !== 0) this.skip();
  });
  afterEach(async () => {
    await project.killServices();
    await execa('umount', [project.storeDir], { reject: false });
    await project.stop();
  });

  it('starts no run and says what to do', async () => {
    await fill();
    const { code, stdout, stderr } = await project.run(['run', 'recipe.yaml', '--json']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, new RegExp(`${project.storeDir}\\S*: the disk is full: free some space`));
    assert.doesNotMatch(stderr, /^\s+at /m);
    assert.equal(project.teacher.requests.length, 0);
    await rm(ballast);
    assert.deepEqual([...(await filesBelow(project.storeDir)).keys()], []);
  });

  it('lets a run wait, which says so and goes on when there is space, without asking anything again', async () => {
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml']);
    await until(() => project.teacher.requests.length > 6);
    await fill();
    const look = () => project.json<StatusReport & { problems: string[] }>(['status', runId]);
    await until(async () => (await look()).problems.some((problem) => /disk is full/.test(problem)));
    await rm(ballast);
    const watched = await project.json<StatusReport>(['watch', runId]);
    assert.equal(watched.state, 'finished');
    assertNothingAskedAgain(project.teacher.requests, []);
    await assertLedgerHolds(project, watched);
    assert.equal((await project.run(['verify', runId])).code, 0);
  });

  /** Writes until nothing more fits. */
  async function fill(): Promise<void> {
    const tooMuch = Buffer.alloc(3_000_000);
    await assert.rejects(writeFile(ballast, tooMuch), { code: 'ENOSPC' });
  }
});
