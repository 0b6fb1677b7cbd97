import assert from 'node:assert/strict';
import type { StatusReport } from '../../client/status.js';
import { readStatus } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import type { PlanRow } from '../../activities/rows.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import { givenSkill } from '../../activities/skillmix/skill-lists.js';
import type { Candidate } from '../../activities/types.js';
import { readJson, readJsonlAt } from '../../store/artifacts.js';
import { RunHarness } from '../run-harness.js';
import { badAnswer, kindOf, scriptedSkillMix } from '../scripted-skillmix.js';

const skills = Array.from({ length: 12 }, (_, n) => givenSkill(`skill_${n}`));
const queryTypes = Array.from({ length: 4 }, (_, n) => ({ name: `Type ${n}`, definition: `Asks for ${n}.` }));
const given = { skills, 'query-types': queryTypes };
const lists = { skills: { from: 'file', file: 's.txt' }, queryTypes: { from: 'file', file: 'q.txt' } };

describe('a run of Instruct-SkillMix', () => {
  let harness: RunHarness;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start({ teacher: { script: scriptedSkillMix({ cutOff: 0.2 }) } });
  });
  after(() => harness.stop());

  const start = (changes: Record<string, unknown>, rows = given) =>
    harness.finishedRun({ method: 'skillmix', ...changes }, { given: rows });
  const status = (runId: string): Promise<StatusReport> => readStatus(harness.store, runId);
  const candidates = (runId: string, round = 1) =>
    readJsonlAt<Candidate>(harness.store, roundFiles(runId, round).candidates);
  const dataset = <Row>(runId: string, name: string) =>
    readJson<Row>(harness.store, runFiles(runId).dataset(name));
  const assertAddsUp = async (runId: string) =>
    assert.deepEqual((await verifyRun(harness.store, runId)).problems, []);
  /** Runs at the same server are told apart by their models. */
  const asking = (model: string) => ({ teacher: { model } });

  it('writes as many examples as it was asked for, each by its own turns', async () => {
    const runId = await start({ ...asking('turns'), target: 20, skillmix: lists });
    await assertAddsUp(runId);
    const rows = await candidates(runId);
    assert.equal(rows.filter(({ verdict }) => verdict.state === 'accepted').length, 20);
    for (const { mix, calls } of rows) {
      assert.equal(new Set(mix?.skills).size, 2);
      const turns = calls.map(({ phase }) => phase).filter((phase) => !phase.endsWith('rewrite'));
      assert.deepEqual(turns, ['draft', 'critique', 'improve']);
    }
    const kinds = harness.requestsFor('turns').map(({ body }) => kindOf(lastMessage(body)));
    assert.ok(kinds.includes('draftRewrite') && kinds.includes('improveRewrite'), 'no answer was cut off');
    const drafts = kinds.filter((kind) => kind === 'draft').length;
    assert.ok(kinds.filter((kind) => kind === 'draftRewrite').length < drafts);
  });

  it('shows each later turn the conversation so far, word for word', async () => {
    await start({ ...asking('words'), target: 4, skillmix: lists });
    const requests = harness.requestsFor('words').map(({ body }) => body.messages as { content: string }[]);
    const critique = requests.find((messages) => kindOf(last(messages)) === 'critique');
    const draft = requests.find(
      (messages) => messages.length === 1 && critique?.[0]?.content === last(messages).prompt,
    );
    assert.ok(draft, 'the critique does not begin with a draft that was asked for');
    assert.match(critique?.[1]?.content ?? '', /^### Instruction:/);
  });

  it('exports the authors’ format, its lists and the coverage', async () => {
    const runId = await start({ ...asking('export'), target: 8, skillmix: lists });
    const authors = await dataset<Record<string, string>[]>(runId, 'skillmix.json');
    assert.equal(authors.length, 8);
    const keys = ['instruction', 'input', 'output', 'skills_joined_str', 'query_str', 'generator'];
    for (const row of authors) {
      assert.deepEqual(Object.keys(row), keys);
      assert.match(row.skills_joined_str ?? '', /^skill_\d+, skill_\d+$/);
      assert.match(row.query_str ?? '', /^Type \d$/);
      assert.equal(row.generator, 'export');
    }
    const { skills: covered } = await dataset<{ skills: { used: number }[] }>(runId, 'coverage.json');
    assert.equal(
      covered.reduce((sum, { used }) => sum + used, 0),
      16,
    );
  });

  it('is found out when its authors’ format was changed', async () => {
    const runId = await start({ ...asking('changed'), target: 2, skillmix: lists });
    const file = runFiles(runId).dataset('skillmix.json');
    const rows = await dataset<object[]>(runId, 'skillmix.json');
    await harness.store.write(file, JSON.stringify([{ ...rows[0], query_str: 'Other' }, rows[1]]));
    const { problems } = await verifyRun(harness.store, runId);
    assert.deepEqual(problems, ['1 rows of skillmix.json are not what was accepted']);
  });

  it('deals every query type equally often', async () => {
    const runId = await start({ ...asking('types'), target: 8, skillmix: lists });
    const plan = await readJsonlAt<PlanRow>(harness.store, roundFiles(runId, 1).phase('draft').plan);
    const counts = queryTypes.map(({ name }) => plan.filter(({ mix }) => mix?.queryType === name).length);
    assert.deepEqual(counts, [2, 2, 2, 2]);
  });

  it('makes all five turns as the authors’ chain does when it is asked to', async () => {
    const runId = await start({
      ...asking('five'),
      target: 4,
      skillmix: { ...lists, rewrites: 'always' },
    });
    for (const { calls } of await candidates(runId)) {
      const turns = ['draft', 'draft-rewrite', 'critique', 'improve', 'improve-rewrite'];
      assert.deepEqual(
        calls.map(({ phase }) => phase),
        turns,
      );
    }
  });

  it('takes its pairs as JSON when it is asked to', async () => {
    const runId = await start({ ...asking('json'), target: 6, skillmix: { ...lists, answers: 'json' } });
    await assertAddsUp(runId);
    const rows = await candidates(runId);
    assert.equal(rows.filter(({ verdict }) => verdict.state === 'accepted').length, 6);
    for (const { instruction, output } of rows)
      assert.match(`${instruction} ${output}`, /^How would you [^{}]*$/);
    for (const { body } of harness.requestsFor('json')) {
      assert.equal('response_format' in body, kindOf(lastMessage(body)) !== 'critique');
    }
  });

  it('names no skills with `skills: none`', async () => {
    const runId = await start(
      { ...asking('none'), target: 4, skillmix: { ...lists, skills: 'none' } },
      { skills: [], 'query-types': queryTypes },
    );
    await assertAddsUp(runId);
    assert.ok(
      harness.requestsFor('none').some(({ body }) => kindOf(lastMessage(body)) === 'draftWithoutSkills'),
    );
    for (const { mix } of await candidates(runId)) assert.deepEqual(mix?.skills, []);
  });

  it('takes up to four skills an example', async () => {
    const runId = await start({ ...asking('four'), target: 4, skillmix: { ...lists, k: 4 } });
    for (const { mix } of await candidates(runId)) assert.equal(new Set(mix?.skills).size, 4);
  });

  it('counts the shirkers that the gate has caught, and the good ones that it dropped', async () => {
    const runId = await start({
      ...asking('gate'),
      target: 24,
      generation: { callsPerRound: 30 },
      skillmix: { ...lists, shirkers: { kind: 'junk', share: 0.25 } },
      gate: {},
    });
    await assertAddsUp(runId);
    const { gate, rejected } = await status(runId);
    assert.ok(gate);
    const rounds = (await readJson<{ rounds: number }>(harness.store, runFiles(runId).result)).rounds;
    let shirkers = 0;
    for (let round = 1; round <= rounds; round += 1) {
      for (const { mix, output, verdict } of await candidates(runId, round)) {
        if (mix?.shirker) shirkers += 1;
        if (verdict.state === 'accepted' && mix?.shirker === null) assert.ok(!output.includes(badAnswer));
      }
    }
    assert.equal(gate.shirkers, shirkers);
    assert.ok(gate.caught > 0 && gate.caught <= gate.shirkers);
    assert.equal(gate.caught + gate.dropped, rejected['low-quality']);
  });

  it('keeps a benchmark’s prompts out', async () => {
    const first = await start({ ...asking('clean'), target: 4, skillmix: lists });
    const [leaked] = await candidates(first);
    const runId = await start(
      {
        ...asking('clean'),
        seed: 1,
        name: 'decontaminated',
        target: 4,
        skillmix: lists,
        decontaminate: 'b.jsonl',
      },
      { ...given, benchmark: [{ id: 'b.jsonl:1', text: leaked?.instruction }] } as typeof given,
    );
    const [same] = await candidates(runId);
    assert.equal(same?.id, leaked?.id);
    assert.equal(same?.verdict.state === 'rejected' && same.verdict.reason, 'contaminated');
    await assertAddsUp(runId);
  });
});

function lastMessage(body: Record<string, unknown>): { prompt: string } {
  return last(body.messages as { content: string }[]);
}

function last(messages: { content: string }[]): { prompt: string } {
  return { prompt: messages.at(-1)?.content ?? '' };
}
