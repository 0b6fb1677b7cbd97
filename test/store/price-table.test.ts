import assert from 'node:assert/strict';
import { priceLists } from '../../store/list-prices.js';
import { knownPrice, priceOf } from '../../store/price-table.js';

const openAi = 'url:https://api.openai.com/v1';
const mini = { endpoint: openAi, model: 'gpt-4o-mini', price: null, mode: 'online' } as const;

describe('priceOf', () => {
  it('knows what OpenAI itself takes for a model', () => {
    assert.deepEqual(priceOf(mini), {
      inputUsdPerMTok: 0.15,
      cachedInputUsdPerMTok: 0.075,
      outputUsdPerMTok: 0.6,
    });
  });

  it('knows nothing of the same name on another endpoint', () => {
    for (const endpoint of ['url:https://eu.api.openai.com/v1', 'url:http://127.0.0.1/v1', 'id:openai']) {
      assert.equal(priceOf({ ...mini, endpoint }), null);
    }
  });

  it('takes a dated snapshot for its family, unless it has a price of its own', () => {
    const price = (model: string) => knownPrice({ endpoint: openAi, model })?.inputUsdPerMTok;
    assert.equal(price('gpt-4o-mini-2024-07-18'), 0.15);
    assert.equal(price('gpt-4o-2024-08-06'), 2.5);
    assert.equal(price('gpt-4o-2024-05-13'), 5);
  });

  for (const model of ['gpt-none', 'gpt-4o-audio-preview-2024-12-17', 'ft:gpt-4o-mini-2024-07-18:me::x']) {
    it(`does not guess what ${model} costs`, () => {
      assert.equal(priceOf({ ...mini, model }), null);
    });
  }

  it('takes nothing for vectors but their texts', () => {
    const price = knownPrice({ endpoint: openAi, model: 'text-embedding-3-small' });
    const batch = { inputUsdPerMTok: 0.01, outputUsdPerMTok: 0 };
    assert.deepEqual(price, { inputUsdPerMTok: 0.02, outputUsdPerMTok: 0, batch });
  });

  it('knows no model named like a property that every object has', () => {
    assert.equal(priceOf({ ...mini, model: 'constructor' }), null);
  });

  it('prefers the recipe’s price', () => {
    const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 2 };
    assert.deepEqual(priceOf({ ...mini, price }), price);
  });

  it('takes half in batches, from the table', () => {
    assert.deepEqual(priceOf({ ...mini, mode: 'batch' }), { inputUsdPerMTok: 0.075, outputUsdPerMTok: 0.3 });
  });

  it('takes half in batches of a recipe’s price too, unless the recipe gives another', () => {
    const price = { inputUsdPerMTok: 1, cachedInputUsdPerMTok: 0.4, outputUsdPerMTok: 2 };
    const half = { inputUsdPerMTok: 0.5, cachedInputUsdPerMTok: 0.2, outputUsdPerMTok: 1 };
    assert.deepEqual(priceOf({ ...mini, mode: 'batch', price }), half);
    const batch = { inputUsdPerMTok: 0.9, outputUsdPerMTok: 1.9 };
    assert.deepEqual(priceOf({ ...mini, mode: 'batch', price: { ...price, batch } }), batch);
  });
});

describe('the lists of prices', () => {
  it('say for each endpoint where its prices are from and as of when', () => {
    for (const { endpoint, source, asOf } of priceLists) {
      assert.match(endpoint, /^url:https:\/\//);
      assert.match(source, /^https:\/\//);
      assert.match(asOf, /^\d{4}-\d\d-\d\d$/);
    }
  });

  it('never have cached input above input, which is what is reserved for a call', () => {
    const prices = priceLists.flatMap(({ models }) => Object.entries(models));
    for (const [model, list] of prices) {
      for (const price of [list, list.batch ?? list]) {
        assert.ok(price.inputUsdPerMTok > 0);
        assert.equal(price.outputUsdPerMTok > 0, !model.startsWith('text-embedding-'), model);
        assert.ok((price.cachedInputUsdPerMTok ?? 0) <= price.inputUsdPerMTok);
      }
    }
  });
});
