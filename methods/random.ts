/**
 * The only source of chance in a run: a generator keyed by what the choice is for, so that any process at any time
 * draws the same numbers for the same (run seed, round, call).
 */
import { createHash } from 'node:crypto';

export interface SeededRandom {
  /** A number in [0, 1) with 53 random bits. */
  next(): number;
  /** An integer in [0, limit), each equally likely. Throws a RangeError unless 1 ≤ limit ≤ 2^32. */
  int(limit: number): number;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
  /** `count` different items (all of them when there are fewer), in random order. */
  sample<T>(items: readonly T[], count: number): T[];
}

/**
 * A generator whose sequence depends on the key alone, for example `seededRandom(runSeed, 'round', 3, 'call', 17)`.
 * The four words of xoshiro128** (Blackman and Vigna, 2018) are the first 128 bits of the SHA-256 of the key's JSON,
 * so that `1` and `'1'`, or `['ab', 'c']` and `['a', 'bc']`, are different keys. Throws a RangeError for NaN and infinities.
 */
export function seededRandom(...key: (string | number)[]): SeededRandom {
  if (key.some((part) => typeof part === 'number' && !Number.isFinite(part))) {
    throw new RangeError(`A random key must hold finite numbers and strings, not ${key.join(', ')}`);
  }
  const digest = createHash('sha256').update(JSON.stringify(key)).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let d = digest.readUInt32LE(12);

  const word = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };

  const next = (): number => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 0x20000000000000;

  const int = (limit: number): number => {
    if (!Number.isInteger(limit) || limit < 1 || limit > 0x100000000) {
      throw new RangeError(`int() takes a whole number from 1 to 2^32, not ${limit}`);
    }
    // Words above the last whole multiple of the limit would make small results likelier: draw again.
    const end = 0x100000000 - (0x100000000 % limit);
    let drawn = word();
    while (drawn >= end) drawn = word();
    return drawn % limit;
  };

  const sample = <T>(items: readonly T[], count: number): T[] => {
    const rest = [...items];
    const taken = Math.min(count, rest.length);
    for (let i = 0; i < taken; i++) {
      const j = i + int(rest.length - i);
      [rest[i], rest[j]] = [rest[j] as T, rest[i] as T];
    }
    return rest.slice(0, taken);
  };

  return { next, int, sample, shuffle: (items) => sample(items, items.length) };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
