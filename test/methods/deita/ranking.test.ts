import assert from 'node:assert/strict';
import fc from 'fast-check';
import { placeScores, shuffledOrder } from '../../../methods/deita/ranking.js';
import { seededRandom } from '../../../methods/random.js';

describe('shuffledOrder', () => {
  it('holds every variant once, and is the same for the same key', () => {
    fc.assert(
      fc.property(fc.nat({ max: 12 }), fc.nat(), (count, seed) => {
        const order = shuffledOrder({ count, random: seededRandom('order', seed) });
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          order.map((_, i) => i),
        );
        assert.equal(order.length, count);
        assert.deepEqual(order, shuffledOrder({ count, random: seededRandom('order', seed) }));
      }),
    );
  });

  it('shows the origin at every place equally often', () => {
    const places = Array.from({ length: 6 }, () => 0);
    for (let origin = 0; origin < 6000; origin++) {
      const order = shuffledOrder({ count: 6, random: seededRandom('places', origin) });
      const place = order.indexOf(0);
      places[place] = (places[place] as number) + 1;
    }
    for (const count of places) assert.ok(count > 850 && count < 1150, places.join(' '));
  });
});

describe('placeScores', () => {
  it('gives each variant the score of the place it was shown at', () => {
    assert.deepEqual(placeScores({ order: [2, 0, 1], scores: [6, 1, 3] }), [1, 3, 6]);
    fc.assert(
      fc.property(fc.nat({ max: 12 }), fc.nat(), (count, seed) => {
        const order = shuffledOrder({ count, random: seededRandom(seed) });
        // Each place has its variant's number for a score.
        assert.deepEqual(
          placeScores({ order, scores: order }),
          order.map((_, variant) => variant),
        );
      }),
    );
  });

  it('refuses another number of scores, and an order with a gap or a repetition', () => {
    assert.throws(() => placeScores({ order: [0, 1], scores: [1] }), /2 places have 1 scores/);
    assert.throws(() => placeScores({ order: [0, 0], scores: [1, 2] }), /Variant 1 has no place/);
    assert.throws(() => placeScores({ order: [0, 2], scores: [1, 2] }), RangeError);
  });
});
