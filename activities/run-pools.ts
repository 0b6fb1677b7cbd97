/** The runs whose last round lies furthest back lose their index above either. */
const mostRuns = 16;
const mostBytes = 512e6;

/**
 * What runs have in their pools, by run, from one round to the next; one that is lost is built again from the store.
 * Together at most 16 runs and 512 MB, or one run where that alone is larger.
 */
export class RunPools<Pool extends { indexBytes: number }> {
  /** The run that was kept last stands last. */
  readonly #kept = new Map<string, { pool: Pool; rounds: number }>();

  /**
   * A run's pool with exactly so many rounds in it, or null. It is taken out: an attempt that fails half-way through
   * the next round must not leave half a round behind.
   */
  take(runId: string, rounds: number): Pool | null {
    const kept = this.#kept.get(runId);
    this.#kept.delete(runId);
    return kept?.rounds === rounds ? kept.pool : null;
  }

  /** `rounds`: how many are in the pool. */
  keep(runId: string, { pool, rounds }: { pool: Pool; rounds: number }): void {
    this.#kept.delete(runId);
    this.#kept.set(runId, { pool, rounds });
    let bytes = 0;
    for (const kept of this.#kept.values()) bytes += kept.pool.indexBytes;
    for (const [oldest, kept] of this.#kept) {
      if (oldest === runId || (this.#kept.size <= mostRuns && bytes <= mostBytes)) break;
      this.#kept.delete(oldest);
      bytes -= kept.pool.indexBytes;
    }
  }
}
