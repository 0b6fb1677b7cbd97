/** How fast calls are made, by the figures that a watcher has seen itself: never an average since the start. */

/** Figures of a shorter time say nothing. */
const leastMs = 10_000;
/** So many pictures of a window are enough. */
const pictures = 200;

interface Seen {
  atMs: number;
  calls: number;
}

/** Calls over a window that slides. Plain data, told the time, so that it is tested as it is. */
export class Pace {
  private readonly windowMs: number;
  private seen: Seen[] = [];
  private newest: Seen | null = null;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  /** `calls`: that have come to their end so far. A pause is no slowness: what was seen before it is forgotten. */
  see({ calls, isPaused }: { calls: number; isPaused: boolean }, nowMs: number): void {
    // Fewer than before: the run was started again.
    if (isPaused || calls < (this.newest?.calls ?? 0)) this.seen = [];
    this.newest = { atMs: nowMs, calls };
    const last = this.seen.at(-1);
    if (last === undefined || nowMs - last.atMs >= this.windowMs / pictures) this.seen.push(this.newest);
    // The newest picture behind the window stays, so that the window is always whole.
    while ((this.seen[1]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs - this.windowMs) this.seen.shift();
  }

  /** null: too little has been seen. */
  perMinute(): number | null {
    const [first] = this.seen;
    if (first === undefined || this.newest === null) return null;
    const ms = this.newest.atMs - first.atMs;
    return ms < leastMs ? null : ((this.newest.calls - first.calls) / ms) * 60_000;
  }
}

/** What a watcher shows of it. */
export class Paces {
  /** What goes on now. */
  private readonly present = new Pace(60_000);
  /** Long enough to hold what lies between calls, as training does. */
  private readonly lasting = new Pace(1_800_000);

  see(figures: { calls: number; isPaused: boolean }, nowMs: number): void {
    for (const pace of [this.present, this.lasting]) pace.see(figures, nowMs);
  }

  /** Of the last minute; of slow calls of a longer time. */
  get now(): number | null {
    const present = this.present.perMinute();
    return present !== null && present < 10 ? this.whole : present;
  }

  /** Of up to half an hour, with everything that was done besides. */
  get whole(): number | null {
    return this.lasting.perMinute();
  }
}
