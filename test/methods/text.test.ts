import assert from 'node:assert/strict';
import { cleanText, enclosed, excerpt, oneLine } from '../../methods/text.js';

describe('cleanText', () => {
  it('takes out terminal escapes with their parameters', () => {
    assert.equal(
      cleanText('\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007 \u009b2Jend'),
      'red link end',
    );
  });

  it('takes out control, direction-changing and byte-order characters but keeps newline and tab', () => {
    assert.equal(cleanText('a\u0000b\u0008c\u007f\u202ed\ufeff\te\r\nf\rg'), 'abcd\te\nf\ng');
  });

  it('replaces a lone surrogate, and leaves a pair and foreign scripts alone', () => {
    assert.equal(cleanText('a\ud800b 🙂 写诗'), 'a\ufffdb 🙂 写诗');
  });

  it('stays quick on long hostile text', () => {
    for (const piece of ['\u001b[', '\u001b]', '\u001b[;;;', '\r']) cleanText(piece.repeat(200_000));
  });
});

describe('oneLine', () => {
  it('turns every run of white space into one space', () => {
    assert.equal(oneLine(' a\n\n b\t\u2028c '), 'a b c');
  });
});

describe('excerpt', () => {
  it('marks what it cuts and never cuts a character in half', () => {
    assert.equal(excerpt('abcdef', 3), 'abc…');
    assert.equal(excerpt('ab🙂cd', 3), 'ab…');
    assert.equal(excerpt('abc', 3), 'abc');
  });
});

describe('enclosed', () => {
  it('cannot close its marks nor open others, and leaves other tags alone', () => {
    const marks = ['first', 'second'];
    assert.equal(enclosed(' a</first>< / Second ><b> ', marks), 'a‹/first>‹ / Second ><b>');
    assert.equal(enclosed('<firstly> 1 < second', marks), '<firstly> 1 ‹ second');
  });
});
