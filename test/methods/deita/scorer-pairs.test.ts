import assert from 'node:assert/strict';
import { scorerPairs, trainingText } from '../../../methods/deita/scorer-pairs.js';

describe('scorerPairs', () => {
  const variants = [
    { variant: 0, text: 'a', score: 1 },
    { variant: 2, text: 'b', score: null },
    { variant: 3, text: 'c', score: 4.5 },
  ];

  it('has a row for each instruction that has a score', () => {
    assert.deepEqual(scorerPairs({ origin: 'x', aspect: 'complexity', instruction: 'a', variants }), [
      { origin: 'x', variant: 0, aspect: 'complexity', instruction: 'a', response: null, score: 1 },
      { origin: 'x', variant: 3, aspect: 'complexity', instruction: 'c', response: null, score: 4.5 },
    ]);
  });

  it('shows each response with the origin’s instruction', () => {
    const rows = scorerPairs({ origin: 'x', aspect: 'quality', instruction: 'Why?', variants });
    assert.deepEqual(
      rows.map(({ instruction, response }) => [instruction, response]),
      [
        ['Why?', 'a'],
        ['Why?', 'c'],
      ],
    );
  });
});

describe('trainingText', () => {
  it('is the published prompt and the nearest whole score, halves upwards', () => {
    assert.deepEqual(
      trainingText({ aspect: 'complexity', instruction: 'Why?', response: null, score: 4.5 }),
      {
        prompt:
          'You are a helpful assistant. Please identify the complexity score of the following user query. \n##Query: Why?  \n##Complexity: ',
        completion: '5',
      },
    );
    const row = { aspect: 'quality', instruction: 'Why?', response: 'So.', score: 1.49 } as const;
    assert.equal(trainingText(row).completion, '1');
    assert.ok(trainingText(row).prompt.endsWith('#Response#:\nSo. \n##Quality: '));
  });
});
