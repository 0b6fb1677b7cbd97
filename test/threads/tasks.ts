/** Tasks for `pinned-thread.test.ts`. */
let sum = 0;

export function add(number: number): number {
  sum += number;
  return sum;
}

export function fail(message: string): never {
  throw new RangeError(message);
}

export function runForever(): never {
  for (;;) sum += 1;
}

/** The thread dies after the task is done. */
export function die(): void {
  setImmediate(() => {
    throw new Error('the thread has died');
  });
}
