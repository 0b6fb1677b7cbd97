import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { createLogUpdate } from 'log-update';
import { fitScreen } from '../../client/watch/fit-screen.js';
import { aboutTime, type Expected, outlookOf } from '../../client/watch/outlook.js';
import { Pace, Paces } from '../../client/watch/pace.js';
import { plainLines, type Sight, viewLines } from '../../client/watch/view.js';
import type { RoundRow } from '../../workflows/messages.js';
import { assertInertInTerminal, hostileText } from '../hostile.js';
import { statusReport } from './status-report.js';

const nothing: Expected = { generation: null, perExample: [], rounds: [] };
const second = 1_000;
const minute = 60 * second;

const row = (round: number, calls: number, candidates: number, accepted: number): RoundRow => ({
  round,
  calls,
  candidates,
  accepted,
  attractiveBatches: null,
  heldOutLoss: null,
  note: '',
});

/** Half of 1,000 are there after 2,000 calls for a dollar. */
const busy = (() => {
  const { calls } = statusReport();
  return statusReport({
    target: 1_000,
    round: 3,
    candidates: 800,
    accepted: 500,
    rejected: { similar: 300 },
    closedRounds: { calls: 2_000, accepted: 500 },
    calls: { ...calls, planned: 2_400, answered: 1_990, failed: { refused: 10 } },
    costUsd: 1,
  });
})();
const rounds = [row(1, 1_000, 400, 250), row(2, 1_000, 400, 250)];
const sight = (changes: Partial<Sight> = {}): Sight => ({
  status: busy,
  stages: ['generate', 'export'],
  rounds,
  problems: [],
  callsPerMinute: 200,
  outlook: { missingCalls: 2_000, leftMs: 10 * minute, usd: 2 },
  ...changes,
});
const shown = (of: Sight) =>
  stripVTControlCharacters(
    viewLines(of)
      .map(({ text }) => text)
      .join('\n'),
  );

describe('the pace of a run', () => {
  const see = (pace: Pace | Paces, from: number, to: number, perSecond: number, at = 0) => {
    for (let s = from; s <= to; s += 1)
      pace.see({ calls: at + (s - from) * perSecond, isPaused: false }, s * second);
  };

  it('is that of the window, whatever it was before', () => {
    const pace = new Pace(minute);
    see(pace, 0, 300, 10);
    see(pace, 301, 400, 1, 3_001);
    assert.equal(Math.round(pace.perMinute() ?? 0), 60);
  });

  it('is unknown until ten seconds were seen', () => {
    const pace = new Pace(minute);
    see(pace, 0, 9, 10);
    assert.equal(pace.perMinute(), null);
    see(pace, 10, 10, 0, 100);
    assert.equal(Math.round(pace.perMinute() ?? 0), 600);
  });

  it('does not count a pause, nor what an earlier start of the run had made', () => {
    const pace = new Pace(10 * minute);
    see(pace, 0, 60, 10);
    pace.see({ calls: 600, isPaused: true }, 400 * second);
    see(pace, 401, 420, 10, 600);
    assert.equal(Math.round(pace.perMinute() ?? 0), 570);
    pace.see({ calls: 5, isPaused: false }, 421 * second);
    assert.equal(pace.perMinute(), null);
  });

  it('of slow calls is that of a longer time', () => {
    const paces = new Paces();
    for (let m = 0; m <= 20; m += 1) paces.see({ calls: m, isPaused: false }, 2 * m * minute);
    assert.equal(paces.now, 0.5);
  });
});

describe('what a run still needs', () => {
  it('is reckoned from what an accepted example has taken in the newest rounds', () => {
    const { missingCalls, leftMs, usd } = outlookOf({
      status: busy,
      rounds,
      expected: nothing,
      callsPerMinute: 200,
    });
    assert.deepEqual([missingCalls, leftMs, usd], [2_000, 10 * minute, 2]);
  });

  it('does not take rounds that prepare others for those to come', () => {
    const { missingCalls } = outlookOf({
      status: {
        ...busy,
        closedRounds: { calls: 3_000, accepted: 250 },
        calls: { ...busy.calls, answered: 2_990 },
      },
      rounds: [row(1, 2_000, 0, 0), row(2, 1_000, 400, 250)],
      expected: nothing,
      callsPerMinute: null,
    });
    assert.equal(missingCalls, 3_000);
  });

  it('is what was expected where nothing is accepted yet, and nothing where nobody knows', () => {
    const first = statusReport({
      target: 100,
      calls: { ...busy.calls, planned: 50, answered: 40, failed: {} },
    });
    const at = { status: first, rounds: [], callsPerMinute: 60 };
    assert.deepEqual(
      outlookOf({ ...at, expected: { ...nothing, generation: { calls: 160, usd: 1 } } }).leftMs,
      2 * minute,
    );
    assert.deepEqual(outlookOf({ ...at, expected: nothing }), {
      missingCalls: null,
      leftMs: null,
      usd: null,
    });
    const unpriced = { ...first, costUsd: null };
    assert.equal(
      outlookOf({ ...at, status: unpriced, expected: { ...nothing, generation: { calls: 160, usd: 1 } } })
        .usd,
      null,
    );
  });

  it('is also what scores and selects the examples behind generation, at its own prices', () => {
    const perExample = [
      { calls: 1, usdEach: 0.01 },
      { calls: 1, usdEach: 0.01 },
      { calls: 0.125, usdEach: 0 },
    ];
    const at = { rounds, callsPerMinute: 200 };
    const { missingCalls, usd } = outlookOf({ ...at, status: busy, expected: { ...nothing, perExample } });
    assert.deepEqual([missingCalls, usd], [2_000 + 2_125, 2 + 20]);
    const reached = { ...busy, accepted: 1_000, calls: { ...busy.calls, planned: 2_000 } };
    const then = outlookOf({ ...at, status: reached, expected: { ...nothing, perExample } });
    assert.deepEqual([then.missingCalls, then.usd], [2_125, 21]);
    const unknown = outlookOf({ ...at, status: busy, expected: { ...nothing, perExample: null } });
    assert.deepEqual(unknown, { missingCalls: null, leftMs: null, usd: null });
  });

  it('is what a round has left of its calls, kind after kind, and what later ones have, where they are known', () => {
    const calls = [
      { calls: 100, usdEach: 0.01 },
      { calls: 80, usdEach: 0.02 },
      { calls: 10, usdEach: 0 },
    ];
    const expected = { ...nothing, perExample: null, rounds: [1, 2, 3].map((round) => ({ round, calls })) };
    const missing = (planned: number, answered: number) => {
      const status = statusReport({
        target: 0,
        round: 2,
        closedRounds: { calls: 190, accepted: 0 },
        calls: { ...busy.calls, planned: 190 + planned, answered: 190 + answered, failed: {} },
        costUsd: 1,
      });
      const { missingCalls, usd } = outlookOf({ status, rounds: [], expected, callsPerMinute: 1 });
      return [missingCalls, usd?.toFixed(2)];
    };
    assert.deepEqual(missing(0, 0), [380, '6.20']);
    assert.deepEqual(missing(100, 40), [60 + 90 + 190, '5.80']);
    // Fewer than expected of the second kind: what could not be asked.
    assert.deepEqual(missing(150, 120), [30 + 10 + 190, '4.20']);
    assert.deepEqual(missing(160, 160), [10 + 190, '3.60']);
  });

  it('has no time while the run is paused', () => {
    const paused = { ...busy, state: 'paused', paused: { by: 'ann', reason: 'lunch' } };
    const { leftMs, usd } = outlookOf({ status: paused, rounds, expected: nothing, callsPerMinute: 200 });
    assert.deepEqual([leftMs, usd], [null, 2]);
  });

  it('is told no finer than anybody can know', () => {
    assert.deepEqual(
      [20 * second, 12.4 * minute, 131 * minute, 23.9 * 60 * minute, 50 * 60 * minute].map(aboutTime),
      ['less than a minute', 'about 12 min', 'about 2 h 10 min', 'about 23 h 50 min', 'about 2 d 2 h'],
    );
  });
});

describe('the view of a run', () => {
  it('has what there is, how fast it goes, how long it takes and what it will have cost', () => {
    const text = shown(sight());
    assert.match(text, /^calls +2,000 of 2,400 planned · 200 calls\/min · about 10 min left$/m);
    assert.match(text, /^accepted .* 500 of 1,000$/m);
    assert.match(text, /^candidates +800 · yield 62\.5 %$/m);
    assert.match(text, /^rejected +300 \(similar 300\)$/m);
    assert.match(text, /^cost +\$1\.0000 · about \$2\.00 at the target$/m);
    assert.match(text, /^ +2 +1,000 +400 +250 +62\.5 %$/m);
  });

  it('has the student’s losses, round after round', () => {
    const loss = (round: number, before: number, after: number) => ({ round, before, after });
    const heldOutLoss = [loss(1, 3.5, 3.25), loss(2, 3.25, 3)];
    const text = shown(sight({ status: { ...busy, heldOutLoss } }));
    assert.match(text, /^held-out +3\.5000 → 3\.2500 → 3\.0000 \(rounds 1 to 2\)$/m);
  });

  it('says who paused it and why, and then nothing of speed and time', () => {
    const status = { ...busy, state: 'paused', paused: { by: 'ann', reason: 'lunch' } };
    const text = shown(sight({ status }));
    assert.match(text, /paused by ann: lunch/);
    assert.doesNotMatch(text, /calls\/min|left/);
    assert.match(plainLines(sight({ status }))[0] ?? '', /paused by ann: lunch/);
  });

  it('is the same facts in one line for logs, no longer than one reads', () => {
    const [line, ...rest] = plainLines(sight());
    assert.match(line ?? '', /accepted 500\/1000 .* yield 62\.5 %|yield 62\.5 % · accepted 500\/1000/);
    assert.match(line ?? '', /200 calls\/min · about 10 min left · about \$2\.00 at the target$/);
    assert.deepEqual(rest, []);
    const problems = Array.from({ length: 100 }, (_, n) => `problem ${n} ${'x'.repeat(10_000)}`);
    const many = plainLines(sight({ problems }));
    assert.equal(many.length, 10);
    for (const one of many) assert.ok(one.length < 620);
    assert.equal(many.at(-1), '! and 92 more problems');
  });

  it('lets nothing act that a provider or a person wrote', () => {
    const text = hostileText('x');
    const status = { ...busy, state: 'paused', stopReason: text, paused: { by: text, reason: text } };
    for (const of of [sight({ status, problems: [text] }), sight({ status: { ...status, paused: null } })]) {
      for (const { text } of viewLines(of)) assertInertInTerminal(text, 'view', { colours: true });
      for (const line of plainLines(of)) assertInertInTerminal(line, 'line', { colours: true });
    }
  });
});

describe('a terminal of any size', () => {
  const lines = viewLines(
    sight({
      problems: [`日本語 ${'y'.repeat(300)}`],
      status: { ...busy, paused: { by: 'ann', reason: 'z'.repeat(500) } },
    }),
  );

  it('gets no more rows and columns than it has, of the view what matters most', () => {
    for (const [columns, rows] of [
      [80, 24],
      [20, 5],
      [1, 1],
      [3, 2],
      [200, 100],
    ] as const) {
      const fitted = fitScreen(lines, { columns, rows });
      assert.ok(fitted.length <= Math.max(1, rows - 1));
      for (const line of fitted) assert.ok(wide(line) <= columns, line);
    }
    const few = fitScreen(lines, { columns: 80, rows: 6 }).map((line) => stripVTControlCharacters(line));
    assert.deepEqual(
      few.map((line) => line.slice(0, 4)),
      ['run ', 'roun', 'call', 'acce', '! 日本'],
    );
  });

  it('is drawn on without a line that wraps or scrolls', () => {
    const screen = { columns: 30, rows: 8 };
    const stream = Object.assign(new PassThrough(), { ...screen, isTTY: true });
    const draw = createLogUpdate(stream as unknown as NodeJS.WriteStream, { showCursor: true });
    for (let n = 0; n < 3; n += 1) {
      draw(fitScreen(viewLines(sight({ problems: [`${n}${'q'.repeat(99)}`] })), screen).join('\n'));
      const drawn = stripVTControlCharacters((stream.read() as Buffer).toString()).split('\n');
      assert.ok(drawn.length <= screen.rows);
      for (const line of drawn) assert.ok(wide(line) <= screen.columns, line);
    }
  });

  /** Columns: those that a terminal gives to wide characters are two. */
  function wide(line: string): number {
    const text = stripVTControlCharacters(line);
    return [...text].reduce((sum, character) => sum + (/[\u3000-\u9fff]/.test(character) ? 2 : 1), 0);
  }
});
