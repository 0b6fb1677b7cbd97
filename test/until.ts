import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition gives something true, and returns that; mocha's time limit ends a wait in vain. */
export async function until<T>(
  condition: () => T | Promise<T>,
): Promise<Exclude<T, false | null | undefined>> {
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | null | undefined>;
    await sleep(20);
  }
}
