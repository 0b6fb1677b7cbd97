import assert from 'node:assert/strict';
import { rougeTokens, unicodeTokens } from '../../similarity/tokenise.js';

describe('rougeTokens', () => {
  it('keeps lower-cased runs of ASCII letters and digits', () => {
    assert.deepEqual(rougeTokens("Don't re-use the 2nd file_name!"), [
      'don',
      't',
      're',
      'use',
      'the',
      '2nd',
      'file',
      'name',
    ]);
  });

  it('lower-cases before it splits, so the Kelvin sign is a k and a dotted İ an i', () => {
    assert.deepEqual(rougeTokens('25 \u212a \u0130stanbul'), ['25', 'k', 'i', 'stanbul']);
  });
});

describe('unicodeTokens', () => {
  it('finds words of scripts with and without spaces', () => {
    assert.deepEqual(unicodeTokens('Über die Brücke!'), ['über', 'die', 'brücke']);
    assert.ok(unicodeTokens('写一首关于雨的诗').length > 2);
  });

  it('takes a composed and a decomposed letter for the same', () => {
    assert.deepEqual(unicodeTokens('caf\u00e9'), unicodeTokens('cafe\u0301'));
  });
});
