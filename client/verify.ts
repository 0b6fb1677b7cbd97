/** Recomputes a run's accounts from its store: nothing is taken from what the run said about itself. */
import { countCalls, countCandidates, type PhaseFiles, readPhases } from '../activities/count-round.js';
import type { RunResult } from '../activities/export-dataset.js';
import type { AuthorsRow } from '../activities/skillmix/export-mix.js';
import { readItems } from '../activities/read-answer.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { promptFormOf } from '../activities/recipe-teacher.js';
import { teacherOf } from '../activities/teachers.js';
import { roundFiles, runFiles } from '../activities/run-files.js';
import { recipeOfRound } from '../activities/thresholds.js';
import type { Candidate, Counts, Progress } from '../activities/types.js';
import { candidateId } from '../methods/identity.js';
import { readJson, readJsonIfAny, readJsonl, readJsonlAt } from '../store/artifacts.js';
import { CorruptDataError, UserError } from '../store/errors.js';
import { checkRunId } from '../store/names.js';
import type { LedgerSums } from '../store/ledger-sums.js';
import { costUsd } from '../store/pricing.js';
import type { Store } from '../store/types.js';
import { addCounts, noCounts } from '../workflows/counts.js';
import { sumPreviews } from './preview/preview-ledger.js';
import type { RunManifest } from './run-identity.js';
import { verifyRowDataset, verifyStages } from './verify-deita.js';
import { verifyEvolution, verifyEvolvedRound } from './verify-evolution.js';
import { verifyJoinedSeeds } from './verify-seeds.js';
import { verifyScan } from './verify-scan.js';
import { verifyThresholds } from './verify-thresholds.js';
import { verifyReview } from './verify-review.js';

export interface VerifyReport {
  runId: string;
  ok: boolean;
  /** In words; empty when everything adds up. */
  problems: string[];
  ended: boolean;
  rounds: number;
  calls: Counts['calls'] & { pending: number };
  candidates: Counts['candidates'];
  attempts: Counts['attempts'];
  tokens: Counts['tokens'];
  /** Exact sum over attempts whose bill is known; null where a price is unknown. */
  costUsd: number | null;
  unknownUsd: number | null;
  dataset: { examples: number; surplus: number } | null;
  /** What previews of the same recipe and seeds have sent and paid: no part of the run. null: there were none. */
  previews: LedgerSums | null;
}

/**
 * Checks both accounting identities, every candidate's origin, the ledger's sums and the dataset.
 * @throws UserError when there is no such run.
 */
export async function verifyRun(store: Store, runId: string): Promise<VerifyReport> {
  checkRunId(runId);
  const files = runFiles(runId);
  const recipe = await readJsonIfAny<StoredRecipe>(store, files.recipe);
  if (!recipe) throw new UserError(`no run ${runId} in ${store.url}; "seedmill list" shows those there are`);
  const result = await readJsonIfAny<RunResult>(store, files.result);
  const progress = await readJsonIfAny<Progress>(store, files.progress);
  const manifest = await readJsonIfAny<RunManifest>(store, files.manifest);
  const rounds = result?.rounds ?? progress?.round ?? 0;

  const problems: string[] = [];
  let totals = noCounts();
  const accepted: Candidate[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const checked = await verifyRound({ store, recipe, runId, round, hasEnded: result !== undefined });
    problems.push(...checked.problems.map((problem) => `round ${round}: ${problem}`));
    totals = addCounts(totals, checked.counts);
    accepted.push(...checked.accepted);
  }
  const { answered, planned, failed } = totals.calls;
  const pending = planned - answered - sum(failed);
  if (result && pending !== 0)
    problems.push(`${pending} calls are neither answered nor failed in an ended run`);
  if (result && totals.candidates.undecided !== 0) {
    problems.push(`${totals.candidates.undecided} candidates are undecided in an ended run`);
  }
  if (result && progress) problems.push(...compareWithProgress(progress, totals));
  const dataset = result ? await verifyExport({ store, runId, recipe, rounds }, { result, accepted }) : null;
  problems.push(...(dataset?.problems ?? []));
  return {
    runId,
    ok: problems.length === 0,
    problems,
    ended: result !== undefined,
    rounds,
    calls: { ...totals.calls, pending },
    candidates: totals.candidates,
    attempts: totals.attempts,
    tokens: totals.tokens,
    costUsd: totals.costUsd,
    unknownUsd: totals.unknownUsd,
    dataset: dataset && { examples: dataset.examples, surplus: dataset.surplus },
    previews: manifest ? await sumPreviews(store, manifest.hash) : null,
  };
}

async function verifyRound(options: {
  store: Store;
  recipe: StoredRecipe;
  runId: string;
  round: number;
  hasEnded: boolean;
}): Promise<{ problems: string[]; counts: Counts; accepted: Candidate[] }> {
  const { store, recipe, runId, round, hasEnded } = options;
  const files = roundFiles(runId, round);
  const phases = await readPhases(store, { runId, round });
  const candidates = await readJsonlAt<Candidate>(store, files.candidates, { missing: 'empty' });
  const problems = phases.flatMap((phase) => [...verifyCalls(phase, hasEnded), ...verifyLedger(phase)]);
  problems.push(...(await verifyJoinedSeeds(store, { runId, round })));
  if (candidates.length > 0 || hasEnded) {
    problems.push(
      ...(recipe.method === 'evolve'
        ? await verifyEvolvedRound({ store, recipe, runId, round }, candidates)
        : verifyCandidates(recipe, phases, candidates)),
      ...(await verifyScan(recipe, candidates)),
      ...verifyThresholds(await recipeOfRound({ store }, { recipe, runId, round }), candidates),
    );
  }
  problems.push(...(await verifyReview({ store, recipe, runId, round }, candidates)));
  return {
    problems,
    counts: { ...countCalls(phases), candidates: countCandidates(candidates) },
    accepted: candidates.filter(({ verdict }) => verdict.state === 'accepted'),
  };
}

/** Every planned call has exactly one row, in call order. */
function verifyCalls({ phase, plan, calls }: PhaseFiles, hasEnded: boolean): string[] {
  const wrong = calls.filter((call, index) => hasEnded && call.callIndex !== index);
  const missing = hasEnded ? plan.length - calls.length : 0;
  const unkept = calls.filter(({ outcome, callKey }) => outcome === 'answered' && callKey === null);
  return [
    ...(wrong.length > 0 ? [`${phase}: ${wrong.length} calls are out of order`] : []),
    ...(missing !== 0 ? [`${phase}: ${missing} planned calls have no row`] : []),
    ...(unkept.length > 0 ? [`${phase}: ${unkept.length} answered calls name no stored answer`] : []),
  ];
}

/** Every attempt belongs to a planned call, has one intent, and costs its usage at the price of the day. */
function verifyLedger({ phase, plan, attempts }: PhaseFiles): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { intent, outcome } of attempts) {
    if (seen.has(intent.attemptId)) problems.push(`${phase}: attempt ${intent.attemptId} has two intents`);
    seen.add(intent.attemptId);
    if (!outcome?.usage) continue;
    const expected = costUsd(outcome.usage, intent.price);
    if (expected !== outcome.costUsd) {
      problems.push(
        `${phase}: attempt ${intent.attemptId} is booked at ${outcome.costUsd}, its usage costs ${expected}`,
      );
    }
  }
  const strays = attempts.filter(({ intent }) => plan[intent.callIndex] === undefined);
  if (strays.length > 0) problems.push(`${phase}: ${strays.length} attempts belong to no planned call`);
  return problems;
}

/** Reads the answers once more: each item must be there as one candidate, under the id that its place gives. */
function verifyCandidates(recipe: StoredRecipe, phases: PhaseFiles[], candidates: Candidate[]): string[] {
  const expected = new Set<string>();
  const places = new Map<string, { callKey: string; position: number }>();
  for (const { phase, calls } of phases) {
    const answered = calls.filter(({ outcome }) => outcome === 'answered');
    // A conversation of SkillMix is one candidate, named after its draft.
    if (phase === 'draft') {
      for (const { sampleKey } of answered)
        expected.add(candidateId({ callKey: sampleKey ?? '', position: 0, instance: 0 }));
    }
    if (phase !== 'instructions' && phase !== 'tasks') continue;
    for (const call of answered) {
      const answer = { text: call.text ?? '', truncated: call.truncated };
      for (const { position } of readItems({ phase, form: promptFormOf(teacherOf(recipe, phase)), answer })) {
        const place = { callKey: call.sampleKey ?? '', position };
        const id = candidateId({ ...place, instance: 0 });
        expected.add(id);
        places.set(id, place);
      }
    }
  }
  for (const { phase, plan, calls } of phases) {
    if (phase !== 'instances' && phase !== 'answers') continue;
    for (const call of calls.filter(({ outcome }) => outcome === 'answered')) {
      const { candidateId: id, isClassification } = plan[call.callIndex] ?? {};
      const answer = { text: call.text ?? '', truncated: call.truncated };
      const items = readItems({
        phase,
        form: promptFormOf(teacherOf(recipe, phase)),
        answer,
        isClassification: isClassification ?? null,
      });
      const place = places.get(id ?? '');
      if (!place) continue;
      // The first item is the instruction's own candidate; each further one is a candidate of its own.
      for (let instance = 1; instance < items.length; instance += 1)
        expected.add(candidateId({ ...place, instance }));
    }
  }
  const ids = new Set(candidates.map(({ id }) => id));
  const missing = [...expected].filter((id) => !ids.has(id));
  const extra = [...ids].filter((id) => !expected.has(id));
  return [
    ...(missing.length > 0 ? [`${missing.length} items of stored answers have no verdict`] : []),
    ...(extra.length > 0 ? [`${extra.length} candidates come from no stored answer`] : []),
    ...(ids.size !== candidates.length ? [`${candidates.length - ids.size} candidates share an id`] : []),
  ];
}

/** Not the spend: an answer that comes after its attempt timed out is booked later than the last progress. */
function compareWithProgress(progress: Progress, totals: Counts): string[] {
  const said = addCounts(progress.before, progress.current);
  const pairs: [string, number | null, number | null][] = [
    ['planned calls', said.calls.planned, totals.calls.planned],
    ['answered calls', said.calls.answered, totals.calls.answered],
    ['candidates', said.candidates.parsed, totals.candidates.parsed],
    ['accepted', said.candidates.accepted, totals.candidates.accepted],
  ];
  return pairs
    .filter(([, said, counted]) => said !== counted)
    .map(([name, said, counted]) => `${name}: the status says ${said}, the store has ${counted}`);
}

interface CheckedDataset {
  examples: number;
  surplus: number;
  problems: string[];
}

async function verifyExport(
  run: { store: Store; runId: string; recipe: StoredRecipe; rounds: number },
  { result, accepted }: { result: RunResult; accepted: Candidate[] },
): Promise<CheckedDataset> {
  try {
    return await verifyWhole(run, { result, accepted });
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return { examples: 0, surplus: 0, problems: [error.message] };
  }
}

async function verifyWhole(
  run: { store: Store; runId: string; recipe: StoredRecipe; rounds: number },
  { result, accepted }: { result: RunResult; accepted: Candidate[] },
): Promise<CheckedDataset> {
  const { store, recipe } = run;
  if (recipe.method === 'deita') return await verifyRowDataset(run, result);
  if (recipe.method === 'evolve') return await verifyEvolution(run, result);
  if (!recipe.score && !recipe.select)
    return await verifyDataset({ store, result, accepted, recipe, selected: null });
  const stages = await verifyStages(run, result);
  const dataset = await verifyDataset({ store, result, accepted, recipe, selected: stages.selected });
  return { ...dataset, problems: [...stages.problems, ...dataset.problems] };
}

async function verifyDataset(options: {
  store: Store;
  result: RunResult;
  accepted: Candidate[];
  recipe: StoredRecipe;
  /** By DEITA's selection; null: there was none. */
  selected: number | null;
}): Promise<CheckedDataset> {
  const { store, result, accepted, recipe, selected } = options;
  const folder = result.dataset.dataset;
  let files: DatasetFiles;
  try {
    files = {
      train: await readJsonl<TrainRow>(store, result.dataset.train),
      surplus: await readJsonl<Candidate>(store, result.dataset.surplus),
      lineage: await readJsonlAt<Candidate>(store, `${folder}/lineage.jsonl`),
      alpaca: await readJson<Instruction[]>(store, `${folder}/alpaca.json`),
      authors:
        recipe.method === 'skillmix' ? await readJson<AuthorsRow[]>(store, `${folder}/skillmix.json`) : null,
    };
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return { examples: 0, surplus: 0, problems: [error.message] };
  }
  const { train, surplus, lineage, alpaca, authors } = files;
  const expected = selected ?? Math.min(result.target ?? recipe.target, accepted.length);
  const known = new Map(accepted.map((candidate) => [candidate.id, candidate]));
  const rows = [...lineage, ...surplus];
  const exported = new Set(rows.map(({ id }) => id));
  const twice = rows.length - exported.size;
  const lost = accepted.filter(({ id }) => !exported.has(id)).length;
  const changed = lineage.filter((row, index) => {
    const source = known.get(row.id);
    const messages = train[index]?.messages.map(({ content }) => content).join('\n\n');
    return !source || !isSame(source, row) || !isSame(source, alpaca[index]) || messages !== textOf(source);
  });
  const problems = [
    ...(train.length !== expected ? [`train.jsonl has ${train.length} examples, expected ${expected}`] : []),
    ...(alpaca.length !== train.length
      ? [`alpaca.json has ${alpaca.length} examples, not ${train.length}`]
      : []),
    ...(lineage.length !== train.length
      ? [`lineage.jsonl has ${lineage.length} rows, not ${train.length}`]
      : []),
    ...(authors === null ? [] : verifyAuthors(authors, lineage)),
    ...(lost > 0 ? [`${lost} accepted examples are neither in the dataset nor in surplus`] : []),
    ...(twice > 0 ? [`${twice} examples are exported twice`] : []),
    ...(changed.length > 0 ? [`${changed.length} rows of the dataset are not what was accepted`] : []),
  ];
  return { examples: train.length, surplus: surplus.length, problems };
}

/** SkillMix's own format says the same as the lineage. */
function verifyAuthors(authors: AuthorsRow[], lineage: Candidate[]): string[] {
  const changed = lineage.filter((row, index) => {
    const said = authors[index];
    const { skills = [], queryType = '' } = row.mix ?? {};
    return (
      !isSame(row, said) || said?.skills_joined_str !== skills.join(', ') || said.query_str !== queryType
    );
  });
  return [
    ...(authors.length !== lineage.length
      ? [`skillmix.json has ${authors.length} examples, not ${lineage.length}`]
      : []),
    ...(changed.length > 0 ? [`${changed.length} rows of skillmix.json are not what was accepted`] : []),
  ];
}

interface DatasetFiles {
  train: TrainRow[];
  surplus: Candidate[];
  lineage: Candidate[];
  alpaca: Instruction[];
  /** null: the run is none of SkillMix. */
  authors: AuthorsRow[] | null;
}

type Instruction = Pick<Candidate, 'instruction' | 'input' | 'output'>;

interface TrainRow {
  messages: { content: string }[];
}

function isSame(a: Instruction, b: Instruction | undefined): boolean {
  return a.instruction === b?.instruction && a.input === b.input && a.output === b.output;
}

function textOf({ instruction, input, output }: Instruction): string {
  return [instruction, input, output].filter((part, index) => index === 2 || part !== '').join('\n\n');
}

function sum(tally: Record<string, number | undefined>): number {
  return Object.values(tally).reduce<number>((total, n) => total + (n ?? 0), 0);
}
