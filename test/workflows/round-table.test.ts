import assert from 'node:assert/strict';
import { changeLine } from '../../client/changes.js';
import { noCounts } from '../../workflows/counts.js';
import type { RoundRow } from '../../workflows/messages.js';
import { changeList, roundTable } from '../../workflows/round-table.js';
import { assertInertInTerminal, assertInertMarkdown, hostileTexts } from '../hostile.js';

const at = { round: 2, step: 'round done', target: 10, totals: noCounts() };
const row: RoundRow = {
  round: 1,
  calls: 12,
  candidates: 0,
  accepted: 0,
  attractiveBatches: null,
  heldOutLoss: null,
  note: '',
};

describe('the table of a run in the UI', () => {
  it('has the columns in which a round has something', () => {
    const rounds = [row, { ...row, round: 2, candidates: 8, accepted: 5, note: 'two seeds' }];
    assert.deepEqual(
      roundTable({ ...at, rounds })
        .split('\n')
        .slice(-4),
      [
        '| round | calls | candidates | accepted | note |',
        '|---:|---:|---:|---:|:---|',
        '| 1 | 12 | – | – | – |',
        '| 2 | 12 | 8 | 5 | two seeds |',
      ],
    );
  });

  it('shows the student’s losses where there are some', () => {
    const trained = { ...row, attractiveBatches: 0, heldOutLoss: { before: 2.5, after: 2.25 } };
    const table = roundTable({ ...at, rounds: [trained] });
    assert.match(table, /\| round \| calls \| attractive batches \| held-out loss \|/);
    assert.match(table, /\| 1 \| 12 \| 0 \| 2\.5000 → 2\.2500 \|$/);
  });

  it('says of rounds that score rows how many are scored, and nothing of accepted examples', () => {
    const totals = { ...noCounts(), scoring: { rows: 20, scored: 19, missing: { 'no-score': 1 } } };
    const table = roundTable({ ...at, totals, rounds: [row] });
    assert.match(table, /^\*\*Round 2\*\* · round done\n/);
    assert.match(table, /\nScores 20 rows: 19 scored, no-score 1\n/);
  });
});

describe('the newest changes in the UI', () => {
  const at = '2026-11-22T14:02:05.123Z';

  it('stand there newest first', () => {
    const lines = changeList([
      { version: 2, at, by: 'ann', what: 'target 500 → 800' },
      { version: 3, at, by: 'bob', what: 'resumed' },
    ]);
    assert.deepEqual(
      lines.map((line) => line.split(' · ')[1]),
      [undefined, 'bob: resumed', 'ann: target 500 → 800'],
    );
  });

  for (const [name, text] of Object.entries(hostileTexts)) {
    it(`do nothing when a person is called or says ${name}`, () => {
      assertInertMarkdown(changeList([{ version: 2, at, by: text, what: text }]).join('\n'), name);
      assertInertInTerminal(changeLine({ version: 2, at, by: text, what: text }), name);
    });
  }
});
