import assert from 'node:assert/strict';
import { conversationScore, sumOfProducts } from '../../../methods/deita/conversation-score.js';

describe('conversationScore', () => {
  it('is the sum over turns of complexity × quality, not the product of two sums', () => {
    const turns = [
      { complexity: 2, quality: 3 },
      { complexity: 4, quality: 5.5 },
    ];
    assert.equal(conversationScore(turns), 28);
  });

  it('is null for no turns, and where any score is missing', () => {
    assert.equal(conversationScore([]), null);
    const whole = { complexity: 2, quality: 3 };
    assert.equal(conversationScore([whole, { complexity: null, quality: 3 }]), null);
    assert.equal(conversationScore([{ complexity: 2, quality: null }, whole]), null);
  });

  it('refuses what is no number', () => {
    assert.throws(() => conversationScore([{ complexity: Number.NaN, quality: 3 }]), RangeError);
    assert.throws(() => conversationScore([{ complexity: 2, quality: Infinity }]), RangeError);
  });
});

describe('sumOfProducts', () => {
  it('takes any number of lists of one length', () => {
    assert.equal(sumOfProducts([]), 0);
    assert.equal(sumOfProducts([[1, 2, 3]]), 6);
    assert.equal(
      sumOfProducts([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      63,
    );
    assert.throws(() => sumOfProducts([[1], [1, 2]]), /1 and 2 scores/);
  });
});
