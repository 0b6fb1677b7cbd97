import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RecordedChange } from '../../activities/types.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import type { RunStatus } from '../../workflows/messages.js';
import { assertLedgerHolds, assertNothingAskedAgain } from './accounts.js';
import { ended, onlyJson, Project, until } from './helpers.js';

/** Slow enough to be steered, quick enough to wait for. */
const teacher = { latencyMs: 150 };

describe('a run on the command line', () => {
  let project: Project;

  beforeEach(async () => {
    project = await Project.create({ teacher });
  });
  afterEach(() => project.stop());

  it('is one run on one server when two commands start it at once', async () => {
    const commands = [1, 2].map(() => project.spawn(['run', 'recipe.yaml', '--json']));
    await until(() => project.teacher.requests.length > 0);
    assert.deepEqual((await project.alive()).sort(), ['temporal', 'worker']);
    const results = (await Promise.all(commands)).map(ended);
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0],
      results.map(({ stderr }) => stderr).join('\n'),
    );
    const [one, other] = results.map((result) => onlyJson<StatusReport>(result));
    assert.equal(one?.runId, other?.runId);
    assert.deepEqual(one?.dataset, other?.dataset);
    assertNothingAskedAgain(project.teacher.requests, []);
    const { runs } = await project.json<{ runs: StatusReport[] }>(['list']);
    assert.equal(runs.length, 1);
  });

  it('goes on after Ctrl-C, can be watched to its end, and is not made twice', async () => {
    const held = project.teacher.hold(() => project.teacher.requests.length > 2);
    const running = project.spawn(['run', 'recipe.yaml', '--json']);
    await held.reached;
    running.kill('SIGINT');
    const detached = ended(await running);
    held.release();
    assert.equal(detached.code, 0);
    const { runId, state } = onlyJson<StatusReport>(detached);
    assert.equal(state, 'running');
    assert.match(detached.stderr, new RegExp(`the run goes on. Come back with: npx seedmill watch ${runId}`));

    const rejoined = project.spawn(['run', 'recipe.yaml', '--json']);
    const watched = await project.json<StatusReport>(['watch', runId]);
    assert.equal(watched.state, 'finished');
    assert.equal(onlyJson<StatusReport>(ended(await rejoined)).runId, runId);
    await assertLedgerHolds(project, watched);

    const asked = project.teacher.requests.length;
    const again = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.deepEqual([again.runId, again.dataset], [runId, watched.dataset]);
    const other = await project.json<StatusReport>(['run', 'recipe.yaml', '--new']);
    assert.notEqual(other.runId, runId);
    assert.equal(other.calls.sent, 0);
    assert.equal(project.teacher.requests.length, asked);
  });

  it('says where it stands at its end for people too, and which run it was', async () => {
    const { code, stdout } = await project.run(['run', 'recipe.yaml', '--id', 'named']);
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.equal(
      lines.find((line) => /^Temporal UI: http/.test(line))?.startsWith('Temporal UI: http'),
      true,
    );
    assert.deepEqual(lines.slice(-2), [
      `dataset: ${path.join(project.storeDir, 'named', 'dataset')}`,
      'run: named',
    ]);
  });

  it('asks nothing while it is paused, says who paused it and why, and ends after resume', async () => {
    const held = project.teacher.hold(() => project.teacher.requests.length > 2);
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml']);
    await held.reached;
    const paused = await project.json<RunStatus>(['pause', runId, '--reason', 'lunch', '--by', 'Ann']);
    assert.equal(paused.state, 'paused');
    held.release();
    await project.untilQuiet(runId);
    const asked = project.teacher.requests.length;

    const status = await project.json<StatusReport>(['status', runId]);
    assert.equal(status.state, 'paused');
    assert.equal(status.paused?.reason, 'lunch');
    const { stdout } = await project.run(['status', runId]);
    assert.match(stdout, /paused by Ann: lunch/);
    assert.match(stdout, /changed \d{4}-\d\d-\d\d \d\d:\d\d UTC · Ann: paused: lunch/);
    const again = await project.run(['pause', runId]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /nothing has changed: the run is paused already, by .*: lunch/);
    assert.equal(project.teacher.requests.length, asked);

    const resumed = await project.json<RunStatus>(['resume', runId]);
    assert.equal(resumed.state, 'running');
    assert.equal((await project.json<StatusReport>(['watch', runId])).state, 'finished');
    const { changes } = await project.json<{ changes: RecordedChange[] }>(['status', runId]);
    assert.deepEqual(
      changes.map(({ version, by, what }) => [version, by === 'Ann', what]),
      [
        [2, true, 'paused: lunch'],
        [3, false, 'resumed'],
      ],
    );
  });

  it('is paused by its budget, refuses one that is spent already, and goes on with a larger one', async () => {
    await project.writeRecipe({ budget: { calls: 10 } });
    const running = project.spawn(['run', 'recipe.yaml', '--json']);
    await until(async () => {
      const listed = await project.run(['list', '--json']);
      // Until the run has made its store there is nothing to list.
      if (listed.code !== 0) return false;
      return onlyJson<{ runs: StatusReport[] }>(listed).runs[0]?.paused?.by === 'budget';
    });
    const { runs } = await project.json<{ runs: StatusReport[] }>(['list']);
    const runId = runs[0]?.runId as string;
    const refused = await project.run(['set', runId, 'budget.calls=5']);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /budget\.calls: nothing has changed: 9 calls are spent already, more than 5 calls/,
    );
    const set = await project.json<RunStatus>(['set', runId, 'budget.calls=500', 'concurrency=2']);
    assert.deepEqual([set.state, set.settings.budget.calls], ['running', 500]);
    const status = onlyJson<StatusReport>(ended(await running));
    assert.equal(status.state, 'finished');
    await assertLedgerHolds(project, status);
  });

  it('takes another target, another threshold and further seeds, and says who gave them', async () => {
    const held = project.teacher.hold(() => project.teacher.requests.length > 2);
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml', '--set', 'target=500']);
    await held.reached;
    const row = { instruction: 'Tell me where the lynx sleeps.', output: 'In its den.', licence: 'CC0-1.0' };
    await writeFile(path.join(project.folder, 'more.jsonl'), `${JSON.stringify(row)}\n`);
    await writeFile(path.join(project.folder, 'none.jsonl'), '\n');
    const refusals: [string[], RegExp][] = [
      [['set', runId, 'target=0'], /target=0: nothing has changed: target must be a whole number from 1/],
      [['set', runId, 'target=24', '--by', ' '], /--by: the name is empty/],
      [['seeds', runId, '--add', 'none.jsonl'], /none\.jsonl:1: holds no seed task/],
      [
        ['seeds', runId, '--add', 'seeds.jsonl'],
        /nothing has changed: \d+ of \d+ tasks are seeds of .* already/,
      ],
    ];
    for (const [command, message] of refusals) {
      const { code, stderr } = await project.run(command);
      assert.equal(code, 1, command.join(' '));
      assert.match(stderr, message);
    }
    await project.json<RunStatus>(['seeds', runId, '--add', 'more.jsonl', '--by', 'Ann']);
    const twice = await project.run(['seeds', runId, '--add', 'more.jsonl']);
    assert.match(twice.stderr, /more\.jsonl: nothing has changed: 1 of 1 tasks are seeds of .* already/);
    await project.json<RunStatus>(['set', runId, 'target=24', 'filter.poolThreshold=0.9', '--by', 'Bob']);
    held.release();
    const status = await project.json<StatusReport>(['watch', runId]);
    assert.deepEqual([status.state, status.target], ['finished', 24]);
    const { ok, problems } = await project.json<VerifyReport>(['verify', runId]);
    assert.deepEqual([ok, problems], [true, []]);
    const { changes } = await project.json<{ changes: RecordedChange[] }>(['status', runId]);
    assert.deepEqual(
      changes.map(({ by, what }) => `${by}: ${what}`),
      [
        'Ann: 1 seed task added from more.jsonl',
        'Bob: target 500 → 24',
        'Bob: filter.poolThreshold 0.85 → 0.9',
      ],
    );
  });

  it('ends early when it is cancelled, with a dataset of what it has', async () => {
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml', '--set', 'target=500']);
    await until(() => project.teacher.requests.length > 30);
    await project.json<RunStatus>(['cancel', runId]);
    const watched = await project.run(['watch', runId, '--json']);
    assert.equal(watched.code, 1);
    const status = onlyJson<StatusReport>(watched);
    assert.equal(status.state, 'cancelled');
    const { ok, problems, dataset } = await project.json<VerifyReport>(['verify', runId]);
    assert.deepEqual([ok, problems], [true, []]);
    assert.ok(dataset && dataset.examples > 0 && dataset.examples < 500, `${dataset?.examples} examples`);
    assert.equal((await project.run(['resume', runId])).code, 1);
  });

  it('is not changed by steering that no worker takes, not even later', async () => {
    const held = project.teacher.hold();
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml']);
    await held.reached;
    await project.killServices('worker');
    held.release();
    const paused = await project.run(['pause', runId]);
    assert.equal(paused.code, 1);
    assert.match(paused.stderr, /nothing has changed: no worker took it/);
    const status = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.deepEqual([status.runId, status.state], [runId, 'finished']);
  });

  it('can be looked at but not steered without a server, and goes on with the next start', async () => {
    // Too slow for the run to end before its worker does.
    project.teacher.fault = (_, { index }) => (index > 5 ? { delayMs: 3_000 } : undefined);
    const { runId } = await project.json<StatusReport>(['start', 'recipe.yaml']);
    await until(() => project.teacher.requests.length > 6);
    const { ended: stopped } = await project.json<{ ended: { name: string }[] }>(['down']);
    project.teacher.fault = () => undefined;
    assert.deepEqual(stopped.map(({ name }) => name).sort(), ['temporal', 'worker']);
    assert.deepEqual(await project.alive(), []);

    const status = await project.json<StatusReport>(['status', runId]);
    assert.ok(status.calls.answered > 0 && status.dataset === null);
    const { runs } = await project.json<{ runs: StatusReport[] }>(['list']);
    assert.deepEqual(
      runs.map(({ runId }) => runId),
      [runId],
    );
    assert.equal((await project.json<VerifyReport>(['verify', runId])).ok, true);
    const refused = await Promise.all(
      ['pause', 'resume', 'cancel'].map((change) => project.run([change, runId])),
    );
    for (const { code, stderr } of refused) {
      assert.equal(code, 1);
      assert.match(stderr, /nothing has changed: no Temporal server answers/);
    }

    const finished = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.deepEqual([finished.runId, finished.state], [runId, 'finished']);
    assertNothingAskedAgain(project.teacher.requests, []);
  });
});
