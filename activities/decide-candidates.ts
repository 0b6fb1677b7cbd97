import { candidateId, contentHash } from '../methods/identity.js';
import { parseClassification } from '../methods/self-instruct/parse.js';
import { rejectInstances } from '../methods/self-instruct/rejects.js';
import { readJsonlAt } from '../store/artifacts.js';
import { type ContaminationCheck, contaminationCheck } from './contamination.js';
import { type PlannedCallRow, readCalls } from './phase-calls.js';
import { readItems } from './read-answer.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { promptFormOf } from './recipe-teacher.js';
import { writeDecided } from './review/reviewed.js';
import { scanCandidates } from './scan-candidates.js';
import { teacherOf } from './teachers.js';
import { roundFiles } from './run-files.js';
import { lineageOf, promptOf } from './screen-candidates.js';
import type { Candidate, Ref, RoundInput, Verdict } from './types.js';

/** Gives every candidate of a round its last verdict, people's included once there are some, and writes `candidates.jsonl`. */
export async function decideCandidates(
  runs: Runs,
  at: RoundInput,
): Promise<{ candidates: Ref; accepted: number }> {
  return await writeDecided(runs, at, await decidedCandidates(runs, at));
}

/**
 * Joins the instructions that passed the screen with their answers and gives every candidate its last verdict but people's.
 * Each further instance of an instruction is a candidate of its own: same instruction, own id, own verdict.
 */
export async function decidedCandidates(runs: Runs, { run, round }: RoundInput): Promise<Candidate[]> {
  const recipe = await runs.recipe(run);
  const files = roundFiles(run.runId, round);
  const screened = await readJsonlAt<Candidate>(runs.store, files.screened);
  const answers = await readAnswers(runs, { run, round }, recipe);
  const contamination = await contaminationCheck(runs, run);
  const answered = screened.flatMap((candidate) =>
    candidate.verdict.state === 'undecided'
      ? decide({ candidate, recipe, contamination, ...(answers.get(candidate.id) ?? {}) })
      : [candidate],
  );
  return await scanCandidates(answered, recipe);
}

/** The calls that answered one instruction. */
interface Answers {
  classify?: PlannedCallRow;
  answer?: PlannedCallRow;
}

async function readAnswers(
  runs: Runs,
  at: RoundInput,
  { generation }: StoredRecipe,
): Promise<Map<string, Answers>> {
  const answers = new Map<string, Answers>();
  if (generation.prompts === 'one-call') return answers;
  const isDirect = generation.answers === 'direct';
  const classify = isDirect ? [] : await readCalls(runs, { ...at, phase: 'classify' });
  const answer = await readCalls(runs, { ...at, phase: isDirect ? 'answers' : 'instances' });
  for (const row of classify) answers.set(row.plan.candidateId as string, { classify: row });
  for (const row of answer) {
    const id = row.plan.candidateId as string;
    answers.set(id, { ...answers.get(id), answer: row });
  }
  return answers;
}

function decide({
  candidate,
  recipe,
  contamination,
  classify,
  answer,
}: { candidate: Candidate; recipe: StoredRecipe; contamination: ContaminationCheck } & Answers): Candidate[] {
  const said = classify?.call.text ?? null;
  const isClassification =
    said === null
      ? null
      : parseClassification({
          text: said,
          truncated: false,
          form: promptFormOf(teacherOf(recipe, 'classify')),
        });
  const calls = [
    ...candidate.calls,
    ...[classify, answer].flatMap((row) => (row ? [lineageOf(row.call)] : [])),
  ];
  const base = { ...candidate, isClassification, calls };

  if (answer?.call.outcome !== 'answered') {
    const detail = answer ? answer.call.outcome : 'cancelled';
    return [{ ...base, verdict: { state: 'rejected', reason: 'instance-call-failed', detail } }];
  }
  const phase = recipe.generation.answers === 'direct' ? 'answers' : 'instances';
  const items = readItems({
    phase,
    form: promptFormOf(teacherOf(recipe, phase)),
    answer: { ...answer.call, text: answer.call.text ?? '' },
    isClassification: answer.plan.isClassification,
  });
  // An instance that does not parse has a verdict already; the rules compare the others with each other.
  const parsed = items.flatMap((item) => (item.rejected ? [] : [item.value]));
  const rejections = rejectInstances(parsed);
  let next = 0;
  return items.map((item, instance) => {
    const { input, output } = item.value ?? { input: '', output: '' };
    const rejected = item.rejected ?? rejections[next++] ?? null;
    // Its instruction passed the screen alone; what the benchmark asks may stand in the input.
    const verdict: Verdict = rejected
      ? { state: 'rejected', ...rejected }
      : ((input === '' ? null : contamination(promptOf({ ...candidate, input }))) ?? { state: 'accepted' });
    const callKey = candidate.calls[0]?.callKey ?? '';
    return {
      ...base,
      id: candidateId({ callKey, position: candidate.position, instance }),
      contentHash: contentHash({ instruction: candidate.instruction, input, output }),
      instance,
      input,
      output,
      verdict,
    };
  });
}
