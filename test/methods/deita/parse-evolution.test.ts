import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  evolutionProblem,
  isMendedEvolution,
  isUsableEvolution,
  parseEvolved,
  parseGain,
  parseRanking,
} from '../../../methods/deita/evolve-prompts.js';

describe('parseEvolved', () => {
  const evolved = (text: string, truncated = false) =>
    parseEvolved({ text, truncated, aspect: 'complexity' });

  for (const [text, found] of [
    ['{"rewritten": "Why, and since when?"}', 'Why, and since when?'],
    ['```json\n{"rewritten": " Why?\\n- a "}\n```', 'Why?\n- a'],
    ['Sure! Here it is: {"rewritten": "Why?"}', 'Why?'],
    ['{"instruction": "Why?"}', 'Why?'],
    ['{"rewritten": "Why?', 'Why?'],
    ['Why?\n</rewritten>\n\nThe new version:', 'Why?'],
    ['<rewritten>\nWhy?\n</rewritten>', 'Why?'],
    ['Here you go:\n<rewritten>Why?</rewritten> I added a word.', 'Why?'],
    ['Why?', 'Why?'],
    ['"Why?"', 'Why?'],
    ['```\nWhy?\n```', 'Why?'],
    ['Here is the rewritten instruction:\n\nWhy?', 'Why?'],
    ['#Rewritten Prompt#:\nWhy?', 'Why?'],
    ['**New version:** Why?', 'Why?'],
    ['Here is the recipe:\nFlour', 'Here is the recipe:\nFlour'],
    ['Return {"rewritten": true} as JSON.', null],
    ['Fill in {"name": "…"}.', 'Fill in {"name": "…"}.'],
    ['{"rewritten": ""}', null],
    ['{"rewritten": "…"}', null],
    ['{"rewritten": 3}', null],
    ['…', null],
    ['', null],
    [' \n ', null],
    ['</rewritten>', null],
  ] as const) {
    it(`is ${JSON.stringify(found)} in ${JSON.stringify(text)}`, () => {
      assert.equal(evolved(text), found);
    });
  }

  it('is nothing of what was cut off, unless the text was whole before', () => {
    assert.equal(evolved('Why is the', true), null);
    assert.equal(evolved('<rewritten>Why is the', true), null);
    assert.equal(evolved('{"rewritten": "Why is the', true), null);
    assert.equal(evolved('Why?</rewritten> And so on, and', true), 'Why?');
    assert.equal(evolved('{"rewritten": "Why?"}', true), 'Why?');
  });

  it('knows the key of a response only where one was asked for', () => {
    const text = '{"response": "Because."}';
    assert.equal(parseEvolved({ text, truncated: false, aspect: 'quality' }), 'Because.');
    assert.equal(parseEvolved({ text, truncated: false, aspect: 'complexity' }), text);
  });
});

describe('parseGain', () => {
  for (const [text, gain] of [
    ['{"judgement": "Equal"}', false],
    ['{"judgement": "Not equal"}', true],
    ['{"judgement": "not_equal", "reason": "equal at first"}', true],
    [' Equal', false],
    ['Not Equal.', true],
    ['**Not** equal', true],
    ['NOT\nEQUAL', true],
    ['unequal', true],
    ["They aren't equal.", true],
    ['They are equal.', false],
    ['Equal or Not equal', null],
    ['Equality', null],
    ['Yes', null],
    ['', null],
  ] as const) {
    it(`is ${gain} for ${JSON.stringify(text)}`, () => {
      assert.equal(parseGain(text), gain);
    });
  }
});

describe('parseRanking', () => {
  for (const [text, scores] of [
    ['{"scores": {"1": 3, "2": 5}}', [3, 5]],
    ['{"scores": {"2": "5", "1": 3.5}, "why": {"1": "x"}}', [3.5, 5]],
    ['{"scores": {"text 1": 3, "[2]": 5}}', [3, 5]],
    ['{"1": 3, "2": 5}', [3, 5]],
    ['{"scores": {"1": 3, "2": 5', [3, 5]],
    ['{"scores": {"1": 3, "3": 5}}', null],
    ['{"scores": {"1": 3, "all": 5}}', null],
    ['{"scores": {"1": 3, "2": null}}', null],
    ['{"scores": {}}', null],
    ['{"scores": [{"number": 1, "score": 3}, {"number": 2, "score": 5}]}', [3, 5]],
    ['{"scores": [{"number": 2, "score": 5, "why": "x"}, {"number": 1, "score": 3}]}', [3, 5]],
    ['{"scores": [{"number": "1", "score": "3"}, {"number": 2, "score": 4.5}]}', [3, 4.5]],
    ['```json\n[{"text": 1, "score": 3}]\n```', [3]],
    ['Here: {"scores": [3, 5, 1]}', [3, 5, 1]],
    ['[3, 5, 1]', [3, 5, 1]],
    ['{"scores": [{"number": 1, "score": 3}, {"number": 1, "score": 3}]}', [3]],
    [' 3\n[2] Score: 5', [3, 5]],
    ['[1] Score: 3\n[2] Score: 5\n', [3, 5]],
    ['[2] 5\n[1] 3', [3, 5]],
    ['Text 1: 3\ntext 2: 4/6', [3, 4]],
    ['1. Score: 2\n2. Score: 6 (hard)', [2, 6]],
    ['Scores:\n\n- **[1]** Score: **3**\n- [2] Score: 4', [3, 4]],
    ['{"scores": [{"number": 1, "score": 3}, {"number": 3, "score": 5}]}', null],
    ['{"scores": [{"number": 0, "score": 3}, {"number": 1, "score": 5}]}', null],
    ['{"scores": [{"number": 1, "score": 3}, {"number": 1, "score": 4}]}', null],
    ['{"scores": [{"number": 1, "score": 7}]}', null],
    ['{"scores": [{"number": 1, "score": 3}, {"number": 2}]}', null],
    ['{"scores": []}', null],
    ['[1] Score: 0', null],
    ['[1] Score: 10', null],
    ['[1] Score: 3\n[2] Score: 35', null],
    ['[2] Score: 3', null],
    ['They are all good.', null],
    ['', null],
  ] as const) {
    it(`is ${JSON.stringify(scores)} in ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseRanking(text), scores);
    });
  }

  it('reads what was asked for back, in any order and either form', () => {
    const scores = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(scores, fc.boolean(), (given, isTurned) => {
        const places = given.map((score, place) => ({ number: place + 1, score }));
        if (isTurned) places.reverse();
        assert.deepEqual(parseRanking(JSON.stringify({ scores: places })), given);
        const byNumber = Object.fromEntries(places.map(({ number, score }) => [number, score]));
        assert.deepEqual(parseRanking(JSON.stringify({ scores: byNumber })), given);
        const lines = places.map(({ number, score }) => `[${number}] Score: ${score}`).join('\n');
        assert.deepEqual(parseRanking(lines), given);
        if (!isTurned) assert.deepEqual(parseRanking(lines.replace('[1] Score:', '')), given);
      }),
    );
  });
});

describe('what a model is told of its evolution’s answer', () => {
  for (const [phase, text, problem] of [
    ['evolve', 'Why?', 'there is no JSON in it'],
    ['evolve', '{"rewritten": ""}', '"rewritten" is empty'],
    ['evolve', '{"other": "a"}', '"rewritten" is missing'],
    ['gain', '{"judgement": "Yes"}', '"judgement" is neither "Equal" nor "Not equal"'],
    ['gain', '{"judgement": true}', '"judgement" is a boolean, not a text'],
    ['rank', '3', 'there is no JSON in it'],
    ['rank', '{"scores": {"1": 9}}', '"scores" has not a score from 1 to 6 for each number'],
    ['rank', '{"other": 1}', '"scores" is missing'],
    ['rank', '{"scores": {"2": 3}}', 'it has not one score for each number, from 1 on'],
  ] as const) {
    it(`is "${problem}" of ${phase}`, () => {
      const words = evolutionProblem(text, phase);
      assert.ok(words.startsWith(`${problem}. Wanted: JSON of the form {"`), words);
    });
  }
});

describe('isUsableEvolution', () => {
  const usable = (phase: 'evolve' | 'gain' | 'rank', text: string, truncated = false) =>
    isUsableEvolution(phase, { text, truncated });

  it('wants a whole text, a judgement, or scores', () => {
    assert.equal(usable('evolve', '{"response": "a"}'), true);
    assert.equal(usable('evolve', 'Why', true), false);
    assert.equal(usable('evolve', ''), false);
    assert.equal(usable('evolve', '{"rewritten": 3}'), false);
    assert.equal(usable('gain', 'Equal'), true);
    assert.equal(usable('gain', 'Perhaps'), false);
    assert.equal(usable('rank', '[1, 2]'), true);
    assert.equal(usable('rank', 'no'), false);
  });
});

describe('isMendedEvolution', () => {
  it('finds JSON that was cut off', () => {
    assert.equal(isMendedEvolution('{"rewritten": "a'), true);
    assert.equal(isMendedEvolution('{"scores": [{"number": 1, "score": 3}'), true);
    assert.equal(isMendedEvolution('{"judgement": "Equal"}'), false);
  });
});

describe('reading hostile answers of evolution', () => {
  const readers = [
    (text: string) => parseEvolved({ text, truncated: false, aspect: 'quality' }),
    (text: string) => parseEvolved({ text, truncated: true, aspect: 'complexity' }),
    parseGain,
    parseRanking,
    isMendedEvolution,
    (text: string) => evolutionProblem(text, 'evolve'),
    (text: string) => evolutionProblem(text, 'gain'),
    (text: string) => evolutionProblem(text, 'rank'),
  ];

  it('never throws, and never calls an empty text an evolved one', () => {
    const pieces = fc.constantFrom(
      ...['{"rewritten":', '{"scores": [', '{"number": 1, "score":', '"', '}', ']', ',', '<rewritten>'],
      ...[
        '</rewritten>',
        '```',
        '\n',
        '[1] Score: ',
        '3',
        'equal',
        'not ',
        'Rewritten prompt:',
        '…',
        '\ud800',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        for (const read of readers) read(text);
        assert.notEqual(parseEvolved({ text, truncated: false, aspect: 'quality' })?.trim(), '');
        for (const score of parseRanking(text) ?? []) assert.ok(score >= 1 && score <= 6);
      }),
      { numRuns: 500 },
    );
  });

  it('stays quick on a long run of one piece', () => {
    for (const piece of [
      '[',
      '{"scores":',
      ' ',
      '\n',
      '1',
      '[1] ',
      '`',
      '<',
      '"',
      'not ',
      ':',
      '*',
      '# ',
      'rewritten ',
    ])
      for (const read of readers) read(piece.repeat(Math.ceil(3e5 / piece.length)));
  });
});
