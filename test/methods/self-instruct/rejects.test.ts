import assert from 'node:assert/strict';
import { rejectInstances, rejectInstruction } from '../../../methods/self-instruct/rejects.js';

const reasonOf = (instruction: string, rules: Partial<Parameters<typeof rejectInstruction>[1]> = {}) =>
  rejectInstruction(instruction, { prompting: 'staged', ...rules })?.reason ?? null;
const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i}`).join(' ');

describe('rejectInstruction', () => {
  it('wants more than 3 words and no more than 150', () => {
    assert.equal(reasonOf('Name three rivers'), 'too-short');
    assert.equal(reasonOf('Name three long rivers'), null);
    assert.equal(reasonOf(words(150)), null);
    assert.equal(reasonOf(words(151)), 'too-long');
    assert.equal(reasonOf(''), 'too-short');
  });

  it('rejects unsuited words as whole words, in any case, plurals included', () => {
    for (const word of [
      'image',
      'Images',
      'graph',
      'graphs',
      'picture',
      'pictures',
      'file',
      'files',
      'map',
      'maps',
      'draw',
      'PLOT',
      'plots',
      'go to',
    ]) {
      assert.equal(reasonOf(`Please do something with ${word} today`), 'unsuited-word', word);
    }
    for (const word of [
      'imagery',
      'paragraph',
      'profile',
      'mapping',
      'drawer',
      'withdraw',
      'complot',
      'go towards',
      'ergo to',
    ]) {
      assert.equal(reasonOf(`Please do something with ${word} today`), null, word);
    }
  });

  it('knows more unsuited words with one-call', () => {
    for (const word of ['video', 'videos', 'audio', 'music', 'flowchart', 'diagrams', 'map']) {
      assert.equal(
        reasonOf(`Say something about the ${word} here`, { prompting: 'one-call' }),
        'unsuited-word',
        word,
      );
    }
    assert.equal(reasonOf('Say something about the music here'), null);
  });

  it('rejects a start with punctuation or a non-ASCII character', () => {
    assert.equal(reasonOf('"Quote the first line'), 'bad-start');
    assert.equal(reasonOf('- Name four long rivers'), 'bad-start');
    assert.equal(reasonOf('Écris un poème sur la pluie'), 'bad-start');
    assert.equal(reasonOf('🙂 name four long rivers'), 'bad-start');
    assert.equal(reasonOf('4 rivers shall be named'), null);
  });

  it('rejects what starts with "Write a program", but not what only mentions it', () => {
    assert.equal(reasonOf('Write a program that sorts numbers'), 'write-a-program');
    assert.equal(reasonOf('Explain how to write a program'), null);
  });

  it('names the first reason in its documented order', () => {
    assert.equal(reasonOf('"Draw image'), 'too-short');
    assert.equal(reasonOf('"Draw a small picture of a house'), 'unsuited-word');
    assert.equal(reasonOf('Write a program that opens a file'), 'unsuited-word');
  });

  it('lets other languages start as they do, and counts words that no space separates', () => {
    assert.equal(reasonOf('Écris un poème sur la pluie', { language: 'French' }), null);
    assert.equal(reasonOf('写一首关于雨的短诗', { language: 'zh' }), null);
    assert.equal(reasonOf('写一首关于雨的短诗'), 'too-short');
    assert.equal(reasonOf('Écris un poème sur la pluie', { language: 'en-GB' }), 'bad-start');
  });
});

describe('rejectInstances', () => {
  const reasons = (...instances: [string, string][]) =>
    rejectInstances(instances.map(([input, output]) => ({ input, output }))).map(
      (verdict) => verdict?.reason ?? null,
    );

  it('rejects an empty output, also beside an empty input', () => {
    assert.deepEqual(reasons(['', ' '], ['x', '']), ['empty-output', 'empty-output']);
  });

  it('rejects an output that equals the input', () => {
    assert.deepEqual(reasons(['same', ' same ']), ['output-equals-input']);
  });

  it('rejects an input or output that ends with a colon', () => {
    assert.deepEqual(reasons(['Text:', 'a'], ['', 'The list:'], ['a: b', 'c: d']), [
      'ends-with-colon',
      'ends-with-colon',
      null,
    ]);
  });

  it('drops all valid instances when one non-empty input has different outputs', () => {
    assert.deepEqual(reasons(['a', '1'], ['b', '2'], ['a', '3'], ['c', '']), [
      'conflicting-outputs',
      'conflicting-outputs',
      'conflicting-outputs',
      'empty-output',
    ]);
  });

  it('lets an empty input have several outputs', () => {
    assert.deepEqual(reasons(['', '1'], ['', '2']), [null, null]);
  });

  it('does not count an invalid instance as a conflict', () => {
    assert.deepEqual(reasons(['a', '1'], ['a', 'Look here:']), [null, 'ends-with-colon']);
  });

  it('collapses identical instances into the first', () => {
    assert.deepEqual(reasons(['a', '1'], ['a ', '1'], ['b', '1']), [null, 'duplicate-instance', null]);
  });

  it('keeps 5, and a duplicate does not take a place', () => {
    assert.deepEqual(
      reasons(['a', '1'], ['a', '1'], ['b', '1'], ['c', '1'], ['d', '1'], ['e', '1'], ['f', '1']),
      [null, 'duplicate-instance', null, null, null, null, 'too-many-instances'],
    );
  });
});
