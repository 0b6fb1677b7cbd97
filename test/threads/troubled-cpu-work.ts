/** The worker's own entry `cpu-work.ts`, in a thread that can be made to stand still in the middle of a round, or to die. */
import { RougeLPool } from '../../similarity/rouge-l-pool.js';

export * from '../../workers/threads/cpu-work.js';
export { die } from './tasks.js';

/** When a pool of this thread has so many texts, `reached` becomes 1 and nothing goes on any more. */
export function standStillAt({ size, reached }: { size: number; reached: Int32Array }): void {
  const add = RougeLPool.prototype.add;
  RougeLPool.prototype.add = function (id, text) {
    add.call(this, id, text);
    if (this.size < size) return;
    Atomics.store(reached, 0, 1);
    for (;;);
  };
}
