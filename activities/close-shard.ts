import { ApplicationFailure } from '@temporalio/common';
import { writeJson, writeJsonl } from '../store/artifacts.js';
import { type Attempt, compactLedger, readAttempts } from '../store/ledger.js';
import { ResponseStore } from '../store/response-store.js';
import { answeredRow, callRowHead } from './call-row.js';
import { sampleChoice, type TeacherCallDeps } from './call-teacher.js';
import { countCalls } from './count-round.js';
import type { PlannedCall } from './round-prompts.js';
import type { CallRow } from './rows.js';
import type { StoredRecipe } from './run-data.js';
import { roundFiles } from './run-files.js';
import { findAnswer } from './sample-path.js';
import { settleFromStore } from './teacher-client/ask-once.js';
import { teacherAt } from './teachers.js';
import type { CallFailure, CloseShardInput, ShardSummary } from './types.js';

export type ClosingDeps = Pick<TeacherCallDeps, 'runs' | 'prompts' | 'recent' | 'writer'>;

/** Calls read back at once. */
const lanes = 16;

/**
 * Gathers what a shard's calls left behind into two files, so that nobody after it has to open a file per call; and counts
 * it in a third, so that nobody who only looks at the run has to read them.
 * `calls` is a pure function of the stored answers and of the failures that left none.
 */
export async function closeShard(
  { runs, prompts, recent, writer }: ClosingDeps,
  input: CloseShardInput,
): Promise<ShardSummary> {
  const { run, round, phase, shard, from, to } = input;
  const recipe = await runs.recipe(run);
  const responses = new ResponseStore(runs.store);
  const failures = new Map(input.failed.map(({ callIndex, reason }) => [callIndex, reason]));
  const standIns = new Map(input.standIns.map(({ callIndex, place }) => [callIndex, place]));
  const rows: CallRow[] = new Array(to - from);
  let next = from;
  const lane = async () => {
    for (let callIndex = next++; callIndex < to; callIndex = next++) {
      const at = { run, round, phase, callIndex };
      const place = standIns.get(callIndex) ?? 0;
      rows[callIndex - from] =
        recent.take({ ...at, place }) ??
        (await readBack({
          responses,
          recipe,
          planned: await prompts.call(at),
          input: at,
          place,
          failure: failures.get(callIndex) ?? null,
        }));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));

  const files = roundFiles(run.runId, round).phase(phase);
  const calls = await writeJsonl(runs.store, files.calls(shard), rows);
  const ledger = await compactLedger({
    store: runs.store,
    ledger: files.ledger(shard),
    writer,
    settle: (intent) => settleFromStore(responses, intent),
  });
  const attempts = await readAttempts(runs.store, files.ledger(shard));
  await writeJson(runs.store, files.counts(shard), countCalls([{ phase, plan: [], calls: rows, attempts }]));
  const isRefused = rows.length > 0 && rows.every(({ outcome }) => outcome === 'invalid-request');
  return { calls, ledger, refusal: isRefused ? firstRefusal(attempts) : null };
}

function firstRefusal(attempts: readonly Attempt[]): string | null {
  return attempts.find(({ outcome }) => outcome?.kind === 'invalid-request')?.outcome?.reason ?? null;
}

async function readBack(options: {
  responses: ResponseStore;
  recipe: StoredRecipe;
  planned: PlannedCall;
  input: Parameters<typeof sampleChoice>[0]['input'];
  place: number;
  failure: CallFailure | null;
}): Promise<CallRow> {
  const { responses, recipe, planned, input, place, failure } = options;
  const { phase } = input;
  const teacher = teacherAt(recipe, phase, place);
  const counted = await findAnswer(responses, sampleChoice({ input, recipe, planned, place }));
  if (counted) return answeredRow({ phase, planned, teacher, counted });
  if (!failure) {
    throw ApplicationFailure.nonRetryable(
      `${phase} call ${input.callIndex} ended well, but the store has no answer: history and store are not of the same run`,
      'AnswerMissing',
    );
  }
  return {
    ...callRowHead({ phase, planned, teacher }),
    outcome: failure,
    callKey: null,
    sampleKey: null,
    text: null,
    truncated: false,
    via: null,
    isMended: false,
    model: teacher.model,
    promptTokens: 0,
    completionTokens: 0,
    costUsd: 0,
  };
}
