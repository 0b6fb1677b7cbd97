import { seededRandom } from '../../methods/random.js';

/** Services carry the names of seedmill's registry of processes. */
export const victims = ['worker', 'second worker', 'temporal', 'command'] as const;
export type Victim = (typeof victims)[number];

export interface Disturbance {
  /** `kill`: SIGKILL. `stop`: SIGSTOP, and SIGCONT after a while. */
  how: 'kill' | 'stop';
  victim: Victim;
  /** It is due so long after the teacher has received so many requests. */
  afterRequests: number;
  delayMs: number;
}

/** Longest time between the request and the blow, for every other one: enough to meet what comes behind a phase's calls. */
const longestDelayMs = 3_000;

/**
 * When which process is killed and which is stopped, by the seed alone, in their order. Victims come from a shuffled
 * deck, so that with enough of them each process has its turn; the command alone is not stopped, as it does no work.
 */
export function drawDisturbances(options: {
  seed: number;
  kills: number;
  stops: number;
  /** Requests that an undisturbed run makes. */
  requests: number;
}): Disturbance[] {
  const { seed, kills, stops, requests } = options;
  const working = victims.filter((victim) => victim !== 'command');
  const deal = (how: 'kill' | 'stop', count: number, deck: readonly Victim[]): Disturbance[] => {
    const random = seededRandom('chaos', seed, how);
    const hands = Array.from({ length: Math.ceil(count / deck.length) }, () => random.shuffle(deck));
    return hands
      .flat()
      .slice(0, count)
      .map((victim) => ({
        how,
        victim,
        afterRequests: 1 + random.int(requests),
        delayMs: random.int(2) * random.int(longestDelayMs),
      }));
  };
  return [...deal('kill', kills, victims), ...deal('stop', stops, working)].sort(
    (a, b) => a.afterRequests - b.afterRequests,
  );
}
