/**
 * What every request to a teacher cost. An attempt writes an intent before it sends and an outcome after, both
 * durable; an intent without an outcome is `unknown` and counts at its highest cost. So known spend ≤ bill ≤
 * known + unknown, whatever dies when.
 *
 * The rows of one shard lie in the log `<run>/rounds/003/<phase>/shard-07.ledger` and, once the shard is done, in
 * the file `shard-07.ledger.jsonl`. Readers take both together, each attempt once.
 */
import type { Ref } from '../activities/types.js';
import { parseLines, readJsonlAt, refTo, toJson } from './artifacts.js';
import type { Price, Usage } from './pricing.js';
import type { Store } from './types.js';

/** A request that is about to be sent. */
export interface Intent {
  row: 'intent';
  /** Unique; also sent as `X-Client-Request-Id`, by which a provider finds the request in its own log. */
  attemptId: string;
  callKey: string;
  callIndex: number;
  /** Which scheduling of the call sends it (`<workflow run>/<activity>`), and which attempt of that, from 1. */
  activity: string;
  attempt: number;
  model: string;
  /** No answer can use more tokens than this. */
  highestTokens: { prompt: number; completion: number };
  /** null: no price is known. */
  highestUsd: number | null;
  /** Price when it was sent, by which `verify` recomputes the cost. */
  price: Price | null;
  /** ISO 8601. */
  at: string;
}

/**
 * `answered`: with a usable text. `truncated`, `refused`, `content-filter`, `unparsable`: stored answers of no use.
 * `duplicate`: paid for, but another attempt's answer was stored first. `invalid-request`: the endpoint refused this
 * request for good (or its content filter did). `failed`: no answer this time. `aborted`: called off.
 */
export type OutcomeKind =
  | 'answered'
  | 'truncated'
  | 'refused'
  | 'content-filter'
  | 'unparsable'
  | 'duplicate'
  | 'invalid-request'
  | 'failed'
  | 'aborted';

/** What became of a request. */
export interface Outcome {
  row: 'outcome';
  attemptId: string;
  kind: OutcomeKind;
  /** HTTP status; null when no response arrived. */
  status: number | null;
  /** Why it failed, redacted; null when it did not. */
  reason: string | null;
  /** null: the endpoint did not say, which is not 0. */
  usage: Usage | null;
  /** 0 when it was certainly not billed; null: no price is known, or no usage. */
  costUsd: number | null;
  /**
   * Whether the provider's bill for this request is known: a usage, or a request that was certainly not billed.
   * Unknown ones (timeouts, resets, aborts, answers without usage) count at their intent's highest cost.
   */
  bill: 'known' | 'unknown';
  latencyMs: number;
  /** The provider's own id of the request. */
  requestId: string | null;
  at: string;
}

export type LedgerRow = Intent | Outcome;

/** One attempt with what is known of it. */
export interface Attempt {
  intent: Intent;
  outcome: Outcome | null;
}

/**
 * Adds rows to a shard's log, durably before it resolves. `writer` is unique per process; `mayWait`: nobody waits for
 * these rows.
 */
export async function recordRows(options: {
  store: Store;
  /** Name of the log. */
  ledger: string;
  writer: string;
  rows: LedgerRow[];
  mayWait?: boolean;
}): Promise<void> {
  const { store, ledger, writer, rows, mayWait = false } = options;
  await store.append({ name: ledger, writer, lines: rows.map((row) => toJson(row)), mayWait });
}

/** Every attempt of a shard in call order, from the compacted file and the live log, each once. */
export async function readAttempts(store: Store, ledger: string): Promise<Attempt[]> {
  // The log first: rows move from it to the file, so the other order could miss them on their way.
  const live = parseLines<LedgerRow>(await store.readLog(ledger), ledger);
  const compacted = await readJsonlAt<LedgerRow>(store, compactedName(ledger), { missing: 'empty' });
  return joinRows([...compacted, ...live]);
}

/** Name of the file that `compactLedger` writes. */
export function compactedName(ledger: string): string {
  return `${ledger}.jsonl`;
}

/**
 * Moves a finished shard's log into one file. The first compaction stands, so that its reference stays true; rows
 * that come later (an answer after its timeout) stay in the log, where `readAttempts` finds them.
 *
 * `settle` gives the outcome of an attempt that died between storing its answer and writing its outcome; null when
 * nothing is known of it.
 */
export async function compactLedger(options: {
  store: Store;
  ledger: string;
  writer: string;
  settle?: (intent: Intent) => Promise<Outcome | null>;
}): Promise<Ref> {
  const { store, ledger, writer, settle } = options;
  const lines = await store.readLog(ledger);
  const name = compactedName(ledger);
  const attempts = joinRows(parseLines<LedgerRow>(lines, ledger));
  for (const attempt of attempts) attempt.outcome ??= (await settle?.(attempt.intent)) ?? null;
  const rows = attempts.flatMap(({ intent, outcome }) => (outcome ? [intent, outcome] : [intent]));
  await store.create(name, rows.map((row) => `${toJson(row)}\n`).join(''));
  const kept = await readJsonlAt<LedgerRow>(store, name);
  const isKept = new Set(kept.map(rowId));
  const seen = lines.filter((line) => isKept.has(rowId(JSON.parse(line) as LedgerRow)));
  if (seen.length > 0) await store.removeLog({ name: ledger, seen, writer });
  return await refTo(store, name);
}

/** Attempts in call order, each row once, whatever was written twice. */
function joinRows(rows: readonly LedgerRow[]): Attempt[] {
  const attempts = new Map<string, Attempt>();
  for (const row of rows)
    if (row.row === 'intent') attempts.set(row.attemptId, { intent: row, outcome: null });
  for (const row of rows) {
    if (row.row === 'intent') continue;
    const attempt = attempts.get(row.attemptId);
    if (attempt) attempt.outcome ??= row;
  }
  return [...attempts.values()].sort(
    (a, b) => a.intent.callIndex - b.intent.callIndex || compare(orderOf(a.intent), orderOf(b.intent)),
  );
}

function rowId(row: LedgerRow): string {
  return `${row.row} ${row.attemptId}`;
}

function orderOf(intent: Intent): string {
  return `${intent.at} ${intent.attemptId}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
