import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { Project, until } from './helpers.js';

interface Listed {
  runs: (StatusReport & { bytes: number })[];
  storage: { answers: { files: number; bytes: number }; total: { files: number; bytes: number } };
}

describe('runs and their space on the command line', () => {
  let project: Project;

  beforeEach(async () => {
    project = await Project.create();
  });
  afterEach(() => project.stop());

  it('are forked for nothing, removed, and pruned of what nobody uses', async () => {
    const parent = await project.json<StatusReport>(['run', 'recipe.yaml']);
    const asked = project.teacher.requests.length;

    const same = await project.json<StatusReport>(['fork', parent.runId, '--round', '1']);
    assert.deepEqual([same.state, same.accepted, same.calls.sent], ['finished', parent.accepted, 0]);
    assert.deepEqual(same.forkedFrom, { runId: parent.runId, round: 1, changed: [] });
    const again = await project.run(['fork', parent.runId, '--round', '1']);
    assert.match(again.stdout, new RegExp(`Already ended .*: ${same.runId}`));
    assert.equal(project.teacher.requests.length, asked);

    const change = ['--set', 'target=50', '--id', 'larger', '--detach'];
    assert.equal((await project.run(['fork', parent.runId, ...change])).code, 0);
    const larger = await project.json<StatusReport>(['watch', 'larger']);
    assert.ok(larger.state === 'finished' && larger.accepted >= 50);
    assert.equal(project.teacher.requests.length, asked + larger.calls.sent);
    const { stdout: told } = await project.run(['status', 'larger']);
    assert.match(
      told,
      new RegExp(`forked from ${parent.runId} after round ${parent.round}: target: 40 → 50`),
    );
    for (const runId of [parent.runId, same.runId, 'larger'])
      assert.ok((await project.json<VerifyReport>(['verify', runId])).ok);

    const before = await project.json<Listed>(['list']);
    assert.equal(before.storage.answers.files, project.teacher.requests.length);
    const sizes = new Map(before.runs.map(({ runId, bytes }) => [runId, bytes]));

    const unsaid = await project.run(['rm', parent.runId]);
    assert.equal(unsaid.code, 1);
    assert.match(unsaid.stderr, /Nobody can be asked here: --yes says so/);
    const removed = await project.json<{ freed: { bytes: number } }>(['rm', parent.runId, '--yes']);
    assert.equal(removed.freed.bytes, sizes.get(parent.runId));
    const gone = await project.run(['rm', parent.runId, '--yes']);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /^no run small-/);
    assert.ok((await project.json<VerifyReport>(['verify', 'larger'])).ok);
    const { runs, storage } = await project.json<Listed>(['list']);
    assert.deepEqual(runs.map(({ runId }) => runId).sort(), ['larger', same.runId].sort());
    assert.equal(storage.answers.files, before.storage.answers.files);

    // What the larger one alone has asked for goes with it.
    await project.json(['rm', 'larger', '--yes']);
    for (const command of [
      ['run', 'recipe.yaml'],
      ['fork', same.runId],
    ]) {
      const taken = await project.run([...command, '--id', 'larger']);
      assert.equal(taken.code, 1);
      assert.match(taken.stderr, /run larger was removed; .*: choose another --id/);
    }
    const dry = await project.run(['prune', '--dry-run']);
    assert.match(dry.stdout, /stored answers that no run uses: \d+ files, .*\n.* would be freed/);
    const pruned = await project.json<{ answers: { files: number }; isRemoved: boolean }>(['prune', '--yes']);
    assert.deepEqual([pruned.isRemoved, pruned.answers.files], [true, larger.calls.sent]);
    const left = await project.json<Listed>(['list']);
    assert.equal(left.storage.answers.files, before.storage.answers.files - larger.calls.sent);
    assert.match((await project.run(['prune'])).stdout, /nothing to prune/);
    assert.match((await project.run(['list'])).stdout, /stored answers: \d+ files, .*\nin all: \d+ files/);
  });

  it('are refused what is not there or not allowed, with the reason', async () => {
    const held = project.teacher.hold(() => project.teacher.requests.length > 2);
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml', '--id', 'open']);
    await held.reached;
    const refusals: [string[], number, RegExp][] = [
      [['rm', runId, '--yes'], 1, /nothing is removed: the run is open; "seedmill cancel open" ends it/],
      [['prune', '--yes'], 1, /nothing is pruned while a run is unfinished, .*: open\./],
      [['fork', runId], 1, /no round of open is complete yet/],
      [['fork', runId, '--round', '1'], 1, /round 1 of open is not complete in the store; none is yet/],
      [['fork', runId, '--round', '0'], 2, /give a whole number from 1/],
      [['fork', 'nobody'], 1, /no run nobody in file:/],
      [['fork', runId, '--id', 'a', '--new'], 1, /--id and --new/],
      [['rm', 'nobody', '--yes'], 1, /no run nobody in file:/],
      [['rm', 'calls', '--yes'], 1, /"calls" cannot be a run id: the store uses that name itself/],
    ];
    for (const [args, code, message] of refusals) {
      const result = await project.run(args);
      assert.equal(result.code, code, args.join(' '));
      assert.match(result.stderr, message);
    }
    held.release();
    await until(async () => (await project.json<StatusReport>(['status', runId])).state === 'finished');
    const refused = await project.run(['fork', runId, '--set', 'seed=2', '--set', 'method=self-instruct']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /--set method: .*\n--set seed: /);
  });
});
