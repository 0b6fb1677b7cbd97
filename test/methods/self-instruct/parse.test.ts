import assert from 'node:assert/strict';
import {
  type Answer,
  parseAnswer,
  parseClassification,
  parseInstances,
  parseInstructions,
  parseTasks,
} from '../../../methods/self-instruct/parse.js';
import type { Parsed } from '../../../methods/self-instruct/parsed.js';

const completion = (text: string, truncated = false): Answer => ({ text, truncated, form: 'completion' });
const chat = (text: string, truncated = false): Answer => ({ text, truncated, form: 'chat' });
/** Values, or the reason where there is none. */
const short = <T>(items: Parsed<T>[]) => items.map((item) => item.value ?? item.rejected?.reason);

describe('parseInstructions', () => {
  it('reads the items of a list that the teacher continued, with their positions', () => {
    const items = parseInstructions(
      completion(' Name a river.\nTask 10: Write a haiku\nabout ice.\nTask 11: Count to ten.\n'),
    );
    assert.deepEqual(short(items), ['Name a river.', 'Write a haiku about ice.', 'Count to ten.']);
    assert.deepEqual(
      items.map(({ position }) => position),
      [0, 1, 2],
    );
  });

  it('knows the marks that models write instead', () => {
    assert.deepEqual(
      short(parseInstructions(completion('A b.\n10. C d.\n11) E f.\n**Task 12:** G h.\ntask 13 : I j.'))),
      ['A b.', 'C d.', 'E f.', 'G h.', 'I j.'],
    );
  });

  it('does not take a number inside an item for a mark', () => {
    assert.deepEqual(short(parseInstructions(completion(' Round 3.14 and 2.5\n1.5 is not a mark.'))), [
      'Round 3.14 and 2.5 1.5 is not a mark.',
    ]);
  });

  it('skips marks that nothing follows, and rejects items without words', () => {
    assert.deepEqual(short(parseInstructions(completion(' A b.\nTask 10:\nTask 11: ***\nTask 12: C d.'))), [
      'A b.',
      'unparsable',
      'C d.',
    ]);
  });

  it('drops the whole list of an answer that was cut off', () => {
    assert.deepEqual(short(parseInstructions(completion(' A b.\nTask 10: C', true))), [
      'truncated',
      'truncated',
    ]);
    assert.deepEqual(short(parseInstructions(chat('{"instructions": ["A b.", "C', true))), [
      'truncated',
      'truncated',
    ]);
  });

  it('finds no candidate in an empty answer', () => {
    for (const answer of [completion(' \n\n'), chat(''), chat('{"instructions": []}')]) {
      assert.deepEqual(parseInstructions(answer), []);
    }
  });

  it('reads JSON in a fence, with talk around it, as a bare list, as objects, or slightly broken', () => {
    for (const text of [
      '{"instructions": ["A b.", "C d."]}',
      'Sure!\n```json\n{"instructions": ["A b.", "C d."]}\n```\nAnything else?',
      '["A b.", "C d."]',
      '{"tasks": [{"instruction": "A b."}, {"instruction": "C d."}]}',
      "{instructions: ['A b.', 'C d.',]}",
    ]) {
      assert.deepEqual(short(parseInstructions(chat(text))), ['A b.', 'C d.'], text);
    }
  });

  it('rejects only the item that is none', () => {
    assert.deepEqual(short(parseInstructions(chat('{"instructions": ["A b.", 7, "", {"x": 1}, "C d."]}'))), [
      'A b.',
      'unparsable',
      'unparsable',
      'unparsable',
      'C d.',
    ]);
  });

  it('rejects an answer in which there is no list as one item', () => {
    assert.deepEqual(short(parseInstructions(chat('I am sorry, I cannot do that.'))), ['unparsable']);
  });

  it('takes terminal escapes out', () => {
    assert.deepEqual(short(parseInstructions(completion(' \u001b[31mA\u001b[0m b.\u0007'))), ['A b.']);
  });
});

describe('parseClassification', () => {
  it('reads the first word', () => {
    for (const [text, expected] of [
      [' Yes', true],
      ['No.', false],
      ['**yes**', true],
      [' "No"', false],
      ['True', true],
      [' Maybe', null],
      ['', null],
      [' Yesterday', null],
    ] as const) {
      assert.equal(parseClassification(completion(text)), expected, text);
    }
  });
});

describe('parseInstances', () => {
  const inputFirst = (text: string, truncated = false) =>
    short(parseInstances({ ...completion(text, truncated), isClassification: false }));
  const outputFirst = (text: string, truncated = false) =>
    short(parseInstances({ ...completion(text, truncated), isClassification: true }));

  it('reads input-first examples over several lines', () => {
    assert.deepEqual(
      inputFirst(
        'Example 1\nInput: 25 °C\nOutput: 77 °F\nExample 2\nInput: two\nlines\nOutput: one\n\ntwo\n',
      ),
      [
        { input: '25 °C', output: '77 °F' },
        { input: 'two\nlines', output: 'one\n\ntwo' },
      ],
    );
  });

  it('reads an output that stands alone', () => {
    assert.deepEqual(inputFirst('Output: Drink water.'), [{ input: '', output: 'Drink water.' }]);
    assert.deepEqual(inputFirst('Example 1\nInput: <noinput>\nOutput: Drink water.'), [
      { input: '', output: 'Drink water.' },
    ]);
  });

  it('opens a new example at a further input without a mark', () => {
    assert.deepEqual(inputFirst('Input: a\nOutput: 1\nInput: b\nOutput: 2'), [
      { input: 'a', output: '1' },
      { input: 'b', output: '2' },
    ]);
  });

  it('rejects a block without an output, and keeps an empty one for its own reason', () => {
    assert.deepEqual(inputFirst('Example 1\nInput: a\nExample 2\nInput: b\nOutput:'), [
      'unparsable',
      { input: 'b', output: '' },
    ]);
    assert.deepEqual(inputFirst('Just some talk.'), ['unparsable']);
  });

  it('reads output-first examples: a label, then the input with or without its field name', () => {
    assert.deepEqual(
      outputFirst(
        'Class label: urgent\nMessage: The cellar is\nunder water.\nClass label: can wait\nWrite me: soon.\nClass label: empty',
      ),
      [
        { input: 'The cellar is\nunder water.', output: 'urgent' },
        { input: 'soon.', output: 'can wait' },
        { input: '', output: 'empty' },
      ],
    );
  });

  it('rejects text before the first label', () => {
    assert.deepEqual(outputFirst('positive or negative\nClass label: positive\nReview: Fine.'), [
      'unparsable',
      { input: 'Fine.', output: 'positive' },
    ]);
  });

  it('drops only the last one of an answer that was cut off', () => {
    assert.deepEqual(inputFirst('Input: a\nOutput: 1\nInput: b\nOutput: 2 and', true), [
      { input: 'a', output: '1' },
      'truncated',
    ]);
    assert.deepEqual(outputFirst('Class label: x\nText: a\nClass label: y', true), [
      { input: 'a', output: 'x' },
      'truncated',
    ]);
    assert.deepEqual(
      short(
        parseInstances({
          ...chat('{"instances": [{"input": "a", "output": "1"}, {"input": "b", "out', true),
          isClassification: false,
        }),
      ),
      [{ input: 'a', output: '1' }, 'truncated'],
    );
  });

  it('reads JSON with numbers for outputs and null for no input', () => {
    assert.deepEqual(
      short(
        parseInstances({
          ...chat(
            '{"instances": [{"input": "3 + 4", "output": 7}, {"input": null, "output": "x"}, {"input": "y"}]}',
          ),
          isClassification: false,
        }),
      ),
      [{ input: '3 + 4', output: '7' }, { input: '', output: 'x' }, 'unparsable'],
    );
  });
});

describe('parseAnswer', () => {
  it('is the trimmed text, nothing when empty, truncated when cut off', () => {
    assert.deepEqual(short(parseAnswer(completion(' Drink\nwater. '))), ['Drink\nwater.']);
    assert.deepEqual(parseAnswer(completion(' ')), []);
    assert.deepEqual(short(parseAnswer(completion('Drink wa', true))), ['truncated']);
  });
});

describe('parseTasks', () => {
  it('reads the list that the teacher continued, without a last mark that nothing follows', () => {
    const text =
      ' Name a river.\n4. Input:\n<noinput>\n4. Output:\nThe Elbe.\n###\n5. Instruction: Sort.\n5. Input:\nb\na\n5. Output:\na\nb\n###\n6. Instruction:';
    assert.deepEqual(short(parseTasks(completion(text))), [
      { instruction: 'Name a river.', input: '', output: 'The Elbe.' },
      { instruction: 'Sort.', input: 'b\na', output: 'a\nb' },
    ]);
  });

  it('rejects a task without all three parts and goes on', () => {
    assert.deepEqual(
      short(
        parseTasks(
          completion(' A b.\n4. Output:\nx\n###\n5. Instruction: C d.\n5. Input:\ny\n5. Output:\nz'),
        ),
      ),
      ['unparsable', { instruction: 'C d.', input: 'y', output: 'z' }],
    );
  });

  it('drops only the last one of an answer that was cut off', () => {
    assert.deepEqual(
      short(
        parseTasks(completion(' A b.\n4. Input:\n<noinput>\n4. Output:\nx\n###\n5. Instruction: C', true)),
      ),
      [{ instruction: 'A b.', input: '', output: 'x' }, 'truncated'],
    );
  });

  it('reads JSON', () => {
    assert.deepEqual(
      short(
        parseTasks(
          chat('{"tasks": [{"instruction": "A b.", "input": "", "output": "x"}, {"instruction": "C"}]}'),
        ),
      ),
      [{ instruction: 'A b.', input: '', output: 'x' }, 'unparsable'],
    );
  });
});
