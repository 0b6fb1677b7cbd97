/** What is known of a run: from its files, and from the server where there is one. */
import type { RunResult } from '../activities/export-dataset.js';
import type { ReviewWait } from '../activities/review-messages.js';
import type { Recipe } from '../activities/recipe.js';
import type { SelectionReport } from '../activities/rows.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { runFiles } from '../activities/run-files.js';
import type { BatchStatus } from '../activities/teacher-batch/look-at-batch.js';
import type { Budget, Counts, LossChange, Progress, RecordedState, Spend } from '../activities/types.js';
import { readJson, readJsonIfAny } from '../store/artifacts.js';
import { UserError } from '../store/errors.js';
import { checkRunId } from '../store/names.js';
import type { Store } from '../store/types.js';
import { noBudget, spentBy } from '../workflows/budget.js';
import { addCounts, noCounts } from '../workflows/counts.js';
import type { RunStatus } from '../workflows/messages.js';
import { liveCounts } from './live-counts.js';
import { openBatches } from './open-batches.js';
import type { ForkedFrom, RunManifest } from './run-identity.js';

/** What `run`, `status` and `watch` show, and what `--json` prints. */
export interface StatusReport {
  runId: string;
  recipe: string;
  method: Recipe['method'];
  /** null: it is no fork. */
  forkedFrom: ForkedFrom | null;
  state: string;
  stopReason: string | null;
  /** Who paused it and why; null while it is not paused. */
  paused: { by: string; reason: string } | null;
  /** The round that waits for people, and until when; null: none does. */
  review: ReviewWait | null;
  round: number;
  step: string;
  target: number | null;
  candidates: number;
  accepted: number;
  /** Of the rounds before this one. */
  closedRounds: { calls: number; accepted: number };
  undecided: number;
  rejected: Counts['candidates']['rejected'];
  /** Accepted candidates that `scan` has flagged, by what they have; empty where there are none. */
  flagged: NonNullable<Counts['flagged']>;
  /** What the quality gate did; null without one, or before it has judged. */
  gate: NonNullable<Counts['gate']> | null;
  /** What DEITA's scoring came to; null without it, or before the first part is scored. */
  scoring: NonNullable<Counts['scoring']> | null;
  /** What DEITA's selection came to; null without it, or before its end. */
  selection: Omit<SelectionReport, 'histogram'> | null;
  calls: Counts['calls'] & {
    sent: number;
    fromStore: number;
    failedAttempts: number;
    /** Requests whose outcome nobody knows: under way, at a provider in a batch, or lost (a crash, a timeout). */
    unknownAttempts: number;
  };
  /** Files of calls that are at a provider’s Batch API now, or that it refused or cut short and nothing has followed yet. */
  batches: BatchStatus[];
  /** `unknown`: most that requests under way or with an unknown outcome can have used on top. */
  tokens: Counts['tokens'];
  /** null: the price is unknown. */
  costUsd: number | null;
  /** Most that requests under way or with an unknown outcome can have cost on top. */
  unknownUsd: number | null;
  budget: {
    /** null: no limit. */
    limits: Budget;
    /** As the budget counts: requests with an unknown outcome, those in flight included, at their highest. */
    spent: Spend;
    /** The part of `spent` that nobody knows for sure. */
    unknown: Spend;
  };
  heldOutLoss: (LossChange & { round: number })[];
  notes: { round: number; note: string; warnings: string[] }[];
  /** Where the dataset lies; null until the run has ended. */
  dataset: string | null;
  /** When the newest of these figures was written, ISO 8601; null before the first. */
  asOf: string | null;
}

/**
 * Reads a run's status from its store. `live` is the run's own answer to a query, where a server gave one.
 * @throws UserError when there is no such run.
 */
export async function readStatus(store: Store, runId: string, live?: RunStatus): Promise<StatusReport> {
  checkRunId(runId);
  const files = runFiles(runId);
  const [manifest, result, storedRecipe, selection, recorded, progress] = await Promise.all([
    readJsonIfAny<RunManifest>(store, files.manifest),
    readJsonIfAny<RunResult>(store, files.result),
    readJsonIfAny<StoredRecipe>(store, files.recipe),
    readJsonIfAny<SelectionReport>(store, files.selectionReport),
    readJsonIfAny<RecordedState & { at: string }>(store, files.state),
    readJsonIfAny<Progress>(store, files.progress),
  ]);
  if (!manifest)
    throw new UserError(`no run ${runId} in ${store.url}; "seedmill list" shows those there are`);
  const recipe = storedRecipe ?? (await readJson<StoredRecipe>(store, files.recipe));
  const current = progress ? await liveCounts(store, runId, progress) : noCounts();
  const counts = addCounts(progress?.before ?? noCounts(), current);
  const { calls, candidates, attempts, tokens, costUsd, unknownUsd } = counts;
  return {
    runId,
    recipe: manifest.recipe,
    method: recipe.method,
    forkedFrom: manifest.forkedFrom ?? null,
    state: result?.state ?? live?.state ?? recorded?.state ?? 'starting',
    stopReason: result?.stopReason ?? live?.stopReason ?? recorded?.stopReason ?? null,
    paused: result ? null : (live?.settings.paused ?? (live ? null : (recorded?.paused ?? null))),
    review: result ? null : live ? (live.review ?? null) : (recorded?.review ?? null),
    round: progress?.round ?? 0,
    step: result ? 'done' : (progress?.step ?? 'starting'),
    target: result?.target ?? live?.settings.target ?? recorded?.target ?? progress?.target ?? null,
    candidates: candidates.parsed,
    accepted: candidates.accepted,
    closedRounds: {
      calls: progress?.before.calls.planned ?? 0,
      accepted: progress?.before.candidates.accepted ?? 0,
    },
    undecided: candidates.undecided,
    rejected: candidates.rejected,
    flagged: counts.flagged ?? {},
    gate: counts.gate ?? null,
    scoring: counts.scoring ?? null,
    selection: selection ? withoutHistogram(selection) : null,
    calls: {
      ...calls,
      sent: attempts.sent,
      fromStore: attempts.fromStore,
      failedAttempts: attempts.failed,
      unknownAttempts: attempts.unknown,
    },
    batches: result || !progress ? [] : await openBatches(store, progress),
    tokens,
    costUsd,
    unknownUsd,
    budget: {
      limits: live?.settings.budget ?? recorded?.budget ?? noBudget,
      spent: spentBy(counts),
      unknown: { calls: attempts.unknown, tokens: tokens.unknown, usd: unknownUsd },
    },
    heldOutLoss: (progress?.rounds ?? []).flatMap(({ round, heldOutLoss }) =>
      heldOutLoss ? [{ round, ...heldOutLoss }] : [],
    ),
    notes: (progress?.rounds ?? []).map(({ round, note, warnings }) => ({ round, note, warnings })),
    dataset: result ? storePath(store, result.dataset.dataset) : null,
    asOf: progress?.at ?? recorded?.at ?? null,
  };
}

function withoutHistogram({ histogram: _histogram, ...counts }: SelectionReport) {
  return counts;
}

/** A name in the store as a person can open it. */
export function storePath(store: Store, name: string): string {
  const url = `${store.url.replace(/\/$/, '')}/${name}`;
  return url.startsWith('file://') ? decodeURIComponent(new URL(url).pathname) : url;
}
