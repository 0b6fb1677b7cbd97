import { writeJson } from '../../store/artifacts.js';
import {
  type BatchCaller,
  cancelBatch as callOff,
  type ProviderBatch,
  retrieveBatch,
} from '../teacher-client/batch-client.js';
import type { BatchLook, SentBatch } from '../types.js';
import { type ActivityTurn, BatchScope, type TeacherBatchDeps } from './batch-scope.js';

/** What a batch's provider said last, for whoever looks at the run; `batch-00-000.status.json`. */
export interface BatchStatus extends BatchLook {
  batchId: string;
  teacher: string;
  /** ISO 8601. */
  sentAt: string;
  /** When the provider said so, ISO 8601. */
  at: string;
  /** What kept it from bringing everything, in the provider's words; null: nothing. */
  trouble: string | null;
}

/** Asks the provider how far a batch is. */
export async function checkBatch(
  deps: TeacherBatchDeps,
  input: SentBatch,
  at: ActivityTurn,
): Promise<BatchLook> {
  return await look(deps, input, at, retrieveBatch);
}

/** Calls a batch off; it ends some minutes later, with what it has finished. */
export async function cancelBatch(
  deps: TeacherBatchDeps,
  input: SentBatch,
  at: ActivityTurn,
): Promise<BatchLook> {
  return await look(deps, input, at, callOff);
}

async function look(
  deps: TeacherBatchDeps,
  input: SentBatch,
  at: ActivityTurn,
  ask: (caller: BatchCaller, id: string) => Promise<ProviderBatch>,
): Promise<BatchLook> {
  const scope = await BatchScope.open(deps, input);
  const batch = await ask(await scope.caller(deps, at), input.batchId);
  return await recordLook(scope, input, { batch });
}

/** Puts what the provider said where people look. `requests`: of the file, until the provider has counted them. */
export async function recordLook(
  scope: BatchScope,
  { batch: number, submission, batchId }: SentBatch,
  {
    batch,
    requests = 0,
    trouble = null,
  }: { batch: ProviderBatch; requests?: number; trouble?: string | null },
): Promise<BatchLook> {
  const { status, hasEnded, counts, createdAt } = batch;
  const { completed, failed } = counts;
  const seen: BatchLook = { status, hasEnded, total: counts.total || requests, completed, failed };
  const now = new Date().toISOString();
  const row: BatchStatus = {
    ...seen,
    batchId,
    teacher: scope.teacher.name,
    sentAt: createdAt > 0 ? new Date(createdAt * 1000).toISOString() : now,
    at: now,
    trouble,
  };
  await writeJson(scope.store, scope.files.batch({ batch: number, submission }).status, row);
  return seen;
}
