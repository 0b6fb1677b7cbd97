/** How long a teacher that does not answer is left alone before one call tries it again. */
const aloneMs = 60_000;

/** Which of a phase's teachers the next call is put to: the first that is not out. Plain data and no Temporal. */
export class StandIns {
  /** Until when each teacher is out, in milliseconds since 1970. */
  private readonly outUntil: number[];

  constructor(teachers: number) {
    this.outUntil = Array.from({ length: teachers }, () => 0);
  }

  /** Place of the teacher to ask now. Of one that was out, a single call finds out whether it is back. */
  choose(nowMs: number): number {
    const last = this.outUntil.length - 1;
    for (let place = 0; place < last; place += 1) {
      const until = this.outUntil[place] as number;
      if (until > nowMs) continue;
      if (until > 0) this.outUntil[place] = nowMs + aloneMs;
      return place;
    }
    return last;
  }

  /** It has answered. */
  isBack(place: number): void {
    this.outUntil[place] = 0;
  }

  isOut(place: number, nowMs: number): void {
    this.outUntil[place] = nowMs + aloneMs;
  }
}
