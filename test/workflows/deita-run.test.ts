import assert from 'node:assert/strict';
import type { ScoredRow, SelectionReport, SelectionRow } from '../../activities/rows.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { GivenRows } from '../../client/run-identity.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJson, readJsonlAt, writeJsonl } from '../../store/artifacts.js';
import { RunHarness, until } from '../run-harness.js';
import { givenRows, rowOf } from '../given-rows.js';
import { digitOf, scriptedScorer } from '../scripted-deita.js';
import { spellingVector } from '../scripted-vectors.js';

const rows = givenRows(40);
/** Of a few texts an embedder that was changed. */
const embed = (text: string) => (text.includes('nothing at all') ? [1, 2, 3] : spellingVector(text));
/** Eight rows alike, then eight whose answers say something else. */
const longRows = Array.from({ length: 16 }, (_, n) =>
  rowOf(n, [
    { instruction: `Subject ${n * 7919}?`, response: n < 8 ? 'It is known.' : 'Of it nothing at all.' },
  ]),
);
const certainty = 0.8;

describe('a run of DEITA on given rows', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    const script = scriptedScorer({ certainty });
    harness = await RunHarness.start({ teacher: { script }, others: { vectors: { embed } } });
  });
  after(() => harness.stop());

  const recipe = (changes: Record<string, unknown>) => ({
    method: 'deita',
    teachers: { vectors: { form: 'embedding' } },
    score: { scorer: 'judge' },
    select: { size: 10, embedder: 'vectors' },
    ...changes,
  });
  const start = (changes: Record<string, unknown>, given: GivenRows = { data: rows }) =>
    harness.finishedRun(recipe(changes), { given });
  const assertAddsUp = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
  const scoresOf = (runId: string, round = 1) =>
    readJsonlAt<ScoredRow>(harness.store, roundFiles(runId, round).scores);
  const selectionOf = (runId: string) => readJsonlAt<SelectionRow>(harness.store, runFiles(runId).selection);
  const dataset = <Value>(runId: string, name: string) =>
    readJson<Value>(harness.store, runFiles(runId).dataset(name));
  const datasetRows = <Row>(runId: string, name: string) =>
    readJsonlAt<Row>(harness.store, runFiles(runId).dataset(name));

  it('scores every turn by its expected value, and selects', async () => {
    const runId = await start({ teacher: { model: 'whole' } });
    await assertAddsUp(runId);
    const scores = await scoresOf(runId);
    const asked = harness.requestsFor('whole').length;
    const turns = rows.flatMap((row) => row.turns).length;
    assert.equal(asked, 2 * turns);
    for (const { complexity, quality, score, missing } of scores) {
      const sum = complexity.reduce<number>((sum, one, turn) => sum + (one ?? 0) * (quality[turn] ?? 0), 0);
      assert.equal(missing, null);
      assert.ok(Math.abs((score ?? 0) - sum) < 1e-9);
    }
    const values = scores.flatMap(({ quality }) => quality.map((one) => Number(one)));
    assert.ok(
      values.every((one) => Math.abs((one % 1) - (1 - certainty)) < 1e-9 || Math.abs(one - 5.8) < 1e-9),
    );
    const { scoring, state } = await readStatus(harness.store, runId);
    assert.deepEqual([state, scoring], ['finished', { rows: 40, scored: 40, missing: {} }]);
  });

  it('selects by the greedy rule: the best ones of which none is too similar to a better one', async () => {
    const runId = await start({ select: { size: 10, embedder: 'vectors', tau: 'q0.3' } });
    const selection = await selectionOf(runId);
    const report = await dataset<SelectionReport>(runId, 'selection.json');
    const selected = selection.filter(({ verdict }) => verdict === 'selected');
    assert.equal(selected.length, 10);
    assert.equal(report.selected, 10);
    assert.ok(report.similar > 0, 'no row was similar');
    const lowest = Math.min(...selected.map(({ score }) => score ?? 0));
    for (const { score, verdict } of selection)
      if (verdict !== 'selected' && (score ?? 0) > lowest) assert.equal(verdict, 'similar');
  });

  it('exports what was selected in the order of the file, with its scores, and why the others are not in', async () => {
    const runId = await start({});
    const train = await datasetRows<{ messages: { content: string }[] }>(runId, 'train.jsonl');
    const lineage = await datasetRows<{ row: number; selection: SelectionRow }>(runId, 'lineage.jsonl');
    const surplus = await datasetRows<{ row: number; selection: SelectionRow }>(runId, 'surplus.jsonl');
    const scored = await datasetRows<Record<string, unknown>>(runId, 'scored/part-001.jsonl');
    assert.deepEqual([train.length, lineage.length, surplus.length, scored.length], [10, 10, 30, 40]);
    assert.deepEqual(
      lineage.map(({ row }) => row),
      lineage.map(({ row }) => row).sort((a, b) => a - b),
    );
    for (const [at, { row }] of lineage.entries()) {
      const said = rows[row - 1]?.turns.flatMap(({ instruction, response }) => [instruction, response]);
      assert.deepEqual(
        train[at]?.messages.map(({ content }) => content),
        said,
      );
    }
    for (const [at, { instruction, evol_instruction_score: score }] of scored.entries()) {
      assert.equal(instruction, rows[at]?.example.instruction);
      assert.equal(Array.isArray(score), (rows[at]?.turns.length ?? 0) > 1);
    }
  });

  it('counts rows without a score by their reasons, and selects none of them', async () => {
    const data = [
      ...rows,
      rowOf(40, [{ instruction: 'Be vague.', response: 'Fine.' }]),
      rowOf(41, [{ instruction: 'Be mute.', response: 'Fine.' }]),
    ];
    const score = { scorer: 'logits' };
    const runId = await start({ score, select: { size: 42, tau: 1, embedder: 'vectors' } }, { data });
    await assertAddsUp(runId);
    const { scoring } = await readStatus(harness.store, runId);
    assert.deepEqual(scoring, {
      rows: 42,
      scored: 40,
      missing: { 'too-little-mass': 1, 'no-logprobs': 1 },
    });
    const verdicts = (await selectionOf(runId)).slice(40).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ['score-missing', 'score-missing']);
  });

  it('goes through the rows part by part, and comes to the same selection', async () => {
    const whole = await start({});
    const runId = await start({ rowsPerRound: 7 });
    await assertAddsUp(runId);
    assert.deepEqual(await selectionOf(runId), await selectionOf(whole));
    assert.equal((await verifyRun(harness.store, runId)).rounds, 6);
  });

  it('goes on where it was when its workers end and others come', async () => {
    const undisturbed = await start({ teacher: { model: 'calm' }, rowsPerRound: 15 });
    const runId = await harness.startRun(recipe({ teacher: { model: 'shaken' }, rowsPerRound: 15 }), {
      given: { data: rows },
    });
    for (const requests of [20, 60]) {
      await until(() => harness.requestsFor('shaken').length > requests);
      await harness.stopWorkers();
      await harness.startWorkers();
    }
    await harness.result(runId);
    await assertAddsUp(runId);
    assert.deepEqual(await selectionOf(runId), await selectionOf(undisturbed));
    assert.equal(harness.requestsFor('shaken').length, harness.requestsFor('calm').length);
  });

  it('scores a share of the rows twice, and says how far the scorer agrees with itself', async () => {
    const runId = await start({ score: { scorer: 'judge', twice: 0.25 } });
    await assertAddsUp(runId);
    assert.equal((await scoresOf(runId)).filter(({ again }) => again !== undefined).length, 10);
    const { quality } = await dataset<{ quality: { agreement: { count: number } } }>(
      runId,
      'calibration.json',
    );
    assert.equal(quality.agreement.count, rows.slice(0, 10).flatMap(({ turns }) => turns).length);
  });

  it('only scores where nothing is to be selected', async () => {
    const runId = await start({ select: undefined, teachers: {} });
    await assertAddsUp(runId);
    assert.equal((await datasetRows(runId, 'train.jsonl')).length, rows.length);
  });

  it('takes the student as scorer and as embedder', async () => {
    const file = { adapter: Buffer.from('adapter'), config: Buffer.from('{}') };
    const scorers = { complexity: file, quality: file };
    const runId = await start(
      {
        teachers: {},
        score: { scorer: 'student', complexity: 'a', quality: 'b' },
        select: { size: 10, embedder: 'student' },
        teacher: { model: 'idle' },
      },
      { data: rows, scorers },
    );
    await assertAddsUp(runId);
    assert.equal(harness.requestsFor('idle').length, 0);
    const prompts = await readJsonlAt<{ prompts: string[] }>(
      harness.store,
      roundFiles(runId, 1).scorerPrompts('complexity'),
    );
    const scores = await scoresOf(runId);
    assert.deepEqual(
      scores.map(({ complexity }) => complexity),
      prompts.map(({ prompts }) => prompts.map(digitOf)),
    );
  });

  it('selects from what it has when it is cancelled', async () => {
    const runId = await harness.startRun(recipe({ teacher: { model: 'cut' }, rowsPerRound: 10 }), {
      given: { data: rows },
    });
    await until(() => harness.requestsFor('cut').length > 40);
    await harness.cancel(runId);
    await harness.result(runId);
    await assertAddsUp(runId);
    const selection = await selectionOf(runId);
    assert.ok(selection.some(({ verdict }) => verdict === 'selected'));
    assert.ok(selection.length < rows.length);
    const [kept, others] = [
      await datasetRows(runId, 'train.jsonl'),
      await datasetRows(runId, 'surplus.jsonl'),
    ];
    assert.equal(kept.length + others.length, rows.length);
  });

  it('selects the only row that there is, whatever quantile is asked for', async () => {
    const select = { size: 5, embedder: 'vectors', tau: 'q0.9' };
    const runId = await start({ select }, { data: rows.slice(0, 1) });
    await assertAddsUp(runId);
    const { selection } = await readStatus(harness.store, runId);
    assert.equal(selection?.selected, 1);
    assert.match(selection?.warning ?? '', /only 1 of 5 rows/);
  });

  it('counts vectors of another length than the first ones as missing', async () => {
    const select = { size: 40, embedder: 'vectors', tau: 1 };
    const runId = await start({ select, rowsPerRound: 8, teacher: { model: 'lengths' } }, { data: longRows });
    await assertAddsUp(runId);
    const { selection } = await readStatus(harness.store, runId);
    assert.deepEqual([selection?.selected, selection?.vectorMissing], [8, 8]);
    assert.match(selection?.warning ?? '', /the vectors of 8 rows have another length/);
  });

  it('pauses when nothing of a part could be scored, before it pays for the others', async () => {
    const data = rows.map((row) => ({
      ...row,
      turns: [{ instruction: `Be mute ${row.id}.`, response: 'Fine.' }],
    }));
    const runId = await harness.startRun(recipe({ rowsPerRound: 10, teacher: { model: 'silent' } }), {
      given: { data },
    });
    await until(async () => (await harness.status(runId)).state === 'paused');
    const { settings } = await harness.status(runId);
    assert.match(settings.paused?.reason ?? '', /no score in this part: 10 rows: 0 scored, no-score 10/);
    assert.ok(harness.requestsFor('silent').length <= 2 * 2 * 10, 'a call and a fresh sample each');
    await harness.cancel(runId);
    await harness.result(runId);
    await assertAddsUp(runId);
  });

  it('is found out when a score or a verdict was changed', async () => {
    const runId = await start({});
    const scores = await scoresOf(runId);
    await writeJsonl(harness.store, roundFiles(runId, 1).scores, [
      { ...scores[0], score: 99 },
      ...scores.slice(1),
    ]);
    const { problems } = await verifyRun(harness.store, runId);
    assert.ok(problems.some((problem) => /round 1: 1 scores are not what the answers say/.test(problem)));
    assert.ok(problems.some((problem) => /selection.jsonl: \d+ rows/.test(problem)));
  });
});
