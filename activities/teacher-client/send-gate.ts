import { AdaptiveLimit, type Pass } from './adaptive-limit.js';

type Limit = Pick<AdaptiveLimit, 'hasRoom' | 'begin' | 'end'>;

/** Where the requests of one process to one endpoint wait for their turn, first come, first served. */
export class SendGate {
  private readonly limit: Limit;
  private readonly waiting = new Set<() => void>();

  constructor(limit: Limit = new AdaptiveLimit()) {
    this.limit = limit;
  }

  /** Resolves when a request may be sent; give the pass back when it has ended. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<Pass> {
    signal.throwIfAborted();
    if (this.limit.hasRoom && this.waiting.size === 0) return this.limit.begin();
    return await new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(go);
        reject(signal.reason);
      };
      const go = () => {
        this.waiting.delete(go);
        signal.removeEventListener('abort', leave);
        resolve(this.limit.begin());
      };
      this.waiting.add(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** `isRateLimited`: the endpoint answered with a 429. */
  leave(pass: Pass, { isRateLimited }: { isRateLimited: boolean }): void {
    this.limit.end(pass, { isRateLimited });
    for (const go of this.waiting) {
      if (!this.limit.hasRoom) return;
      go();
    }
  }
}
