import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Answer,
  parseAnswer,
  parseInstances,
  parseInstructions,
  parseTasks,
} from '../../../methods/self-instruct/parse.js';

describe('parsing hostile text', () => {
  const pieces = fc.constantFrom(
    'Task 9:',
    '9.',
    'Example 1',
    'Input:',
    'Output:',
    'Class label:',
    '###',
    '\n',
    ' ',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    'words',
    '```',
    '\\',
    '\u001b[',
    '\ud800',
  );
  const parsers = [
    (answer: Answer) => parseInstructions(answer),
    (answer: Answer) => parseInstances({ ...answer, isClassification: true }),
    (answer: Answer) => parseInstances({ ...answer, isClassification: false }),
    (answer: Answer) => parseAnswer(answer),
    (answer: Answer) => parseTasks(answer),
  ];

  it('never throws, and numbers what it finds from 0 without a gap', () => {
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 40 }),
        fc.boolean(),
        fc.constantFrom('completion', 'chat'),
        (parts, truncated, form) => {
          for (const parse of parsers) {
            const items = parse({ text: parts.join(''), truncated, form });
            assert.deepEqual(
              items.map(({ position }) => position),
              items.map((_, i) => i),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stays quick on long repetitions', () => {
    for (const piece of [' ', '\n', '9.', 'Task 1', 'Input:', '[', '{"a":', '```', '"', 'Example ', '\\']) {
      for (const form of ['completion', 'chat'] as const) {
        for (const parse of parsers) parse({ text: piece.repeat(20_000), truncated: false, form });
      }
    }
  });
});
