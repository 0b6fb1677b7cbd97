import assert from 'node:assert/strict';
import type { Preview } from '../../client/preview/make-preview.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import { Project } from './helpers.js';

describe('preview on the command line', function () {
  this.timeout(240_000);
  let project: Project;
  let first: Preview;

  before(async () => {
    project = await Project.create();
  });
  after(() => project.stop());

  it('makes one call of each kind, without a server', async () => {
    first = await project.json<Preview>(['preview', 'recipe.yaml']);
    assert.deepEqual(
      first.calls.map(({ phase, outcome, sent }) => [phase, outcome, sent]),
      [
        ['instructions', 'answered', 1],
        ['answers', 'answered', 1],
      ],
    );
    assert.equal(project.teacher.requests.length, 2);
    assert.ok(first.candidates.some(({ verdict }) => verdict.state === 'accepted'));
    assert.equal(first.spend.calls, 2);
    assert.ok((first.spend.usd ?? 0) > 0);
    assert.deepEqual(await project.alive(), []);
    const { stdout } = await project.run(['list']);
    assert.match(stdout, /^no runs in /);
  });

  it('asks nothing a second time, and says what it has cost', async () => {
    const again = await project.json<Preview>(['preview', 'recipe.yaml']);
    assert.equal(project.teacher.requests.length, 2);
    assert.deepEqual(again.spend, { calls: 0, tokens: 0, usd: 0 });
    assert.deepEqual(again.spendSoFar, first.spend);
    assert.deepEqual(
      again.candidates.map(({ id, verdict }) => [id, verdict]),
      first.candidates.map(({ id, verdict }) => [id, verdict]),
    );
    const { stdout } = await project.run(['preview', 'recipe.yaml']);
    assert.match(stdout, /^nothing was sent: the answers were in the store$/m);
    assert.match(stdout, /^a run of this recipe finds these answers in the store/m);
  });

  it('is the beginning of the run, which finds its answers and does not count their cost', async () => {
    const status = await project.json<StatusReport>(['run', 'recipe.yaml']);
    assert.equal(status.calls.fromStore, 2);
    assert.equal(project.teacher.requests.length, status.calls.sent + 2);
    const report = await project.json<VerifyReport>(['verify', status.runId]);
    assert.deepEqual(report.problems, []);
    assert.equal(report.previews?.sent, 2);
    assert.equal(report.previews?.knownUsd, first.spend.usd);
    const { completionTokens, promptTokens } = project.teacher.billed;
    const { prompt, completion } = report.tokens;
    assert.equal(prompt + (report.previews?.tokens.prompt ?? 0), promptTokens);
    assert.equal(completion + (report.previews?.tokens.completion ?? 0), completionTokens);
    const { rows } = await project.json<{ rows: { id: string; state: string }[] }>([
      ...[
        'query',
        status.runId,
        'SELECT id, verdict.state AS state FROM candidates WHERE round = 1 AND callIndex = 0',
      ],
    ]);
    const accepted = first.candidates
      .filter(({ verdict }) => verdict.state === 'accepted')
      .map(({ id }) => id);
    for (const id of accepted) assert.equal(rows.find((row) => row.id === id)?.state, 'accepted');
  });

  it('keeps to the budget, and says what is wrong', async () => {
    const other = ['--set', 'seed=7', '--set', 'budget.usd=0.000001'];
    const poor = await project.run(['preview', 'recipe.yaml', ...other]);
    assert.equal(poor.code, 1);
    assert.match(poor.stderr, /^budget: this call may need \$0\.\d+, .*; the recipe allows \$0\.000001$/m);
    const unknown = await project.run(['preview', 'nowhere.yaml']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /^nowhere\.yaml: no such file$/m);
  });
});
