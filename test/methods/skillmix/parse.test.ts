import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseRating } from '../../../methods/rating.js';
import {
  extractionProblem,
  finalPair,
  isMendedJson,
  isUsableList,
  isUsableTurn,
  parsePair,
  parseShirk,
  readGroups,
  readNames,
  readQueryTypes,
} from '../../../methods/skillmix/parse.js';

const written = (instruction: string, response: string) =>
  `### Instruction: ${instruction}\n### Response: ${response}`;

describe('finalPair', () => {
  const final = (improve: string, improveRewrite: string | null) =>
    finalPair({ improve, improveRewrite })?.pair ?? null;

  it('takes both from the fourth turn when there is no fifth', () => {
    assert.deepEqual(final(written('i4', 'r4'), null), { instruction: 'i4', response: 'r4' });
  });

  it('takes the instruction of the fourth and the response of the fifth', () => {
    assert.deepEqual(final(written('i4', 'r4'), written('i5', 'r5')), { instruction: 'i4', response: 'r5' });
    assert.deepEqual(final(written('i4', 'r4'), 'r5'), { instruction: 'i4', response: 'r5' });
    assert.deepEqual(final(written('i4', 'r4'), ' '), { instruction: 'i4', response: 'r4' });
  });

  it('takes the instruction of the fifth when the fourth has none, or was cut off in it', () => {
    assert.deepEqual(final('r4', written('i5', 'r5')), { instruction: 'i5', response: 'r5' });
    assert.deepEqual(final('### Instruction: i4 cut o', written('i5', 'r5')), {
      instruction: 'i5',
      response: 'r5',
    });
    assert.deepEqual(final('### Instruction: i4', 'r5'), { instruction: 'i4', response: 'r5' });
  });

  it('is none without an instruction or a response', () => {
    assert.equal(final('r4', 'r5'), null);
    assert.equal(final('### Instruction: i4', null), null);
    assert.equal(final(written('i4', ''), null), null);
    assert.equal(final('', null), null);
  });
});

describe('isUsableTurn', () => {
  for (const [phase, text, usable] of [
    ['draft', written('i', 'r'), true],
    ['draft', 'Just words.', false],
    ['draft', '### Instruction: i', false],
    ['draft', '### Response: r', false],
    ['improve', written('i', 'r'), true],
    ['improve', '### Instruction: i', false],
    ['improve', 'Just words.', false],
    ['improve', '### Instruction:\n### Response:', false],
    ['critique', 'Weak.', true],
    ['critique', '\u001b[0m \n', false],
    ['draft-rewrite', 'Words.', true],
    ['improve-rewrite', '', false],
    ['shirk', 'It depends.', true],
    ['shirk', '""', false],
    ['judge', '{"score": 3}', true],
    ['judge', 'Good.', false],
  ] as const) {
    it(`says ${usable} of ${JSON.stringify(text)} in ${phase}`, () => {
      assert.equal(isUsableTurn(phase, text), usable);
    });
  }
});

describe('isUsableTurn of a refined version that was cut off', () => {
  it('asks for one part: the other can come with the rewriting', () => {
    const truncated = { truncated: true };
    assert.equal(isUsableTurn('improve', '### Instruction: i', truncated), true);
    assert.equal(isUsableTurn('improve', 'Just words.', truncated), true);
    assert.equal(isUsableTurn('improve', '### Instruction:\n### Response:', truncated), false);
  });
});

describe('parseShirk', () => {
  it('takes off quotation marks around the whole, as the authors do', () => {
    assert.equal(parseShirk(' "It depends on many things." '), 'It depends on many things.');
    assert.equal(parseShirk('"Yes" and "no".'), '"Yes" and "no".');
    assert.equal(parseShirk(' "" '), null);
  });
});

describe('reading the lists of extraction', () => {
  it('reads names, also from objects and without the key', () => {
    assert.deepEqual(readNames('{"topics": ["a", " b\\nc "]}', 'topics'), [{ value: 'a' }, { value: 'b c' }]);
    assert.deepEqual(readNames('[{"skill": "a"}, {"name": "b"}, {"topic": "c"}]', 'skills'), [
      { value: 'a' },
      { value: 'b' },
      { value: 'c' },
    ]);
  });

  it('says what is no name, and goes on', () => {
    assert.deepEqual(readNames('{"skills": ["a", "", 7]}', 'skills'), [
      { value: 'a' },
      { unparsable: 'is empty: ' },
      { unparsable: 'is a number, not a text' },
    ]);
    assert.deepEqual(readNames('Knots and sails.', 'skills'), [
      { unparsable: 'there is no JSON in it: Knots and sails.' },
    ]);
    assert.deepEqual(readNames(' ', 'skills'), []);
  });

  it('reads query types, whose definition may be missing', () => {
    assert.deepEqual(
      readQueryTypes('{"queryTypes": [{"name": "A", "definition": "d\\ne"}, {"name": "B"}]}'),
      [{ value: { name: 'A', definition: 'd\ne' } }, { value: { name: 'B', definition: '' } }],
    );
    assert.deepEqual(readQueryTypes('{"queryTypes": [{"definition": "d"}, "B"]}'), [
      { unparsable: '"name" is missing' },
      { unparsable: 'is a text, not an object: B' },
    ]);
  });

  it('reads groups without blanks and repetitions', () => {
    assert.deepEqual(readGroups('{"groups": [["a", "b", "a", " "], ["c"], "d"]}'), [
      { value: ['a', 'b'] },
      { value: ['c'] },
      { unparsable: 'is a text, not a list: d' },
    ]);
    assert.deepEqual(readGroups('{"groups": []}'), []);
  });
});

describe('names in a list that a model has numbered or set in bold', () => {
  it('are read without their marks', () => {
    const text = '{"skills": ["1. **Knots and sails**", "- `dead reckoning`", "3d_modelling", "2) tides"]}';
    const values = ['Knots and sails', 'dead reckoning', '3d_modelling', 'tides'];
    assert.deepEqual(
      readNames(text, 'skills'),
      values.map((value) => ({ value })),
    );
    const types = '{"queryTypes": [{"name": "4. **Planning**", "definition": "A plan."}]}';
    assert.deepEqual(readQueryTypes(types), [{ value: { name: 'Planning', definition: 'A plan.' } }]);
  });

  it('are none where nothing but marks stands', () => {
    assert.deepEqual(readNames('{"topics": ["*", "**", "…"]}', 'topics'), [
      { unparsable: 'is no name: *' },
      { unparsable: 'is empty: **' },
      { unparsable: 'is no name: …' },
    ]);
  });
});

describe('isUsableList', () => {
  it('wants one good item, but takes an answer that there are no synonyms', () => {
    assert.equal(isUsableList('topics', '{"topics": ["a", 7]}'), true);
    assert.equal(isUsableList('row-skills', '{"skills": []}'), false);
    assert.equal(isUsableList('query-types', 'None.'), false);
    assert.equal(isUsableList('synonyms', '{"groups": []}'), true);
    assert.equal(isUsableList('synonyms', 'There are none.'), false);
    assert.equal(isUsableList('synonyms', ''), false);
  });
});

describe('what a model is told of its list or score', () => {
  for (const [phase, text, problem, form] of [
    ['topics', 'No.', 'there is no JSON in it', '{"topics": ["…", "…"]}'],
    ['topic-skills', '{"skills": []}', 'its list "skills" is empty', '{"skills": ["…", "…"]}'],
    [
      'row-skills',
      '{"skills": [7, ""]}',
      'item 1: is a number, not a text; item 2: is empty',
      '{"skills": ["…", "…"]}',
    ],
    [
      'query-types',
      '{"queryTypes": [{"name": ["a"]}]}',
      'item 1: "name" is a list, not a text',
      '{"queryTypes": [{"name": "…", "definition": "…"}]}',
    ],
    ['synonyms', '{"groups": ["a"]}', 'item 1: is a text, not a list', '{"groups": [["…", "…"]]}'],
    ['judge', '{"reason": "x"}', '"score" is missing', '{"score": 4, "reason": "…"}'],
    ['judge', '{"score": "good"}', '"score" is a text, not a number', '{"score": 4, "reason": "…"}'],
    ['judge', '{"score": 8}', '"score" is not within 1 and 6', '{"score": 4, "reason": "…"}'],
    ['judge', '{,,', 'its JSON is not valid', '{"score": 4, "reason": "…"}'],
    ['draft', '{"instruction": "a"}', '"response" is missing', '{"instruction": "…", "response": "…"}'],
    [
      'improve',
      '{"instruction": ["a"]}',
      '"instruction" is a list, not a text',
      '{"instruction": "…", "response": "…"}',
    ],
    [
      'draft-rewrite',
      '{"instruction": " "}',
      '"instruction" is empty',
      '{"instruction": "…", "response": "…"}',
    ],
    ['improve-rewrite', 'No.', 'there is no JSON in it', '{"instruction": "…", "response": "…"}'],
  ] as const) {
    it(`is "${problem}" in ${phase}`, () => {
      assert.equal(extractionProblem(text, phase), `${problem}. Wanted: JSON of the form ${form}`);
    });
  }

  it('cannot be asked of what is no JSON', () => {
    for (const phase of ['embeddings', 'critique', 'shirk'] as const)
      assert.throws(() => extractionProblem('', phase), /not answered in JSON/);
  });
});

describe('isMendedJson of Instruct-SkillMix', () => {
  it('finds the wanted object behind other brackets', () => {
    assert.equal(isMendedJson('I weigh {this}: {"score": 4, "reason": "x"}'), false);
    assert.equal(isMendedJson('{"skills": ["a", "b'), true);
  });
});

describe('reading hostile text', () => {
  const pieces = fc.constantFrom(
    ...[
      '### ',
      'Instruction:',
      'Response:',
      '**',
      'Refined ',
      'Task type:',
      '```',
      '"',
      '“',
      '\n',
      ' ',
      '---',
    ],
    ...['{', '}', '[', ']', '"score":', '4', ',', '\ud800', '\u001b[', 'words', '\r', '：'],
  );
  const readers = [
    parsePair,
    parseRating,
    readQueryTypes,
    readGroups,
    (text: string) => readNames(text, 'skills'),
    (text: string) => isUsableTurn('draft', text),
    (text: string) => extractionProblem(text, 'judge'),
    (text: string) => extractionProblem(text, 'synonyms'),
  ];

  it('never throws, and never calls an empty text a part', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        for (const read of readers) read(text);
        for (const part of Object.values(parsePair(text))) assert.ok(part === null || part.trim() !== '');
      }),
      { numRuns: 500 },
    );
  });

  it('stays quick on a megabyte of one piece', () => {
    for (const piece of [
      ...['#', '*', '_', ' ', '\n', '`', '"', '“', '-', '[', '{"score":', '4', '### '],
      ...[
        'Instruction:',
        'Instruction:\n',
        '### Response:\n',
        '### Instruction:',
        'the ',
        '### final ',
        '(',
        '---\n',
      ],
    ]) {
      const text = piece.repeat(1_000_000 / piece.length);
      for (const read of readers) read(text);
    }
  });
});
