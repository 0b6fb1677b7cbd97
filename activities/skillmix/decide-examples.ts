import { contentHash } from '../../methods/identity.js';
import { parseRating } from '../../methods/rating.js';
import { parseShirk } from '../../methods/skillmix/parse.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { callsByCandidate, type PlannedCallRow } from '../phase-calls.js';
import { type Runs, skillMixOf, type StoredRecipe } from '../run-data.js';
import { writeDecided } from '../review/reviewed.js';
import { roundFiles } from '../run-files.js';
import { scanCandidates } from '../scan-candidates.js';
import { lineageOf } from '../screen-candidates.js';
import { recipeInForce } from '../thresholds.js';
import type { Candidate, MixFields, Ref, ShirkerKind, Verdict, VerdictInput } from '../types.js';
import { shirkersOf } from './choose-calls.js';
import { isAnswered } from './conversations.js';

/** Gives every example of a round its last verdict, people's included once there are some, and writes `candidates.jsonl`. */
export async function decideExamples(
  runs: Runs,
  input: VerdictInput,
): Promise<{ candidates: Ref; accepted: number }> {
  return await writeDecided(runs, input, await decidedExamples(runs, input));
}

/** Gives the first share of a round's examples their worse answers, and every example its verdict by the gate. */
export async function decidedExamples(runs: Runs, input: VerdictInput): Promise<Candidate[]> {
  const { run, round } = input;
  const given = await runs.recipe(run);
  const recipe = await recipeInForce(runs, { ...input, recipe: given, step: 'decided' });
  const files = roundFiles(run.runId, round);
  const assembled = await readJsonlAt<Candidate>(runs.store, files.screened);
  const undecided = assembled.filter(({ verdict }) => verdict.state === 'undecided');
  const shirkers = new Set(shirkersOf(undecided, recipe).map(({ candidateId }) => candidateId));
  const shirked = await callsByCandidate(runs, { run, round, phase: 'shirk' });
  const judged = await callsByCandidate(runs, { run, round, phase: 'judge' });
  const judgedAll = assembled.map((candidate) => {
    if (candidate.verdict.state !== 'undecided') return candidate;
    const { id } = candidate;
    const kind = shirkers.has(id) ? (skillMixOf(recipe).shirkers?.kind ?? null) : null;
    const example = kind === null ? candidate : withShirk(candidate, { kind, row: shirked.get(id) });
    return example.verdict.state === 'undecided'
      ? withScore(example, { recipe, row: judged.get(id) })
      : example;
  });
  return await scanCandidates(judgedAll, recipe);
}

/** The instruction as it was, with a worse answer. */
function withShirk(
  candidate: Candidate,
  { kind, row }: { kind: ShirkerKind; row: PlannedCallRow | undefined },
): Candidate {
  const marked = withMix(candidate, { shirker: kind });
  const output = isAnswered(row) ? parseShirk(row.call.text ?? '') : null;
  if (!isAnswered(row) || output === null) {
    const detail = `shirk: ${outcomeOf(row)}`;
    return { ...marked, verdict: { state: 'rejected', reason: 'turn-failed', detail } };
  }
  const { instruction, input } = candidate;
  return {
    ...marked,
    output,
    contentHash: contentHash({ instruction, input, output }),
    calls: [...candidate.calls, lineageOf(row.call)],
  };
}

function outcomeOf(row: PlannedCallRow | undefined): string {
  return row?.call.outcome ?? 'cancelled';
}

/** Without a gate every example is good enough. */
function withScore(
  candidate: Candidate,
  { recipe, row }: { recipe: StoredRecipe; row: PlannedCallRow | undefined },
): Candidate {
  const { gate } = recipe;
  if (gate === undefined) return { ...candidate, verdict: { state: 'accepted' } };
  const answered = isAnswered(row) ? row : null;
  const score = parseRating(answered?.call.text ?? '');
  if (answered === null || score === null) {
    const detail = `judge: ${outcomeOf(row)}`;
    return { ...candidate, verdict: { state: 'rejected', reason: 'score-missing', detail } };
  }
  const isLow = score < gate.threshold;
  const verdict: Verdict = isLow
    ? { state: 'rejected', reason: 'low-quality', detail: `${score} of 6` }
    : { state: 'accepted' };
  return { ...withMix(candidate, { score }), calls: [...candidate.calls, lineageOf(answered.call)], verdict };
}

function withMix(candidate: Candidate, change: Partial<MixFields>): Candidate {
  const { mix } = candidate;
  if (mix === undefined) throw new Error(`candidate ${candidate.id} is no example of SkillMix`);
  return { ...candidate, mix: { ...mix, ...change } };
}
