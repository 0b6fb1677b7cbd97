import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type VerdictCheck, verdictCheck } from '../../activities/review/review-rules.js';
import { runFiles } from '../../activities/run-files.js';
import { readVerdictsFile } from '../../client/review/verdicts-file.js';
import { UserError } from '../../store/errors.js';
import { writeJsonl } from '../../store/artifacts.js';
import { storedRecipe, storedRun } from '../activities/stored-run.js';
import { assertInertInTerminal, hostileTexts } from '../hostile.js';
import { temporaryFolder } from '../temporary-folder.js';
import { reviewCandidate } from './candidates.js';

const leak = 'Name three fruits that grow on trees in warm countries.';
const asked = 'Which planet of the solar system has the most moons?';

describe('a file of verdicts', () => {
  const folder = temporaryFolder();
  let check: VerdictCheck;
  let file: string;

  beforeEach(async () => {
    const recipe = storedRecipe({ decontaminate: 'benchmark.jsonl' });
    const { store, runs, run } = await storedRun({ folder: path.join(folder(), 'runs'), recipe });
    await writeJsonl(store, runFiles(run.runId).heldOut, [
      { id: 'held-1', half: 'steering', instruction: leak, input: '', output: 'Figs.' },
    ]);
    await writeJsonl(store, runFiles(run.runId).given('benchmark'), [{ id: 'bench-1', text: asked }]);
    const accepted = ['one', 'two'].map((id) => reviewCandidate(id));
    check = await verdictCheck(runs, { run, round: 1, accepted });
    file = path.join(folder(), 'verdicts.jsonl');
  });

  const read = async (rows: (object | string)[], decision: 'approve' | 'reject' = 'approve') => {
    const lines = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
    await writeFile(file, `${lines.join('\n')}\n`);
    return await readVerdictsFile(file, { check, decision });
  };
  const good = { id: 'one', verdict: 'reject', note: 'wrong' };

  it('is read, with texts as clean as a teacher’s', async () => {
    const edit = { id: 'two', verdict: 'edit', output: `Not so.${hostileTexts.clearScreen}\r\nBut so.` };
    const [first, second] = await read([good, '', edit]);
    assert.deepEqual(first, good);
    assert.match(second?.output ?? '', /^Not so\. hostile clear \nBut so\.$/);
  });

  it('is refused by file and line where a row is no verdict', async () => {
    const cases: [object | string, RegExp][] = [
      ['{"id": "one"', /:2: row 2: is not JSON/],
      ['["one"]', /:2: row 2: is not a JSON object/],
      [{ id: 'two' }, /:2: row 2: verdict: /],
      [{ id: 'two', verdict: 'maybe' }, /:2: row 2: verdict: .*approve/],
      [{ id: 'two', verdict: 'reject', why: 'x' }, /:2: row 2: .*why/],
      [{ id: 'two', verdict: 'edit', output: 3 }, /:2: row 2: output: /],
      [{ id: 'nobody', verdict: 'approve' }, /:2: row 2: round 1 has no accepted example "nobody"/],
      [{ id: 'one', verdict: 'approve' }, /:2: row 2: there is a verdict on one already/],
      [{ id: 'two', verdict: 'approve', output: 'x' }, /:2: row 2: a new text belongs to the verdict "edit"/],
    ];
    for (const [row, message] of cases) await assert.rejects(read([good, row]), refusal(message));
    await assert.rejects(
      read([good, { id: 'two', verdict: 'approve' }], 'reject'),
      refusal(/:2: row 2: "approve" has no effect in a round that is rejected as a whole/),
    );
    await assert.rejects(
      readVerdictsFile(path.join(folder(), 'none.jsonl'), { check, decision: 'approve' }),
      refusal(/none\.jsonl: no such file/),
    );
  });

  it('is refused where an edit breaks a rule of the dataset, with the rule', async () => {
    const cases: [object, RegExp][] = [
      [{}, /the edited text is the one that was there/],
      [{ output: ' \n ' }, /empty-output/],
      [{ instruction: '' }, /empty-instruction/],
      [{ instruction: 'Too short.' }, /too-short/],
      [{ output: 'As follows:' }, /ends-with-colon/],
      [{ instruction: leak }, /heldout-leak \(held-out task held-1\)/],
      [{ instruction: asked }, /contaminated .*bench-1/],
      [{ output: hostileTexts.nulls.slice(7).replaceAll(/[a-z]/g, '') }, /empty-output/],
    ];
    for (const [text, message] of cases)
      await assert.rejects(read([{ id: 'two', verdict: 'edit', ...text }]), refusal(message));
  });

  it('shows nothing of a hostile row that a terminal would act on', async () => {
    for (const text of Object.values(hostileTexts)) {
      const rows = [
        { id: text, verdict: 'approve' },
        { id: 'one', verdict: text },
        { id: 'one', verdict: 'approve', [text]: 1 },
        { id: 'one', verdict: 'edit', instruction: text, output: '' },
        text,
      ];
      for (const row of rows) {
        const error = await read([row]).then(
          () => null,
          (error: Error) => error,
        );
        assertInertInTerminal(error?.message ?? '', JSON.stringify(row));
      }
    }
  });
});

function refusal(message: RegExp) {
  return (error: unknown) => error instanceof UserError && message.test(error.message);
}
