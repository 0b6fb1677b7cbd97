import { AdaptiveLimit, type Pass } from './adaptive-limit.js';

interface Waiting {
  go: () => void;
  end: (reason: unknown) => void;
}

type Limit = Pick<AdaptiveLimit, 'hasRoom' | 'begin' | 'end'>;

/** Where the requests of one process to one endpoint wait for their turn, first come, first served. */
export class SendGate {
  private readonly limit: Limit;
  private readonly waiting = new Set<Waiting>();
  private closed: Error | null = null;
  /** Requests that were let through and have not ended. */
  inFlight = 0;

  constructor(limit: Limit = new AdaptiveLimit()) {
    this.limit = limit;
  }

  /**
   * Resolves when a request may be sent; give the pass back when it has ended. Rejects with the signal's reason, or with
   * that of `close`.
   */
  async enter(signal: AbortSignal): Promise<Pass> {
    signal.throwIfAborted();
    if (this.closed) throw this.closed;
    if (this.limit.hasRoom && this.waiting.size === 0) return this.begin();
    return await new Promise((resolve, reject) => {
      const leave = () => waiting.end(signal.reason);
      const forget = () => {
        this.waiting.delete(waiting);
        signal.removeEventListener('abort', leave);
      };
      const waiting: Waiting = {
        go: () => {
          forget();
          resolve(this.begin());
        },
        end: (reason) => {
          forget();
          reject(reason);
        },
      };
      this.waiting.add(waiting);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Lets no request through any more: who waits and who comes gets this error. */
  close(reason: Error): void {
    this.closed = reason;
    for (const { end } of this.waiting) end(reason);
  }

  /** `isRateLimited`: the endpoint answered with a 429. */
  leave(pass: Pass, { isRateLimited }: { isRateLimited: boolean }): void {
    this.inFlight -= 1;
    this.limit.end(pass, { isRateLimited });
    for (const { go } of this.waiting) {
      if (!this.limit.hasRoom) return;
      go();
    }
  }

  private begin(): Pass {
    this.inFlight += 1;
    return this.limit.begin();
  }
}
