import type { ScanKind } from '../../methods/scan/scan-kinds.js';
import { type PreferencePair, preferencePairs } from '../../methods/deita/preference-pairs.js';
import { type StatedOrigin, statedOrigin } from '../../methods/stated-origin.js';
import { readJson, readJsonIfAny, readJsonlAt, writeJson, writeJsonl } from '../../store/artifacts.js';
import type { RunResult } from '../export-dataset.js';
import type { EvolveSettings } from '../recipe-deita.js';
import type { OriginalRow, Ranking } from '../rows.js';
import type { Runs, StoredRecipe } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { ConversationRow, ScorerPair, TrainScorerResult } from '../student-messages.js';
import type { Store } from '../../store/types.js';
import type { Candidate, CandidateCall, ExportInput, ExportResult, RejectReason, Tally } from '../types.js';
import {
  evolutionOf,
  evolveOf,
  type Origin,
  rankRoundOf,
  readOrigins,
  readVariants,
  textOf,
  variantText,
} from './evolution.js';

/** A row of `variants.jsonl`: an origin, or what a round has made of it. */
export interface VariantRow {
  /** Id of the given row. */
  origin: string;
  /** 0 is the origin itself, else the round. */
  variant: number;
  /** null: the origin itself. */
  strategy: string | null;
  text: string;
  /** 1 to 6; null: eliminated, or not ranked. */
  score: number | null;
  /** Why it is in no ranking; null: nothing speaks against it. */
  eliminated: RejectReason | null;
  /** Whether it was judged to say anything new; null: not asked, or not answered. */
  gain: boolean | null;
  /** Kinds of personal data and secrets that it has, where the recipe flags them. */
  flags?: ScanKind[];
  /** Of its origin: variants that were not eliminated; fewer than there were rounds is no error. */
  survivors: number;
  /** Of its origin: why there are no scores; null: it was ranked. */
  unranked: Ranking['missing'];
  /** What contributed to it; the origin's is the ranking. */
  calls: CandidateCall[];
}

/** `evolution.json`. */
export interface EvolutionReport {
  aspect: EvolveSettings['aspect'];
  rounds: number;
  origins: number;
  ranked: number;
  unranked: Tally<NonNullable<Ranking['missing']>>;
  /** Origins by how many of their variants were not eliminated, from 0 on. */
  survivors: number[];
  variants: { made: number; kept: number; eliminated: Tally<RejectReason> };
  scorerPairs: number;
  preferencePairs: number;
  /** null: none was trained. */
  scorer: Omit<TrainScorerResult, 'adapter' | 'seconds'> | null;
}

/** Everything that a run of evolution writes, from its rounds alone. */
export interface EvolutionDataset {
  variants: VariantRow[];
  pairs: ScorerPair[];
  /** Only for `quality`: instructions have no better and worse responses. */
  dpo: PreferencePair[];
  /** The best response to each instruction that was ranked; none for `complexity`, whose instructions have no responses. */
  train: { messages: { role: string; content: string }[] }[];
  /** In the order of `train`. */
  lineage: VariantRow[];
  report: EvolutionReport;
}

/** Writes variants, pairs for a scorer and for preferences, the best responses, and the scorer that was trained. */
export async function exportEvolution(runs: Runs, input: ExportInput): Promise<ExportResult> {
  const { run, rounds } = input;
  const { store } = runs;
  const recipe = await runs.recipe(run);
  const files = runFiles(run.runId);
  const made = await evolutionDataset(store, { recipe, runId: run.runId });
  const train = await writeJsonl(store, files.dataset('train.jsonl'), made.train);
  const stated = await statedOrigins(store, { recipe, runId: run.runId });
  const lineage = made.lineage.map((row) => ({
    ...row,
    ...stated.get(row.origin),
    run: run.runId,
    method: recipe.method,
  }));
  await writeJsonl(store, files.dataset('lineage.jsonl'), lineage);
  await writeJsonl(store, files.dataset('variants.jsonl'), made.variants);
  await writeJsonl(store, files.dataset('scorer-pairs.jsonl'), made.pairs);
  if (evolveOf(recipe).aspect === 'quality') await writeJsonl(store, files.dataset('dpo.jsonl'), made.dpo);
  await writeJson(store, files.dataset('evolution.json'), made.report);
  await writeJson(store, files.dataset('recipe.json'), await readJson(store, files.recipe));
  await copyScorer(store, run.runId);
  const surplus = await writeJsonl(store, files.dataset('surplus.jsonl'), []);
  const dataset = { dataset: `${run.runId}/dataset`, train, surplus };
  const result: RunResult = { state: input.state, stopReason: input.stopReason, rounds, dataset };
  await writeJson(store, files.result, result);
  return dataset;
}

/** What given rows say of where they are from, by their ids. */
async function statedOrigins(
  store: Store,
  { recipe, runId }: { recipe: StoredRecipe; runId: string },
): Promise<Map<string, StatedOrigin>> {
  const stated = new Map<string, StatedOrigin>();
  for (let part = 1; ; part += 1) {
    const files = roundFiles(runId, part);
    const rows = await readJsonlAt<ConversationRow>(store, files.rows, { missing: 'empty' });
    const originals = await readJsonlAt<OriginalRow>(store, files.originals, { missing: 'empty' });
    for (const [at, { id }] of rows.entries())
      stated.set(id, statedOrigin(originals[at]?.example ?? {}, recipe.provenance));
    if (rows.length === 0) return stated;
  }
}

/** What the export of a run is, or has to be. */
export async function evolutionDataset(
  store: Store,
  { recipe, runId }: { recipe: StoredRecipe; runId: string },
): Promise<EvolutionDataset> {
  const evolve = evolveOf(recipe);
  const ranked = roundFiles(runId, rankRoundOf(recipe));
  const origins = await readOrigins(store, runId);
  const rankings = await readJsonlAt<Ranking>(store, ranked.rankings, { missing: 'empty' });
  const pairs = await readJsonlAt<ScorerPair>(store, ranked.scorerPairs, { missing: 'empty' });
  const made = await allVariants(store, { evolve, runId, origins: origins.length });
  const whole = origins.map((origin, place) => {
    const candidates = made[place] ?? [];
    return { origin, rows: rowsOf({ evolve, origin, candidates, ranking: rankings[place] }) };
  });
  const best = evolve.aspect === 'quality' ? whole.flatMap(bestOf) : [];
  const dpo = evolve.aspect === 'quality' ? whole.flatMap((one) => preferencesOf(one, evolve)) : [];
  const trained = await readJsonIfAny<TrainScorerResult>(store, runFiles(runId).scorerReport);
  const { adapter: _adapter, seconds: _seconds, ...scorer } = trained ?? ({} as TrainScorerResult);
  return {
    variants: whole.flatMap(({ rows }) => rows),
    pairs,
    dpo,
    train: best.map(({ origin, row }) => ({
      messages: [
        { role: 'user', content: origin.instruction },
        { role: 'assistant', content: row.text },
      ],
    })),
    lineage: best.map(({ row }) => row),
    report: {
      ...reportOf(whole),
      aspect: evolve.aspect,
      rounds: evolve.rounds,
      scorerPairs: pairs.length,
      preferencePairs: dpo.length,
      scorer: trained ? scorer : null,
    },
  };
}

/** By origin, in the order of the rounds. */
async function allVariants(
  store: Store,
  { evolve, runId, origins }: { evolve: EvolveSettings; runId: string; origins: number },
): Promise<Candidate[][]> {
  const made = Array.from({ length: origins }, (): Candidate[] => []);
  for (let round = 1; round <= evolve.rounds; round += 1) {
    for (const variant of await readVariants(store, { runId, round }))
      made[evolutionOf(variant).row]?.push(variant);
  }
  return made;
}

function rowsOf(options: {
  evolve: EvolveSettings;
  origin: Origin;
  candidates: readonly Candidate[];
  /** A cancelled run may have none. */
  ranking: Ranking | undefined;
}): VariantRow[] {
  const { evolve, origin, candidates, ranking } = options;
  const scores = new Map(ranking?.variants.map((variant, n) => [variant, ranking.scores?.[n] ?? null]));
  const common = {
    survivors: candidates.filter(({ verdict }) => verdict.state === 'accepted').length,
    unranked: ranking === undefined ? ('cancelled' as const) : ranking.missing,
  };
  const itself: VariantRow = {
    origin: origin.id,
    variant: 0,
    strategy: null,
    text: textOf(origin, evolve),
    score: scores.get(0) ?? null,
    eliminated: null,
    gain: null,
    ...common,
    calls: ranking?.call ? [ranking.call] : [],
  };
  const variants = candidates.map((candidate): VariantRow => {
    const { strategy, gain } = evolutionOf(candidate);
    return {
      origin: origin.id,
      variant: candidate.round,
      strategy,
      text: variantText(candidate, evolve),
      score: scores.get(candidate.round) ?? null,
      eliminated: candidate.verdict.state === 'rejected' ? candidate.verdict.reason : null,
      gain,
      ...(candidate.flags && { flags: candidate.flags }),
      ...common,
      calls: candidate.calls,
    };
  });
  return [itself, ...variants];
}

interface EvolvedOrigin {
  origin: Origin;
  rows: VariantRow[];
}

/** The first of those with the highest score; none of an origin that was not ranked. */
function bestOf({ origin, rows }: EvolvedOrigin): { origin: Origin; row: VariantRow }[] {
  const scores = rows.flatMap(({ score }) => score ?? []);
  const row = rows.find(({ score }) => score !== null && score === Math.max(...scores));
  return row ? [{ origin, row }] : [];
}

function preferencesOf({ origin, rows }: EvolvedOrigin, { minMargin }: EvolveSettings): PreferencePair[] {
  return preferencePairs({ instruction: origin.instruction, variants: rows, minMargin });
}

function reportOf(
  whole: readonly EvolvedOrigin[],
): Pick<EvolutionReport, 'origins' | 'ranked' | 'unranked' | 'survivors' | 'variants'> {
  const unranked: EvolutionReport['unranked'] = {};
  const eliminated: EvolutionReport['variants']['eliminated'] = {};
  const survivors: number[] = [];
  for (const { rows } of whole) {
    const [itself] = rows;
    if (!itself) continue;
    if (itself.unranked !== null) unranked[itself.unranked] = (unranked[itself.unranked] ?? 0) + 1;
    while (survivors.length <= itself.survivors) survivors.push(0);
    survivors[itself.survivors] = (survivors[itself.survivors] ?? 0) + 1;
    for (const { eliminated: reason } of rows)
      if (reason !== null) eliminated[reason] = (eliminated[reason] ?? 0) + 1;
  }
  const made = whole.reduce((sum, { rows }) => sum + rows.length - 1, 0);
  const lost = Object.values(eliminated).reduce((sum, n) => sum + n, 0);
  return {
    origins: whole.length,
    ranked: whole.filter(({ rows }) => rows[0]?.unranked === null).length,
    unranked,
    survivors,
    variants: { made, kept: made - lost, eliminated },
  };
}

/** Beside the dataset, ready to be named in another recipe. */
async function copyScorer(store: Store, runId: string): Promise<void> {
  const files = runFiles(runId);
  for (const name of ['adapter_model.safetensors', 'adapter_config.json']) {
    const bytes = await store.read(`${files.trainedScorer}/${name}`);
    if (bytes !== undefined) await store.write(files.dataset(`scorer/${name}`), bytes);
  }
}
