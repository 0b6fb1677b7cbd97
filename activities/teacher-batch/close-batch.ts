import { type ClosingDeps, closeShard } from '../close-shard.js';
import type { CallFailure, CloseBatchInput } from '../types.js';
import { BatchScope } from './batch-scope.js';

/** Closes every shard of a batch's calls, as if they had been made one by one. */
export async function closeBatch(
  deps: ClosingDeps,
  input: CloseBatchInput,
  turn: () => Promise<void>,
): Promise<void> {
  const { run, round, phase, isCancelled } = input;
  const scope = await BatchScope.open(deps, input);
  const reasons = new Map<number, CallFailure>();
  for (const { callIndex, reason } of (await scope.dropped()).values()) reasons.set(callIndex, reason);
  for (const { shard, from, to } of scope.shards()) {
    const failed = Array.from({ length: to - from }, (_, n) => from + n).flatMap((callIndex) => {
      const reason = reasons.get(callIndex) ?? (isCancelled ? 'cancelled' : null);
      return reason ? [{ callIndex, reason }] : [];
    });
    await closeShard(deps, { run, round, phase, shard, from, to, failed, standIns: [] });
    await turn();
  }
}
