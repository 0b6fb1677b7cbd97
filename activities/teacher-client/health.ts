/** How a request that has failed stands beside others to the same endpoint. */
export interface Trouble {
  /** How often it has failed in this process (429s apart), this time included. */
  failures: number;
  /** Answers that the endpoint has given to others since the first time. */
  othersAnswered: number;
}

/** Calls that are remembered: those that go on in another process are never heard of again. */
const MOST_CALLS = 10_000;

/** What one process sees of an endpoint: tells a request that breaks it from an endpoint that is broken. */
export class Health {
  private answers = 0;
  private readonly failing = new Map<string, { failures: number; answersBefore: number }>();

  answered(call: string): void {
    this.answers += 1;
    this.failing.delete(call);
  }

  failed(call: string): Trouble {
    const known = this.failing.get(call) ?? { failures: 0, answersBefore: this.answers };
    known.failures += 1;
    this.failing.delete(call);
    this.failing.set(call, known);
    const [oldest] = this.failing.keys();
    if (this.failing.size > MOST_CALLS && oldest !== undefined) this.failing.delete(oldest);
    return { failures: known.failures, othersAnswered: this.answers - known.answersBefore };
  }

  /** How often the call has failed since it was answered or given up last. */
  failuresOf(call: string): number {
    return this.failing.get(call)?.failures ?? 0;
  }

  /** The call is given up. */
  forget(call: string): void {
    this.failing.delete(call);
  }
}
