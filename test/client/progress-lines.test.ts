import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { progressLine, stateWord } from '../../client/progress-lines.js';
import type { StatusReport } from '../../client/status.js';
import { viewLines } from '../../client/watch/view.js';
import { statusReport as report } from './status-report.js';

const view = (status: StatusReport) =>
  viewLines({
    status,
    stages: [],
    rounds: [],
    problems: [],
    callsPerMinute: null,
    outlook: { missingCalls: null, leftMs: null, usd: null },
  })
    .map(({ text }) => text)
    .join('\n');

const limited = {
  limits: { usd: 5, calls: 100, tokens: null },
  spent: { calls: 40, tokens: 9_000, usd: 1.25 },
  unknown: { calls: 3, tokens: 2_000, usd: 0.004 },
};

describe('a run in words', () => {
  it('says what of its budget is spent, and only where there is one', () => {
    assert.match(
      progressLine(report({ budget: limited })),
      / · budget \$1\.2500 of \$5\.0000 · budget 40 of 100 calls$/,
    );
    assert.doesNotMatch(progressLine(report()), /budget/);
  });

  it('tells apart what nobody knows of it', () => {
    const block = stripVTControlCharacters(view(report({ budget: limited })));
    assert.match(
      block,
      /budget +\$1\.2500 of \$5\.0000 spent +\(up to \$0\.004000 of it for requests under way or with unknown outcome\)/,
    );
    assert.match(block, /\n +40 of 100 calls spent +\(up to 3 calls of it/);
  });

  it('says who paused it, why, and how a spent budget is raised', () => {
    const paused = { by: 'budget', reason: '9 of 10 calls are spent, and the next call may need 2 calls' };
    assert.equal(
      stripVTControlCharacters(stateWord(report({ paused }))),
      `paused by budget: ${paused.reason} (npx seedmill set small-1 budget.…=… raises it)`,
    );
    assert.equal(
      stripVTControlCharacters(stateWord(report({ paused: { by: 'ann', reason: 'lunch' } }))),
      'paused by ann: lunch',
    );
  });

  it('says of what is at a provider that it is under way, and no more so when the run has ended', () => {
    const open = { costUsd: 0.5, unknownUsd: 0.25 };
    assert.match(
      progressLine(report(open)),
      /cost \$0\.5000 \+ up to \$0\.2500 for requests under way or with unknown/,
    );
    assert.match(
      progressLine(report({ ...open, state: 'finished' })),
      /\$0\.2500 for requests with unknown outcome$/,
    );
  });

  it('does not count calls as done without saying which of them have no answer', () => {
    const failed = { 'invalid-request': 2, cancelled: 20 } as const;
    const calls = { ...report().calls, planned: 80, answered: 58, repaired: 1, failed };
    assert.match(
      progressLine(report({ calls })),
      / · calls 80\/80 \(repaired 1, 22 without a usable answer \(cancelled 20, invalid-request 2\)\) · /,
    );
  });

  it('shows a cost that nobody knows as unknown, never as 0', () => {
    assert.match(progressLine(report({ costUsd: null })), /cost unknown \(no price for this model\)/);
  });

  it('says of rows that were given how they were scored and selected, and nothing of candidates', () => {
    const scoring = { rows: 50, scored: 48, missing: { 'too-little-mass': 2 } };
    const counts = { rows: 50, selected: 10, similar: 3, notReached: 35, scoreMissing: 2, vectorMissing: 0 };
    const selection = { ...counts, comparisons: 100, tau: 0.9, warning: null };
    const status = report({ method: 'deita', scoring, selection });
    for (const text of [progressLine(status), stripVTControlCharacters(view(status))]) {
      assert.match(text, /scores +50 rows: 48 scored, too-little-mass 2/);
      assert.match(text, /selected +10 of 50 rows \(similar 3, score-missing 2\)/);
      assert.doesNotMatch(text, /candidates|accepted/);
    }
  });
});
