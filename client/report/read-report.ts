/** Everything that the report of a run shows, read from its store alone: no server is asked. */
import { stringify } from 'yaml';
import type { RunResult } from '../../activities/export-dataset.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { recipeOfRound } from '../../activities/thresholds.js';
import type { SelectionReport } from '../../activities/rows.js';
import type { Progress } from '../../activities/types.js';
import { readJson, readJsonIfAny } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import { publicRecipe } from '../export/card.js';
import { readChanges } from '../changes.js';
import type { RunManifest } from '../run-identity.js';
import { readStatus, type StatusReport } from '../status.js';
import { version } from '../version.js';
import { addStage, type ExampleDraft, ExampleSample } from './example-drafts.js';
import { bestVariants, finishExample, type Outcome } from './examples.js';
import { addStageCalls, batchesOf, type RunOf, textsOf } from './look-up.js';
import { MapSample } from './map/read-map.js';
import { readCoverage } from './read-coverage.js';
import type { ReportData, ReportRun, ReportTotals } from './report-data.js';
import { readRounds } from './rounds.js';
import { eachStageRow } from './run-rows.js';
import { ScoreSample } from './scores.js';
import { CandidateSimilarity, SelectionSimilarity, type Unnamed } from './similarity.js';
import { readStudent } from './student.js';

export interface ReportOptions {
  /** What is drawn where not everything is shown; the same seed draws the same. Default: 0. */
  seed?: number;
  onProgress?: (progress: ReportProgress) => void;
  /** Ends the work. */
  signal?: AbortSignal;
}

export interface ReportProgress {
  doing: 'reading rounds' | 'reading rows' | 'looking up' | 'drawing the map';
  round: number;
  rounds: number;
}

/**
 * Reads a run's report. Works for runs that go on, are paused, have failed, were cancelled, or have made nothing yet. One
 * round's files are in memory at a time, and of their rows a seeded sample: `samples` says what was drawn.
 * @throws UserError when there is no such run; CorruptDataError for files that are not as they were written.
 */
export async function readReport(
  store: Store,
  runId: string,
  options: ReportOptions = {},
): Promise<ReportData> {
  const status = await readStatus(store, runId);
  const files = runFiles(runId);
  const recipe = await readJson<StoredRecipe>(store, files.recipe);
  const manifest = await readJson<RunManifest>(store, files.manifest);
  const result = (await readJsonIfAny<RunResult>(store, files.result)) ?? null;
  const progress = await readJsonIfAny<Progress>(store, files.progress);
  const run: RunOf = { runId, rounds: result?.rounds ?? progress?.round ?? 0 };
  const seed = String(options.seed ?? 0);
  const tell = (doing: ReportProgress['doing'], round = run.rounds) => {
    options.signal?.throwIfAborted();
    options.onProgress?.({ doing, round, rounds: run.rounds });
  };

  const examples = new ExampleSample(seed);
  const mapSample = new MapSample(seed);
  const candidateSimilarity = new CandidateSimilarity();
  const rounds = await readRounds(store, {
    ...run,
    status,
    onRound: (round) => tell('reading rounds', round),
    visit: (candidate) => {
      examples.addCandidate(candidate);
      candidateSimilarity.add(candidate);
      mapSample.addCandidate(candidate);
    },
  });

  // Rows that were given are examples themselves; others are candidates that some of the table's rows are.
  const isGiven = startsFromData(recipe.method);
  const unit = isGiven ? 'row' : 'candidate';
  const known = new Map(isGiven ? [] : examples.drafts().map((draft) => [draft.example.id, draft]));
  const selectionSimilarity = new SelectionSimilarity();
  const scoreSample = new ScoreSample(seed);
  let hasSelection = false;
  tell('reading rows');
  await eachStageRow(store, run, (row) => {
    scoreSample.add(row);
    mapSample.addRow(row, { isGiven });
    selectionSimilarity.add(row);
    hasSelection ||= row.selection !== null;
    if (isGiven) examples.addRow(row, { isOrigin: recipe.method === 'evolve' });
    const draft = known.get(row.row.id);
    if (draft) addStage(draft, row);
  });

  tell('looking up');
  const drafts = isGiven ? examples.drafts() : [...known.values()];
  const best = recipe.method === 'evolve' ? await bestVariants(store, runId) : new Set<string>();
  const selectionReport = await readJsonIfAny<SelectionReport>(store, files.selectionReport);
  const newest = await recipeOfRound({ store }, { recipe, runId, round: candidateSimilarity.lastRound });
  const similarity = candidateSimilarity.result(newest) ?? selectionSimilarity.result(selectionReport);
  await addStageCalls(store, run, drafts);
  const texts = await textsOf(store, run, wantedTexts(drafts, similarity));
  const shown = new Set(drafts.map(({ example }) => example.id));
  const batches = await batchesOf(store, run, shown);
  const outcome: Outcome = { recipe, result, hasSelection, best };
  const student = await readStudent(store, {
    ...run,
    ...{ recipe, status, seed },
    isShown: (id) => shown.has(id),
  });
  const covered = await readCoverage(store, { ...run, recipe });
  const scored = scoreSample.result();
  tell('drawing the map');
  const mapped = mapSample.result(recipe);
  return {
    schemaVersion: 1,
    madeAt: new Date().toISOString(),
    seedmill: version,
    run: runOf({ status, manifest }),
    recipe: stringify(publicRecipe(recipe)),
    totals: totalsOf(status, result),
    rounds,
    similarity: similarity && {
      ...similarity,
      pairs: similarity.pairs.map((pair) => ({ ...pair, nearestText: texts.get(pair.nearestId) ?? '' })),
    },
    student: student?.student ?? null,
    scores: scored?.scores ?? null,
    map: mapped?.map ?? null,
    coverage: covered?.coverage ?? null,
    unit,
    examples: drafts.map((draft) => finishExample(draft, { outcome, texts, batches })),
    changes: (await readChanges(store, runId)).map(({ at, by, what }) => ({ at, by, what })),
    samples: [
      ...drawn(`${unit}s`, { shown: drafts.length, of: examples.seen, seed }),
      ...drawn('batches', { shown: student?.student.batches.length, of: student?.batches, seed }),
      ...drawn('seeds of attractive batches', {
        shown: student?.student.seeds.length,
        of: student?.seeds,
        seed,
      }),
      ...drawn('scored rows', {
        shown: scored?.scores.points.length,
        of: scored && scored.selected + scored.others,
        seed,
      }),
      ...drawn('rows on the map', { shown: mapped?.map.points.length, of: mapped?.of, seed }),
      ...(covered && covered.skills > covered.coverage.skills.length
        ? [`the ${covered.coverage.skills.length} most used of ${count(covered.skills)} skills`]
        : []),
    ],
  };
}

function runOf({ status, manifest }: { status: StatusReport; manifest: RunManifest }): ReportRun {
  const { runId, recipe, method, state, stopReason, target, paused, forkedFrom } = status;
  const { startedAt } = manifest;
  return {
    ...{ runId, recipe, method, state, stopReason, startedAt, target, paused },
    forkedFrom: forkedFrom && { runId: forkedFrom.runId, round: forkedFrom.round },
  };
}

function totalsOf(status: StatusReport, result: RunResult | null): ReportTotals {
  const { candidates, accepted, undecided, rejected, calls, tokens, costUsd, unknownUsd } = status;
  const { planned, answered, failed, sent, fromStore } = calls;
  return {
    ...{ candidates, accepted, undecided, rejected },
    examples: result?.dataset.train.count ?? null,
    calls: { planned, answered, failed, sent, fromStore },
    tokens: { prompt: tokens.prompt, completion: tokens.completion },
    ...{ costUsd, unknownUsd },
  };
}

/** Ids whose texts are shown beside an example: its seeds, and the neighbours of the nearest pairs. */
function wantedTexts(drafts: readonly ExampleDraft[], similarity: Unnamed | null): Set<string> {
  const wanted = new Set(drafts.flatMap(({ seedIds }) => seedIds));
  for (const { nearestId } of similarity?.pairs ?? []) wanted.add(nearestId);
  return wanted;
}

function drawn(
  what: string,
  { shown = 0, of, seed }: { shown?: number | undefined; of: number | null | undefined; seed: string },
): string[] {
  return of == null || of <= shown
    ? []
    : [`${count(shown)} of ${count(of)} ${what}, drawn with seed ${seed}`];
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
