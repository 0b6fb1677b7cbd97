/**
 * Work that takes long on large inputs is written as a generator that stops after every step, so that a caller with
 * heartbeats to send can have a turn in between. It stays pure: the result does not depend on who drains it.
 */
export type Steps<Result> = Generator<void, Result, void>;

/** The result, all at once. */
export function allAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The result, with a turn for others after every few steps. */
export async function withTurns<Result>(steps: Steps<Result>, turn: () => Promise<void>): Promise<Result> {
  for (let count = 1; ; count += 1) {
    const step = steps.next();
    if (step.done) return step.value;
    if (count % stepsPerTurn === 0) await turn();
  }
}

const stepsPerTurn = 8;
