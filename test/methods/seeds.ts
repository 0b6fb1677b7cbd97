/** Builds seeds for tests. */
import type { Seed } from '../../activities/types.js';

/** A human seed with one answered instance, unless told otherwise. */
export function humanSeed(id: string, instruction = `Do task ${id}.`, more: Partial<Seed> = {}): Seed {
  return {
    id,
    origin: 'human',
    instruction,
    instances: [{ input: '', output: `Answer to ${id}.` }],
    isClassification: null,
    ancestors: [id],
    round: 0,
    score: null,
    ...more,
  };
}

/** A machine-made seed that descends from `ancestor`. */
export function machineSeed(id: string, ancestor: string, more: Partial<Seed> = {}): Seed {
  return humanSeed(id, `Do machine task ${id}.`, {
    origin: 'machine',
    ancestors: [ancestor],
    round: 1,
    score: 0.5,
    ...more,
  });
}

/** `count` items made by number. */
export function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
