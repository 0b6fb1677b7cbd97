import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../methods/random.js';

const draw = (...key: (string | number)[]) => {
  const random = seededRandom(...key);
  return Array.from({ length: 8 }, () => random.next());
};

describe('seededRandom', () => {
  it('repeats its sequence for the same key, on every machine', () => {
    assert.deepEqual(draw(7, 'round', 3, 'call', 17), draw(7, 'round', 3, 'call', 17));
    const random = seededRandom('fixed');
    assert.deepEqual([random.int(1000), random.int(1000), random.int(1000)], [428, 586, 442]);
  });

  it('has another sequence for every other key, numbers and strings and their borders apart', () => {
    const keys: (string | number)[][] = [
      [1],
      ['1'],
      [1, 2],
      [12],
      ['ab', 'c'],
      ['a', 'bc'],
      [1, 'call', 2],
      [2, 'call', 1],
    ];
    assert.equal(new Set(keys.map((key) => draw(...key).join())).size, keys.length);
  });

  it('spreads next() evenly over [0, 1)', () => {
    const random = seededRandom('even');
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const bucket = Math.floor(random.next() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    assert.equal(buckets.length, 10);
    for (const count of buckets) assert.ok(Math.abs(count - 2000) < 250, buckets.join());
  });

  it('shuffles without losing, doubling or changing its argument', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const before = [...items];
        const shuffled = seededRandom(seed).shuffle(items);
        assert.deepEqual([...shuffled].sort(), [...before].sort());
        assert.deepEqual(items, before);
      }),
    );
  });

  it('samples different items, all of them when fewer are there', () => {
    const items = ['a', 'b', 'c', 'd', 'e'];
    assert.equal(new Set(seededRandom(1).sample(items, 3)).size, 3);
    assert.deepEqual(seededRandom(1).sample(items, 9).sort(), items);
  });

  it('draws each integer below the limit and refuses other limits', () => {
    const random = seededRandom('int');
    assert.deepEqual(new Set(Array.from({ length: 200 }, () => random.int(3))), new Set([0, 1, 2]));
    assert.throws(() => random.int(0), RangeError);
    assert.throws(() => random.int(1.5), RangeError);
  });

  it('refuses a key that JSON would write as null', () => {
    assert.throws(() => seededRandom(Number.NaN), RangeError);
  });
});
