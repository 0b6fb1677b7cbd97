/** Time and size of workflow runs, as the server recorded them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { Measurement } from './measurement.js';

export interface Histories {
  /** Milliseconds since the epoch: start of the first workflow run that made calls, end of the last. */
  fromMs: number;
  toMs: number;
  history: Measurement['history'];
}

/** Every workflow run of a server that has only one measurement's, and which of them made the calls. */
export async function readHistories(options: {
  client: Client;
  calls: number;
  /** Workflow type that makes calls. */
  calling: string;
}): Promise<Histories> {
  const { client, calls, calling } = options;
  const runs = await closedRuns(client);
  const callers = runs.filter(({ type }) => type === calling);
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  const events = runs.map((run) => run.events);
  const bytes = runs.map((run) => run.bytes);
  return {
    fromMs: Math.min(...callers.map(({ startMs }) => startMs)),
    toMs: Math.max(...callers.map(({ closeMs }) => closeMs)),
    history: {
      eventsPerCall: sum(events) / calls,
      bytesPerCall: sum(bytes) / calls,
      mostEvents: Math.max(...events),
      mostBytes: Math.max(...bytes),
    },
  };
}

async function closedRuns(client: Client) {
  // What has just ended shows in the list a moment later.
  for (;;) {
    const listed: WorkflowExecutionInfo[] = [];
    for await (const run of client.workflow.list()) listed.push(run);
    if (listed.length > 0 && listed.every(({ status }) => status.name !== 'RUNNING')) {
      return await Promise.all(
        listed.map(async ({ workflowId, runId }) => {
          const run = await client.workflow.getHandle(workflowId, runId).describe();
          const { closeTime, startTime, type, historyLength, historySize } = run;
          if (!closeTime) throw new Error(`${workflowId} has not ended`);
          return {
            type,
            startMs: startTime.getTime(),
            closeMs: closeTime.getTime(),
            events: historyLength,
            bytes: historySize ?? 0,
          };
        }),
      );
    }
    await sleep(200);
  }
}
