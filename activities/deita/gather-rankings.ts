import { parseRanking } from '../../methods/deita/evolve-prompts.js';
import { placeScores } from '../../methods/deita/ranking.js';
import { scorerPairs, trainingText } from '../../methods/deita/scorer-pairs.js';
import { writeJsonl } from '../../store/artifacts.js';
import { type PlannedCallRow, readCalls } from '../phase-calls.js';
import type { EvolveSettings } from '../recipe-deita.js';
import type { Ranking } from '../rows.js';
import type { Runs } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import { lineageOf } from '../screen-candidates.js';
import type { ScorerPair } from '../student-messages.js';
import type { GatheredRankings, RoundInput } from '../types.js';
import { evolveOf, type Origin, readOrigins, type Survivor, survivorsBefore } from './evolution.js';
import type { EvolvedRound } from './gather-variants.js';

/** Writes the scores of every origin and its variants, and what a scorer learns from them. */
export async function gatherRankings(runs: Runs, { run, round }: RoundInput): Promise<GatheredRankings> {
  const recipe = await runs.recipe(run);
  const files = roundFiles(run.runId, round);
  const { rankings, pairs } = await rankedOrigins({ store: runs.store, recipe, runId: run.runId, round });
  await writeJsonl(runs.store, files.rankings, rankings);
  const ranked = new Set(pairs.map(({ origin }) => origin)).size;
  return { pairs: await writeJsonl(runs.store, files.scorerPairs, pairs), ranked, note: noteOf(rankings) };
}

/** From nothing but the answers and the rounds before. */
export async function rankedOrigins({
  store,
  recipe,
  runId,
  round,
}: EvolvedRound): Promise<{ rankings: Ranking[]; pairs: ScorerPair[] }> {
  const evolve = evolveOf(recipe);
  const origins = await readOrigins(store, runId);
  const survivors = await survivorsBefore(store, { runId, round, origins, evolve });
  const calls = await readCalls({ store }, { run: { runId }, round, phase: 'rank' });
  const asked = new Map(calls.map((row) => [row.plan.deita?.origin, row]));
  const rankings = origins.map(({ id }, place) =>
    rankingOf({ origin: id, survivors: survivors[place] ?? [], row: asked.get(place) }),
  );
  const pairs = origins.flatMap((origin, place) =>
    pairsOf({ evolve, origin, survivors: survivors[place] ?? [], ranking: rankings[place] as Ranking }),
  );
  return { rankings, pairs };
}

function rankingOf(options: {
  origin: string;
  survivors: readonly Survivor[];
  row: PlannedCallRow | undefined;
}): Ranking {
  const { origin, survivors, row } = options;
  const variants = survivors.map(({ variant }) => variant);
  const common = { origin, survivors: variants.length - 1, variants };
  if (variants.length < 2) return { ...common, scores: null, missing: 'no-survivors', call: null };
  const order = row?.plan.deita?.order;
  // A cancelled run may not have asked.
  if (row === undefined || order === undefined)
    return { ...common, scores: null, missing: 'cancelled', call: null };
  const { outcome, text } = row.call;
  if (outcome !== 'answered') return { ...common, scores: null, missing: outcome, call: null };
  const scores = parseRanking(text ?? '');
  if (scores === null) throw new Error(`the ranking of ${origin} was of use and cannot be read`);
  return { ...common, scores: placeScores({ order, scores }), missing: null, call: lineageOf(row.call) };
}

function pairsOf(options: {
  evolve: EvolveSettings;
  origin: Origin;
  survivors: readonly Survivor[];
  ranking: Ranking;
}): ScorerPair[] {
  const { evolve, origin, survivors, ranking } = options;
  const rows = scorerPairs({
    origin: origin.id,
    aspect: evolve.aspect,
    instruction: origin.instruction,
    variants: survivors.map((survivor, n) => ({ ...survivor, score: ranking.scores?.[n] ?? null })),
  });
  return rows.map((row) => ({
    id: `${origin.id}#${row.variant}`,
    origin: origin.id,
    prompt: trainingText(row).prompt,
    score: row.score,
  }));
}

/** `40 origins, 36 ranked, no-survivors 3, unparsable 1` */
function noteOf(rankings: readonly Ranking[]): string {
  const reasons = new Map<string, number>();
  for (const { missing } of rankings)
    if (missing !== null) reasons.set(missing, (reasons.get(missing) ?? 0) + 1);
  const ranked = rankings.filter(({ scores }) => scores !== null).length;
  const counted = [...reasons].sort().map(([reason, n]) => `${reason} ${n}`);
  return [`${rankings.length} origins`, `${ranked} ranked`, ...counted].join(', ');
}
