import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { ReviewWait } from '../../activities/review-messages.js';
import type { SampleRow } from '../../activities/review/review-round.js';
import type { StatusReport } from '../../client/status.js';
import type { VerifyReport } from '../../client/verify.js';
import type { RunStatus } from '../../workflows/messages.js';
import { Project, readDataset, until } from './helpers.js';

const review = { sample: 4, timeoutHours: 48 };

describe('seedmill review', () => {
  let project: Project;
  let runId: string;

  before(async function () {
    this.timeout(0);
    project = await Project.create();
    await project.writeRecipe({ review, stop: { maxRounds: 1 } });
    ({ runId } = await project.json<StatusReport>(['start', 'recipe.yaml']));
    await until(async () => (await status()).review !== null);
  });
  after(() => project.stop());

  const status = () => project.json<StatusReport>(['status', runId]);
  const refused = async (args: string[], message: RegExp, code = 1) => {
    const ended = await project.run(['review', ...args]);
    assert.match(ended.stderr, message);
    assert.equal(ended.code, code);
  };
  const verdictsFile = async (...rows: object[]) => {
    await writeFile(project.file('verdicts.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return ['--verdicts', 'verdicts.jsonl', '--approve'];
  };

  it('is what status and list say the run waits for, with what happens when nobody comes', async () => {
    for (const args of [['status', runId], ['list']]) {
      const { stdout } = await project.run(args);
      assert.match(
        stdout,
        new RegExp(
          `waiting for review of round 1 since .* UTC: npx seedmill review ${runId} shows 4 of \\d+ examples; on timeout: pause in about`,
        ),
      );
    }
    const { stdout } = await project.run(['list', '--json']);
    assert.equal((JSON.parse(stdout) as { runs: StatusReport[] }).runs[0]?.state, 'waiting-for-review');
  });

  it('prints the sample for scripts, also with worker and server killed', async () => {
    await project.killServices();
    const sample = await project.json<ReviewWait & { sample: SampleRow[] }>(['review', runId]);
    assert.deepEqual([sample.round, sample.sampled, sample.sample.length], [1, 4, 4]);
    await refused([runId, '--approve'], /nothing is decided: .*Temporal/);
    await project.json(['up']);
  });

  it('refuses what it cannot take, with the reason, and decides nothing', async () => {
    await refused(['nobody', '--approve'], /no run nobody/);
    await refused([runId], /this is no terminal: --json prints the sample/, 2);
    await refused([runId, '--approve', '--reject-round'], /a round is one or the other/, 2);
    await refused([runId, '--verdicts', 'verdicts.jsonl'], /--verdicts needs --approve or --reject-round/, 2);
    await refused([runId, '--approve', '--by', ' '], /--by: the name is empty/);
    await refused([runId, '--approve', '--verdicts', 'none.jsonl'], /none\.jsonl: no such file/);
    const { sample } = await project.json<{ sample: SampleRow[] }>(['review', runId]);
    const [{ id }] = sample as [SampleRow];
    const cases: [object, RegExp][] = [
      [
        { id: '\u001b[2Jnobody', verdict: 'reject' },
        /verdicts\.jsonl:1: row 1: round 1 has no accepted example "nobody"/,
      ],
      [
        { id, verdict: 'edit', output: '' },
        /verdicts\.jsonl:1: row 1: the edited text cannot be accepted: empty-output/,
      ],
      [{ id, verdict: 'no' }, /verdicts\.jsonl:1: row 1: verdict: /],
    ];
    for (const [row, message] of cases) await refused([runId, ...(await verdictsFile(row))], message);
    assert.equal((await status()).state, 'waiting-for-review');
  });

  it('decides with verdicts from a file, by name; the run goes on to its end', async () => {
    const { sample } = await project.json<{ sample: SampleRow[] }>(['review', runId]);
    const [bad, wrong] = sample as [SampleRow, SampleRow];
    const file = await verdictsFile(
      { id: bad.id, verdict: 'reject', note: 'rude \u001b[31mwords' },
      { id: wrong.id, verdict: 'edit', output: 'What a person would say.' },
    );
    const taken = await project.json<RunStatus>(['review', runId, ...file, '--by', 'ann']);
    assert.equal(taken.settings.reviewed?.by, 'ann');
    const last = await project.json<StatusReport>(['watch', runId]);
    assert.deepEqual([last.state, last.rejected.review], ['finished', 1]);
    const { alpaca } = await readDataset(last);
    assert.ok(alpaca.includes('What a person would say.'));
    const { stdout } = await project.run(['show', runId, wrong.id]);
    assert.match(stdout, /review: edited by ann\n/);
    assert.match(stdout, /response before:/);
    assert.match((await project.run(['show', runId, bad.id])).stdout, /rejected: review \(rude words\)/);
    assert.match(
      (await project.run(['status', runId])).stdout,
      /ann: round 1 approved, with verdicts on 2 examples/,
    );
    assert.equal((await project.json<VerifyReport>(['verify', runId])).ok, true);
    await refused([runId, '--approve'], /waits for no review: it has ended: finished/);
  });
});
