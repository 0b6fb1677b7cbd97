import type { CallRow } from './rows.js';
import type { CallPhase } from './types.js';

/** Some shards' rows; what is forgotten is read back from the store. */
const rowsKept = 10_000;

/** Rows of calls that this process has just made, so that closing their shard need not read the answers back. */
export class RecentRows {
  private readonly rows = new Map<string, CallRow>();

  keep(at: CallPlace, row: CallRow): void {
    this.rows.set(nameOf(at), row);
    if (this.rows.size > rowsKept) this.rows.delete(this.rows.keys().next().value as string);
  }

  /** The row, which is forgotten now; undefined when this process has none. */
  take(at: CallPlace): CallRow | undefined {
    const name = nameOf(at);
    const row = this.rows.get(name);
    this.rows.delete(name);
    return row;
  }
}

/** A call of a round, and which of its phase's teachers made it. */
export interface CallPlace {
  run: { runId: string };
  round: number;
  phase: CallPhase;
  callIndex: number;
  place: number;
}

function nameOf({ run, round, phase, callIndex, place }: CallPlace): string {
  return `${run.runId} ${round} ${phase} ${callIndex} ${place}`;
}
