import assert from 'node:assert/strict';
import { costUsd, sumUsd } from '../../store/pricing.js';

const price = { inputUsdPerMTok: 0.15, cachedInputUsdPerMTok: 0.075, outputUsdPerMTok: 0.6 };

describe('cost', () => {
  it('is tokens times list price', () => {
    const usage = { promptTokens: 1_000_000, cachedPromptTokens: 0, completionTokens: 500_000 };
    assert.equal(costUsd(usage, price), 0.45);
  });

  it('counts cached prompt tokens at their own price', () => {
    const usage = { promptTokens: 1000, cachedPromptTokens: 400, completionTokens: 0 };
    assert.equal(costUsd(usage, price), 0.00012);
  });

  it('counts cached prompt tokens in full where they have no price', () => {
    const usage = { promptTokens: 1000, cachedPromptTokens: 400, completionTokens: 0 };
    assert.equal(costUsd(usage, { inputUsdPerMTok: 0.15, outputUsdPerMTok: 0.6 }), 0.00015);
  });

  it('is unknown without a price, not 0', () => {
    assert.equal(costUsd({ promptTokens: 1, cachedPromptTokens: 0, completionTokens: 1 }, null), null);
  });
});

describe('sum of costs', () => {
  it('is exact where floating-point addition is not', () => {
    assert.equal(sumUsd([0.1, 0.2]), 0.3);
  });

  it('is exact to the nano-dollar over a million calls', () => {
    assert.equal(sumUsd(Array.from({ length: 1_000_000 }, () => 0.000_123_457)), 123.457);
  });
});
