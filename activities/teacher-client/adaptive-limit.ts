/** A request that was let through. */
export interface Pass {
  readonly window: number;
  /** Which of its window's requests it is, from 0. */
  readonly nth: number;
  /** Requests in flight when it was sent, itself included. */
  readonly level: number;
}

interface Sample {
  results: number;
  rateLimited: number;
  /** Sum of the levels at which the requests were sent. */
  levels: number;
}

/**
 * The first so many requests of a window are judged together, then more of them if they do not suffice. Counted as they
 * are sent, because a 429 comes faster than an answer.
 */
const stages = [25, 50, 100];
/** A stage is judged when this part of it has ended; the slowest are not waited for. */
const enough = 0.9;
/** A share of 429s is taken for higher than another when it is by this much, and by so many standard errors. */
const noticeable = 0.05;
const standardErrors = 3;
/** With fewer requests the share has fallen when no more than this part of it is left. */
const fallen = 0.7;
/** A share above this does not fall by much before the load is near what the endpoint bears: half may be too much still. */
const heavy = 0.6;
const climb = 1.5;

type Phase =
  | { name: 'watching' }
  /** Fewer requests are tried: `before` is why, `most` what held until then. */
  | { name: 'trying'; before: Sample; most: number }
  /** They helped; more and more are tried, and `good` were not too many. */
  | { name: 'climbing'; good: number; most: number };

/**
 * How many requests one process may have in flight at an endpoint: learnt from 429s, and only from those that become
 * fewer with fewer requests. When the share of 429s rises, half the requests are tried. If the share falls, the limit
 * climbs to what goes well, and then grows by one for each round of answers; if not, the 429s have nothing to do with
 * the load, and their share is remembered as the endpoint's background. No clock and no timer.
 */
export class AdaptiveLimit {
  private inFlight = 0;
  private most = Number.POSITIVE_INFINITY;
  /** Share of 429s that fewer requests do not change. */
  private background = 0;
  private phase: Phase = { name: 'watching' };
  private window = 0;
  private sent = 0;
  private samples = stages.map(noSample);

  /** Requests that may be in flight at once. */
  get limit(): number {
    return Math.max(1, Math.floor(this.most));
  }

  get hasRoom(): boolean {
    return this.inFlight < this.limit;
  }

  /** A request is being sent. */
  begin(): Pass {
    this.inFlight += 1;
    this.sent += 1;
    return { window: this.window, nth: this.sent - 1, level: this.inFlight };
  }

  /** It has ended. */
  end({ window, nth, level }: Pass, { isRateLimited }: { isRateLimited: boolean }): void {
    this.inFlight -= 1;
    const isFull = level >= this.limit;
    if (!isRateLimited && isFull && this.phase.name === 'watching') this.most += 1 / this.most;
    if (window !== this.window) return;
    for (const [n, size] of stages.entries()) {
      const sample = this.samples[n] as Sample;
      if (nth >= size) continue;
      sample.results += 1;
      sample.rateLimited += isRateLimited ? 1 : 0;
      sample.levels += level;
      if (sample.results === Math.ceil(enough * size) && window === this.window) {
        this.judge(sample, n === stages.length - 1);
      }
    }
  }

  /** `isWhole`: there will be no larger sample of this window. */
  private judge(sample: Sample, isWhole: boolean): void {
    const { phase } = this;
    if (phase.name === 'trying') this.judgeTrial(phase, sample, isWhole);
    else if (phase.name === 'climbing') this.judgeClimb(phase, sample);
    else if (this.isTooMuch(sample) && this.load(sample) >= 2) {
      this.next({ name: 'trying', before: sample, most: this.most }, this.load(sample) / 2);
    } else if (isWhole) {
      this.background -= Math.max(0, this.background - share(sample)) / 2;
      this.next(phase, this.most);
    }
  }

  private judgeTrial(phase: Phase & { name: 'trying' }, sample: Sample, isWhole: boolean): void {
    const { before, most } = phase;
    if (isHigher(before, sample) && share(sample) <= fallen * share(before)) {
      this.background = Math.min(this.background, share(sample));
      this.next({ name: 'climbing', good: this.most, most }, climb * this.most);
    } else if (share(sample) > heavy && this.limit > 1) {
      this.next(phase, this.most / 2);
    } else if (isWhole || this.limit === 1) {
      this.background = (share(before) + share(sample)) / 2;
      this.next({ name: 'watching' }, most);
    }
  }

  private judgeClimb({ good, most }: Phase & { name: 'climbing' }, sample: Sample): void {
    if (this.isTooMuch(sample)) this.next({ name: 'watching' }, good);
    else if (sample.results < this.limit && sample.results < enough * (stages.at(-1) as number)) return;
    // Nobody wants to send more, or as many as before are no trouble any more.
    else if (level(sample) < 0.8 * this.limit || this.most >= most) this.next({ name: 'watching' }, most);
    else this.next({ name: 'climbing', good: this.most, most }, climb * this.most);
  }

  private next(phase: Phase, most: number): void {
    this.phase = phase;
    this.most = Math.max(1, most);
    this.window += 1;
    this.sent = 0;
    this.samples = stages.map(noSample);
  }

  /** Requests that are being answered: as many as the sample met, or more by now. */
  private load(sample: Sample): number {
    return Math.max(level(sample), this.inFlight);
  }

  private isTooMuch(sample: Sample): boolean {
    const known = { results: sample.results, rateLimited: this.background * sample.results };
    return share(sample) - this.background > noticeable && isHigher(sample, known);
  }
}

function noSample(): Sample {
  return { results: 0, rateLimited: 0, levels: 0 };
}

function share({ results, rateLimited }: Pick<Sample, 'results' | 'rateLimited'>): number {
  return rateLimited / results;
}

/** Mean of the requests in flight. */
function level({ results, levels }: Sample): number {
  return levels / results;
}

/** Whether the shares differ by more than chance. */
function isHigher(
  a: Pick<Sample, 'results' | 'rateLimited'>,
  b: Pick<Sample, 'results' | 'rateLimited'>,
): boolean {
  const both = (a.rateLimited + b.rateLimited) / (a.results + b.results);
  const error = Math.sqrt(both * (1 - both) * (1 / a.results + 1 / b.results));
  return share(a) - share(b) > standardErrors * error;
}
