/** Recomputes a run's accounts from its store: nothing is taken from what the run said about itself. */
import { countCalls, countCandidates, type PhaseFiles, readPhases } from '../activities/count-round.js';
import type { RunResult } from '../activities/export-dataset.js';
import { readItems } from '../activities/read-answer.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { roundFiles, runFiles } from '../activities/run-files.js';
import type { Candidate, Counts, Progress } from '../activities/types.js';
import { candidateId } from '../methods/identity.js';
import { readJson, readJsonIfAny, readJsonl, readJsonlAt } from '../store/artifacts.js';
import { UserError } from '../store/errors.js';
import { checkRunId } from '../store/names.js';
import { costUsd } from '../store/pricing.js';
import type { Store } from '../store/types.js';
import { addCounts, noCounts } from '../workflows/counts.js';

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
  const dataset = result ? await verifyDataset({ store, result, accepted, recipe }) : null;
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
  if (candidates.length > 0 || hasEnded) problems.push(...verifyCandidates(recipe, phases, candidates));
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
  const asking = phases.find(({ phase }) => phase === 'instructions' || phase === 'tasks');
  if (!asking) return [];
  const expected = new Set<string>();
  for (const call of asking.calls) {
    if (call.outcome !== 'answered' || call.sampleKey === null) continue;
    const answer = { text: call.text ?? '', truncated: call.truncated };
    for (const { position } of readItems({ phase: asking.phase, form: recipe.teacher.form, answer })) {
      expected.add(candidateId({ callKey: call.sampleKey, position, instance: 0 }));
    }
  }
  const found = candidates.filter(({ instance }) => instance === 0).map(({ id }) => id);
  const foundIds = new Set(found);
  const missing = [...expected].filter((id) => !foundIds.has(id));
  const extra = found.filter((id) => !expected.has(id));
  const ids = new Set(candidates.map(({ id }) => id));
  return [
    ...(missing.length > 0 ? [`${missing.length} items of stored answers have no verdict`] : []),
    ...(extra.length > 0 ? [`${extra.length} candidates come from no stored answer`] : []),
    ...(ids.size !== candidates.length ? [`${candidates.length - ids.size} candidates share an id`] : []),
  ];
}

function compareWithProgress(progress: Progress, totals: Counts): string[] {
  const said = addCounts(progress.before, progress.current);
  const pairs: [string, number | null, number | null][] = [
    ['planned calls', said.calls.planned, totals.calls.planned],
    ['answered calls', said.calls.answered, totals.calls.answered],
    ['candidates', said.candidates.parsed, totals.candidates.parsed],
    ['accepted', said.candidates.accepted, totals.candidates.accepted],
    ['prompt tokens', said.tokens.prompt, totals.tokens.prompt],
    ['completion tokens', said.tokens.completion, totals.tokens.completion],
    ['cost', said.costUsd, totals.costUsd],
  ];
  return pairs
    .filter(([, said, counted]) => said !== counted)
    .map(([name, said, counted]) => `${name}: the status says ${said}, the store has ${counted}`);
}

async function verifyDataset(options: {
  store: Store;
  result: RunResult;
  accepted: Candidate[];
  recipe: StoredRecipe;
}): Promise<{ examples: number; surplus: number; problems: string[] }> {
  const { store, result, accepted, recipe } = options;
  const folder = result.dataset.dataset;
  const train = await readJsonl<unknown>(store, result.dataset.train);
  const surplus = await readJsonl<Candidate>(store, result.dataset.surplus);
  const lineage = await readJsonlAt<Candidate>(store, `${folder}/lineage.jsonl`);
  const alpaca = await readJson<unknown[]>(store, `${folder}/alpaca.json`);
  const expected = Math.min(recipe.target, accepted.length);
  const kept = new Set([...lineage, ...surplus].map(({ id }) => id));
  const lost = accepted.filter(({ id }) => !kept.has(id));
  const problems = [
    ...(train.length !== expected ? [`train.jsonl has ${train.length} examples, expected ${expected}`] : []),
    ...(alpaca.length !== train.length
      ? [`alpaca.json has ${alpaca.length} examples, not ${train.length}`]
      : []),
    ...(lineage.length !== train.length
      ? [`lineage.jsonl has ${lineage.length} rows, not ${train.length}`]
      : []),
    ...(lost.length > 0
      ? [`${lost.length} accepted examples are neither in the dataset nor in surplus`]
      : []),
    ...(kept.size !== accepted.length
      ? [`dataset and surplus hold ${kept.size} examples, not ${accepted.length}`]
      : []),
  ];
  return { examples: train.length, surplus: surplus.length, problems };
}

function sum(tally: Record<string, number | undefined>): number {
  return Object.values(tally).reduce<number>((total, n) => total + (n ?? 0), 0);
}
