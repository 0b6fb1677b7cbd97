import assert from 'node:assert/strict';
import type { ScoredRow, SelectionReport, SelectionRow } from '../../activities/rows.js';
import type { GivenRow } from '../../activities/rows.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJson, readJsonlAt } from '../../store/artifacts.js';
import { RunHarness } from '../run-harness.js';
import { scriptedScorer } from '../scripted-deita.js';

const embedder = { vectors: { form: 'embedding' } };

/** Some rows of several turns, some that say nearly the same. */
const rows = Array.from({ length: 40 }, (_, n) => givenRow(n));

describe('a run of DEITA on given rows', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script: scriptedScorer() }, others: { vectors: {} } });
  });
  after(() => harness.stop());

  const start = (changes: Record<string, unknown>, data = rows) =>
    harness.finishedRun(
      {
        method: 'deita',
        teachers: embedder,
        score: { scorer: 'judge' },
        select: { size: 10, embedder: 'vectors' },
        ...changes,
      },
      { given: { data } },
    );
  const assertAddsUp = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);

  it('scores every turn, selects, and says of every row what became of it', async () => {
    const runId = await start({});
    await assertAddsUp(runId);
    const scores = await readJsonlAt<ScoredRow>(harness.store, roundFiles(runId, 1).scores);
    assert.equal(scores.length, rows.length);
    for (const { complexity, quality, score, missing } of scores) {
      assert.equal(missing, null);
      const sum = complexity.reduce<number>((sum, one, turn) => sum + (one ?? 0) * (quality[turn] ?? 0), 0);
      assert.ok(Math.abs((score ?? 0) - sum) < 1e-9);
    }
    const selection = await readJsonlAt<SelectionRow>(harness.store, runFiles(runId).selection);
    assert.equal(selection.length, rows.length);
    const report = await readJson<SelectionReport>(harness.store, runFiles(runId).dataset('selection.json'));
    assert.equal(report.selected, 10);
    const train = await readJsonlAt<{ messages: unknown[] }>(
      harness.store,
      runFiles(runId).dataset('train.jsonl'),
    );
    assert.equal(train.length, 10);
    const { scoring, state } = await readStatus(harness.store, runId);
    assert.deepEqual([state, scoring], ['finished', { rows: 40, scored: 40, missing: {} }]);
  });
});

function givenRow(n: number): GivenRow {
  const topic = n % 4 === 3 ? n - 1 : n;
  const turn = {
    instruction: `Explain subject ${topic * 7919} to me.`,
    response: `Subject ${topic * 7919} is about ${topic * 31}${n % 4 === 3 ? '!' : '.'}`,
  };
  const turns =
    n % 5 === 0
      ? [turn, { instruction: `And what of ${n}?`, response: `Of ${n} nothing is known.` }]
      : [turn];
  return {
    id: `row-${n + 1}`,
    turns,
    row: n + 1,
    example: { instruction: turn.instruction, output: turn.response },
  };
}
