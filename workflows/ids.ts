/** Workflow ids: a run's own, and those of its loop, shards and batches, which begin with it. */

export function loopId(runId: string): string {
  return `${runId}.loop`;
}

export function shardId(options: { runId: string; round: number; phase: string; shard: number }): string {
  const { runId, round, phase, shard } = options;
  return `${runId}.r${pad(round, 3)}.${phase}.s${pad(shard, 2)}`;
}

export function batchId(options: { runId: string; round: number; phase: string; batch: number }): string {
  const { runId, round, phase, batch } = options;
  return `${runId}.r${pad(round, 3)}.${phase}.b${pad(batch, 2)}`;
}

/** The run that a workflow belongs to, by its id. */
export function runOf(workflowId: string): string {
  return workflowId.replace(/\.(?:loop|r\d{3,}\.[a-z]+\.[sb]\d{2,})$/, '');
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
