import assert from 'node:assert/strict';
import { eliminated } from '../../../methods/deita/eliminate.js';

const before = 'Name three rivers.';
const reason = (after: string, gain: boolean | null = true, old = before) =>
  eliminated({ before: old, after, gain });

describe('eliminated', () => {
  it('keeps what gains something, and what nobody has judged', () => {
    assert.equal(reason('Name three rivers that cross a border.'), null);
    assert.equal(reason('Name three rivers that cross a border.', null), null);
  });

  for (const [after, why] of [
    ['', 'empty'],
    [' \n\u200f'.replace('\u200f', ''), 'empty'],
    [' Name  three\nrivers. ', 'unchanged'],
    ['#Rewritten Prompt#: Name four rivers.', 'leaked-prompt'],
    ['Name more rivers than the given prompt does.', 'leaked-prompt'],
    ['Name four rivers.</rewritten>', 'leaked-prompt'],
    ['It is what it is, and that’s not it!', 'only-stop-words'],
    ['?! …', 'only-stop-words'],
    ['。、？', 'only-stop-words'],
    ['I am sorry, I cannot change this text.', 'refusal'],
    ['As an AI language model, I have no rivers.', 'refusal'],
    ["I can't help with that.", 'refusal'],
  ] as const) {
    it(`is ${why} for ${JSON.stringify(after)}`, () => {
      assert.equal(reason(after), why);
      assert.equal(reason(after, false), why);
    });
  }

  it('has no gain where the two were judged equal', () => {
    assert.equal(reason('Please name three rivers.', false), 'no-gain');
  });

  it('takes a long text that says sorry, and one whose origin does, for no refusal', () => {
    const letter = 'Write a letter that says sorry.';
    assert.equal(reason('Write a short letter that says sorry twice.', true, letter), null);
    assert.equal(reason(`${'word '.repeat(79)}sorry`), null);
    assert.equal(reason(`${'word '.repeat(78)}sorry`), 'refusal');
  });

  it('takes a word of the prompt that the origin has for no leak', () => {
    assert.equal(reason('Rewrite the given prompt twice.', true, 'Rewrite the given prompt.'), null);
    assert.equal(reason('Read the given instructions and the response.'), null);
  });

  it('takes other scripts for words', () => {
    assert.equal(reason('三つの川の名前を挙げてください。'), null);
    assert.equal(reason('Назовите три реки.'), null);
    assert.equal(reason('42'), null);
  });
});
