/** Limits of endpoints on servers that cannot keep the rate of a queue. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const readEveryMs = 10_000;
/** A long poll takes up to a minute; a poller that was not seen for longer is gone. */
const pollLastsMs = 75_000;
/** As `limitsStatusQuery` in workflows/messages.ts. */
const queryName = 'limitsStatus';

interface Share {
  /** Pause between two requests of this process; 0: there is no limit. */
  everyMs: number;
  readAtMs: number;
  /** When the next request may be sent. */
  nextMs: number;
}

/** This process's share of an endpoint's limits: what holds there, divided by the workers that serve its queue. */
export class WorkerShare {
  private readonly client: Client;
  private readonly shares = new Map<string, Promise<Share>>();
  private readonly pauses = new Set<AbortController>();
  private closed: Error | null = null;

  constructor(client: Client) {
    this.client = client;
  }

  /**
   * Resolves when this process may send another request to the endpoint behind a queue.
   * @throws what the server or the signal says; a call that is tried again loses nothing.
   */
  async turn({ queue, signal }: { queue: string; signal: AbortSignal }): Promise<void> {
    const share = await this.shareOf(queue);
    const nowMs = Date.now();
    const atMs = Math.max(nowMs, share.nextMs);
    share.nextMs = atMs + share.everyMs;
    if (atMs > nowMs) await this.pause(atMs - nowMs, signal);
    signal.throwIfAborted();
    if (this.closed) throw this.closed;
  }

  /** Nobody gets a turn any more: who waits for one and who comes gets this error. */
  close(reason: Error): void {
    this.closed = reason;
    for (const pause of this.pauses) pause.abort(reason);
  }

  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    const pause = new AbortController();
    const leave = () => pause.abort(signal.reason);
    this.pauses.add(pause);
    signal.addEventListener('abort', leave, { once: true });
    if (this.closed) pause.abort(this.closed);
    try {
      await sleep(ms, undefined, { signal: pause.signal });
    } catch (error) {
      throw pause.signal.aborted ? pause.signal.reason : error;
    } finally {
      this.pauses.delete(pause);
      signal.removeEventListener('abort', leave);
    }
  }

  private async shareOf(queue: string): Promise<Share> {
    const known = this.shares.get(queue);
    const share = await known;
    if (share && Date.now() - share.readAtMs < readEveryMs) return share;
    const newest = this.shares.get(queue);
    // Somebody else has begun to read it meanwhile.
    if (newest !== known) return await this.shareOf(queue);
    const read = this.read(queue, share?.nextMs ?? 0);
    this.shares.set(queue, read);
    read.catch(() => this.shares.delete(queue));
    return await read;
  }

  private async read(queue: string, nextMs: number): Promise<Share> {
    const [perSecond, workers] = await Promise.all([this.callsPerSecond(queue), this.workers(queue)]);
    return { everyMs: perSecond === null ? 0 : (1000 * workers) / perSecond, readAtMs: Date.now(), nextMs };
  }

  /** null: nobody has set a limit. */
  private async callsPerSecond(queue: string): Promise<number | null> {
    const keeper = this.client.workflow.getHandle(queue);
    try {
      if ((await keeper.describe()).status.name !== 'RUNNING') return null;
      return (await keeper.query<{ callsPerSecond: number | null }>(queryName)).callsPerSecond;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  private async workers(queue: string): Promise<number> {
    const { pollers } = await this.client.workflowService.describeTaskQueue({
      namespace: this.client.options.namespace,
      taskQueue: { name: queue },
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    });
    const alive = pollers.filter(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - pollLastsMs,
    );
    return Math.max(1, new Set(alive.map(({ identity }) => identity)).size);
  }
}
