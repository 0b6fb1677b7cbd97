import { ApplicationFailure } from '@temporalio/common';
import type { PromptBody } from '../methods/prompt.js';
import { isMendedJson } from '../methods/self-instruct/parse-json.js';
import { writeJsonl } from '../store/artifacts.js';
import { callKey } from '../store/call-key.js';
import { compactLedger, readAttempts } from '../store/ledger.js';
import { costUsd } from '../store/pricing.js';
import { ResponseStore } from '../store/response-store.js';
import type { Store } from '../store/types.js';
import { sampleChoice, type TeacherCallDeps } from './call-teacher.js';
import type { PlannedCall } from './round-prompts.js';
import type { CallRow } from './rows.js';
import type { StoredRecipe } from './run-data.js';
import { roundFiles } from './run-files.js';
import { findAnswer } from './sample-path.js';
import { settleFromStore } from './teacher-client/ask-once.js';
import { teacherAt } from './teachers.js';
import type { CallFailure, CloseShardInput, ShardSummary } from './types.js';

/** Calls read back at once. */
const lanes = 16;

/**
 * Gathers what a shard's calls left behind into two files, so that nobody after it has to open a file per call.
 * `calls` is a pure function of the stored answers and of the failures that left none.
 */
export async function closeShard(
  { runs, prompts, writer }: Pick<TeacherCallDeps, 'runs' | 'prompts' | 'writer'>,
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
      const planned = await prompts.call({ run, round, phase, callIndex });
      rows[callIndex - from] = await readBack({
        responses,
        recipe,
        planned,
        input: { run, round, phase, callIndex },
        place: standIns.get(callIndex) ?? 0,
        failure: failures.get(callIndex) ?? null,
      });
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
  const isRefused = rows.length > 0 && rows.every(({ outcome }) => outcome === 'invalid-request');
  const refusal = isRefused ? await firstRefusal(runs.store, files.ledger(shard)) : null;
  return { calls, ledger, refusal };
}

async function firstRefusal(store: Store, ledger: string): Promise<string | null> {
  const attempts = await readAttempts(store, ledger);
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
  const teacher = teacherAt(recipe, input.phase, place);
  const found = await findAnswer(responses, sampleChoice({ input, recipe, planned, place }));
  const { prompt } = planned;
  const base = {
    callIndex: input.callIndex,
    phase: input.phase,
    template: prompt.template,
    templateHash: prompt.templateHash,
    sampling: prompt.sampling,
    teacher: teacher.name,
  };
  if (!found) {
    if (!failure) {
      throw ApplicationFailure.nonRetryable(
        `${input.phase} call ${input.callIndex} ended well, but the store has no answer: history and store are not of the same run`,
        'AnswerMissing',
      );
    }
    return {
      ...base,
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
  const { answer, key, request } = found.response;
  return {
    ...base,
    outcome: found.outcome,
    callKey: key,
    sampleKey: callKey({ ...request, scope: { reuse: 'project' } }).key,
    text: answer.text,
    truncated: answer.kind === 'truncated',
    via: found.via,
    isMended: found.outcome === 'answered' && wantsJson(prompt.body) && isMendedJson(answer.text),
    model: answer.model,
    promptTokens: answer.usage?.promptTokens ?? 0,
    completionTokens: answer.usage?.completionTokens ?? 0,
    costUsd: answer.usage && costUsd(answer.usage, teacher.price),
  };
}

/** Chats that are asked for anything but free text have a schema. */
function wantsJson(body: PromptBody): boolean {
  return body.form === 'chat' && body.schema !== null;
}
