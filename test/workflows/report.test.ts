import assert from 'node:assert/strict';
import { givenSkill } from '../../activities/skillmix/skill-lists.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { BatchSignal } from '../../activities/student-messages.js';
import type { Candidate, Seed } from '../../activities/types.js';
import { readReport } from '../../client/report/read-report.js';
import type { ReportData, ReportStudent } from '../../client/report/report-data.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { RunHarness, until } from '../run-harness.js';
import { givenRows } from '../given-rows.js';
import { withScores } from '../scripted-deita.js';
import { rowsToEvolve, scriptedEvolution } from '../scripted-evolution.js';
import { scriptedSkillMix } from '../scripted-skillmix.js';
import { answer } from '../scripted-teacher.js';

const lists = { skills: { from: 'file', file: 's' }, queryTypes: { from: 'file', file: 'q' } };
const mix = {
  skills: Array.from({ length: 8 }, (_, n) => givenSkill(`skill_${n}`)),
  'query-types': [{ name: 'Type', definition: 'Asks.' }],
};
const stages = {
  score: { scorer: 'judge' },
  select: { size: 6, embedder: 'vectors', tau: 0.9999 },
  teachers: { vectors: { form: 'embedding' } },
};

describe('the report of a run', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script: withScores(answer) }, others: { vectors: {} } });
  });
  after(() => harness.stop());
  beforeEach(() => {
    harness.teacher.script = withScores(answer);
  });

  /** What verify has recounted from the same files. */
  async function reported(runId: string): Promise<ReportData> {
    const report = await readReport(harness.store, runId);
    const counted = await verifyRun(harness.store, runId);
    assert.deepEqual(counted.problems, []);
    const { totals, rounds } = report;
    const { candidates, calls } = counted;
    assert.deepEqual(
      [totals.candidates, totals.accepted, totals.undecided, totals.rejected],
      [candidates.parsed, candidates.accepted, candidates.undecided, candidates.rejected],
    );
    assert.deepEqual(
      [totals.calls.planned, totals.calls.answered, totals.calls.failed, totals.calls.sent],
      [calls.planned, calls.answered, calls.failed, counted.attempts.sent],
    );
    assert.deepEqual(totals.tokens, pick(counted.tokens));
    assert.equal(totals.costUsd, counted.costUsd);
    assert.equal(totals.examples, counted.dataset?.examples ?? null);
    const sum = (of: (round: ReportData['rounds'][number]) => number) =>
      rounds.reduce((total, round) => total + of(round), 0);
    assert.deepEqual(
      [sum((round) => round.calls), sum((round) => round.candidates), sum((round) => round.accepted)],
      [calls.planned, candidates.parsed, candidates.accepted],
    );
    assert.ok(Math.abs(sum(({ costUsd }) => costUsd ?? Number.NaN) - (counted.costUsd ?? 0)) < 1e-9);
    return report;
  }
  const stateOf = ({ examples }: ReportData, state: string) =>
    examples.filter((example) => example.state === state).length;

  describe('of SeDi-Instruct', () => {
    let runId: string;
    let report: ReportData;

    before(async () => {
      runId = await harness.finishedRun({ signal: 'train', target: 24 });
      report = await reported(runId);
    });

    it('has every candidate with what became of it', () => {
      const { totals, examples } = report;
      assert.equal(examples.length, totals.candidates);
      assert.equal(stateOf(report, 'dataset'), totals.examples);
      assert.equal(stateOf(report, 'surplus'), totals.accepted - (totals.examples ?? 0));
      assert.equal(stateOf(report, 'rejected'), totals.candidates - totals.accepted);
      assert.deepEqual(report.samples, []);
    });

    it('says the batch of each example that trained the student, and the texts of its seeds', async () => {
      const surplus = await readJsonlAt<Candidate & { place: { status: string } }>(
        harness.store,
        runFiles(runId).dataset('surplus.jsonl'),
      );
      const left = new Set(surplus.map(({ id }) => id));
      for (const { id, state } of report.examples.filter(({ state }) => state !== 'rejected'))
        assert.equal(state === 'surplus', left.has(id));
      const batched = report.examples.filter(({ batch }) => batch !== null);
      assert.ok(batched.length > 0);
      for (const { seeds, calls } of report.examples) {
        assert.ok(seeds.length > 0 && seeds.every(({ text }) => text !== ''));
        assert.ok(calls.length > 0 && calls.every(({ key }) => key !== ''));
      }
    });

    it('marks attractive batches as the refinement chose them, with the seeds they gave', async () => {
      const student = report.student as ReportStudent;
      const rounds = await refined(harness, runId);
      for (const { round, attractiveBatches, added } of rounds) {
        const marked = student.batches.filter((batch) => batch.round === round && batch.attractive);
        assert.equal(marked.length, attractiveBatches);
        const given = student.seeds.filter((seed) => seed.round === round);
        assert.deepEqual(given.map(({ id }) => id).sort(), [...added].sort());
        assert.ok(given.every(({ text }) => text !== ''));
      }
      const [first] = await readJsonlAt<BatchSignal>(harness.store, roundFiles(runId, 1).signal);
      const shown = student.batches.find(({ batch }) => batch === first?.batch);
      const losses = first?.examples.map(({ answerLoss }) => answerLoss) ?? [];
      assert.ok(Math.abs((shown?.loss ?? 0) - losses.reduce((a, b) => a + b, 0) / losses.length) < 1e-12);
      assert.deepEqual(
        student.heldOut.map(({ round }) => round),
        report.rounds.filter(({ heldOutLoss }) => heldOutLoss).map(({ round }) => round),
      );
      assert.ok(student.heldOut.length > 0);
    });

    it('has a map of words where no model has embedded the rows, and says so', () => {
      const { map, examples } = report;
      assert.match(map?.of ?? '', /^words .* no model has embedded/);
      const known = new Map(examples.map((example) => [example.id, example]));
      assert.ok((map?.points.length ?? 0) > 20);
      for (const { id, text, round, group } of map?.points ?? []) {
        const example = known.get(id);
        assert.ok(text.startsWith(example?.instruction ?? '?'));
        assert.equal(round, example?.round);
        assert.equal(group.startsWith('rejected'), example?.state === 'rejected');
      }
    });

    it('is the same each time but for its date', async () => {
      const again = await readReport(harness.store, runId);
      assert.deepEqual({ ...again, madeAt: report.madeAt }, report);
    });

    it('has each instruction’s similarity in one bin, and the nearest pairs with both texts', async () => {
      const { similarity } = report;
      assert.ok(similarity);
      assert.deepEqual([similarity.metric, similarity.threshold], ['ROUGE-L', 0.85]);
      const candidates = await candidatesOf(harness, runId, report.rounds.length);
      const compared = candidates.filter(({ nearest, instance }) => nearest !== null && instance === 0);
      const inBins = similarity.bins.reduce((sum, bin) => sum + bin.accepted + bin.rejected + bin.other, 0);
      assert.equal(inBins + similarity.bounded, compared.length);
      const texts = new Map(candidates.map(({ id, instruction }) => [id, instruction]));
      const seeds = await readJsonlAt<Seed>(harness.store, runFiles(runId).seeds);
      for (const { id, instruction } of seeds) texts.set(id, instruction);
      assert.ok(similarity.pairs.length > 1);
      for (const { id, text, nearestId, nearestText } of similarity.pairs)
        assert.deepEqual([text, nearestText], [texts.get(id), texts.get(nearestId)]);
      const order = similarity.pairs.map(({ accepted, similarity }) => (accepted ? 1 : 0) + similarity / 2);
      assert.deepEqual(
        order,
        [...order].sort((a, b) => b - a),
      );
    });
  });

  it('of Self-Instruct with DEITA’s stages has scores, selection and the calls of both', async () => {
    const runId = await harness.finishedRun({ ...stages, method: 'self-instruct', target: 20 });
    const report = await reported(runId);
    assert.equal(stateOf(report, 'dataset'), 6);
    assert.equal(stateOf(report, 'not-selected'), 14);
    assert.equal(report.scores?.points.length, 20);
    assert.equal(report.scores?.hasSelection, true);
    assert.equal(report.scores?.points.filter(({ selected }) => selected).length, 6);
    const chosen = report.examples.find(({ state }) => state === 'dataset');
    assert.ok(chosen && chosen.complexity !== null && chosen.quality !== null);
    const phases = chosen.calls.map(({ phase }) => phase);
    for (const phase of ['complexity', 'quality', 'vectors'] as const) assert.ok(phases.includes(phase));
    assert.equal(report.student, null);
    assert.equal(report.map?.of, 'embeddings by vectors');
    const groups = report.map.points.map(({ group }) => group);
    assert.equal(groups.filter((group) => group === 'selected').length, 6);
    assert.equal(groups.length, 20);
  });

  it('of Instruct-SkillMix has its coverage', async () => {
    harness.teacher.script = scriptedSkillMix();
    const runId = await harness.finishedRun(
      { method: 'skillmix', target: 12, skillmix: lists },
      { given: mix },
    );
    const { coverage, examples, similarity } = await reported(runId);
    assert.ok(coverage);
    assert.equal(coverage.skills.length, 8);
    const used = examples.flatMap(({ skills }) => skills);
    for (const skill of coverage.skills)
      assert.equal(skill.used, used.filter((name) => name === skill.name).length);
    assert.equal(
      coverage.pairs.reduce((sum, pair) => sum + pair.used, 0),
      examples.length,
    );
    assert.deepEqual(coverage.queryTypes, [{ name: 'Type', used: examples.length }]);
    assert.equal(similarity?.threshold, null);
  });

  it('of DEITA on given rows has rows with scores, and why the others were not selected', async () => {
    const { select } = stages;
    const report = await reported(
      await harness.finishedRun(
        { ...stages, method: 'deita', select: { ...select, tau: 0.5 } },
        { given: { data: givenRows(30) } },
      ),
    );
    assert.equal(report.examples.length, 30);
    assert.equal(stateOf(report, 'dataset'), report.totals.examples);
    const others = report.examples.filter(({ state }) => state === 'not-selected');
    assert.equal(others.length, 30 - (report.totals.examples ?? 0));
    assert.ok(others.every(({ reason }) => reason === 'similar' || reason === 'not-reached'));
    assert.equal(report.similarity?.metric, 'cosine');
    for (const { nearestText } of report.similarity?.pairs ?? []) assert.notEqual(nearestText, '');
    assert.ok(report.examples.some(({ history }) => history.length > 0));
  });

  it('of DEITA’s evolution has variants with their origins, and which are the best', async () => {
    harness.teacher.script = scriptedEvolution();
    const report = await reported(
      await harness.finishedRun(
        { method: 'evolve', evolve: { aspect: 'quality', rounds: 2 } },
        { given: { data: rowsToEvolve(6) } },
      ),
    );
    assert.equal(stateOf(report, 'dataset'), report.totals.examples);
    assert.equal(report.examples.length, report.totals.candidates + 6);
    const variant = report.examples.find(({ state }) => state === 'dataset');
    assert.equal(variant?.seeds.length, 1);
    assert.notEqual(variant?.seeds[0]?.text, '');
  });

  it('of a run that is paused in its middle says so, and what there is', async () => {
    const runId = await harness.startRun({ target: 5_000, signal: 'none', teacher: { model: 'paused' } });
    await until(async () => (await readStatus(harness.store, runId)).accepted > 0);
    await harness.pause(runId);
    await harness.untilQuiet(runId);
    const report = await readReport(harness.store, runId);
    assert.deepEqual([report.run.state, report.run.paused], ['paused', { by: 'ann', reason: 'lunch' }]);
    assert.equal(report.totals.examples, null);
    assert.equal(report.totals.calls.planned >= report.totals.calls.answered, true);
    assert.ok(report.changes.some(({ by, what }) => by === 'ann' && what.includes('lunch')));
    await harness.cancel(runId);
    await harness.result(runId);
    const ended = await reported(runId);
    assert.equal(ended.run.state, 'cancelled');
    assert.equal(stateOf(ended, 'dataset'), ended.totals.examples);
  });
});

function pick({ prompt, completion }: { prompt: number; completion: number }) {
  return { prompt, completion };
}

async function candidatesOf(harness: RunHarness, runId: string, rounds: number): Promise<Candidate[]> {
  const files = Array.from({ length: rounds }, (_, n) => roundFiles(runId, n + 1).candidates);
  return (await Promise.all(files.map((file) => readJsonlAt<Candidate>(harness.store, file)))).flat();
}

async function refined(
  { store }: RunHarness,
  runId: string,
): Promise<{ round: number; attractiveBatches: number; added: string[] }[]> {
  const names = (await store.list(runId)).filter((name) => name.endsWith('refined.json'));
  return await Promise.all(names.map(async (name) => JSON.parse(String(await store.read(name)))));
}
