import assert from 'node:assert/strict';
import { expectedPasses } from '../../../methods/self-instruct/expected.js';
import { expectedPair, expectedRounds } from '../../../methods/skillmix/expected.js';

describe('the expected length of a pair', () => {
  it('is the authors’ mean where no answer ends at the limit', () => {
    const { tokens, cutOff } = expectedPair(4096);
    assert.ok(Math.abs(tokens - 485.5) < 3, `${tokens}`);
    assert.equal(cutOff, 0);
  });

  it('is the limit where every answer ends there', () => {
    const { tokens, cutOff } = expectedPair(100);
    assert.equal(Math.round(tokens), 100);
    assert.ok(Math.abs(cutOff - 1) < 1e-9);
  });

  it('lies between, as the authors’ lengths do', () => {
    // Of their 1,000 pairs 285 are longer than 512 tokens; cut off there they have 470.5 on average.
    const { tokens, cutOff } = expectedPair(512);
    assert.ok(Math.abs(cutOff - 0.285) < 0.05, `${cutOff}`);
    assert.ok(Math.abs(tokens - 470.5) < 5, `${tokens}`);
  });
});

describe('the expected rounds of extraction', () => {
  it('end with the first that brings too little, or with the last that is allowed', () => {
    assert.equal(expectedRounds({ minNewShare: 0.1, maxRounds: 10 }), 5);
    assert.equal(expectedRounds({ minNewShare: 0.1, maxRounds: 3 }), 3);
    assert.equal(expectedRounds({ minNewShare: 0.5, maxRounds: 10 }), 3);
    assert.equal(expectedRounds({ minNewShare: 0, maxRounds: 10 }), 10);
  });
});

describe('the expected share of candidates that pass a filter', () => {
  it('is the published one at the methods’ thresholds, and rises with the threshold', () => {
    assert.equal(expectedPasses(0.7), 0.42);
    assert.equal(expectedPasses(0.85), 0.66);
    assert.equal(expectedPasses(1), 0.9);
    assert.ok(expectedPasses(0.75) > 0.42 && expectedPasses(0.75) < 0.66);
    assert.ok(expectedPasses(0.3) < 0.42);
  });
});
