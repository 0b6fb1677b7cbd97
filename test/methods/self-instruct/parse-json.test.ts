import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isMendedJson, jsonProblem, readJsonInstances } from '../../../methods/self-instruct/parse-json.js';

const form = '{"instances": [{"input": "…", "output": "…"}]}';
const valuesOf = (text: string) =>
  readJsonInstances(text).map((item) => ('value' in item ? item.value : 'unparsable'));

describe('reading the JSON of an answer', () => {
  const one = { input: 'a', output: 'b' };

  for (const [what, text] of [
    [
      'brackets in the talk before it',
      'I thought of {this} and [that]: {"instances": [{"input": "a", "output": "b"}]}',
    ],
    ['an item where a list was asked for', '{"input": "a", "output": "b"}'],
    ['an item a line', '{"input": "a", "output": "b"}\n{"input": "a", "output": "b"}'],
    ['a list under another name', '{"examples": [{"input": "a", "output": "b"}]}'],
    ['a missing end', '{"instances": [{"input": "a", "output": "b"}'],
  ] as const) {
    it(`copes with ${what}`, () => {
      const values = valuesOf(text);
      assert.ok(values.length > 0);
      for (const value of values) assert.deepEqual(value, one);
    });
  }

  it('says whether it had to be mended', () => {
    assert.equal(isMendedJson('Here: {"instances": []}'), false);
    assert.equal(isMendedJson('{"instances": ['), true);
    assert.equal(isMendedJson('No.'), false);
  });

  it('does not mend megabytes', () => {
    assert.deepEqual(valuesOf('{"instances": [“'.repeat(200_000)), ['unparsable']);
  });

  it('reads lists that are nested a million deep', () => {
    assert.deepEqual(valuesOf('['.repeat(1_000_000) + ']'.repeat(1_000_000)), ['unparsable']);
  });
});

describe('what a model is told of its answer', () => {
  for (const [text, problem] of [
    ['I would rather not.', 'there is no JSON in it'],
    ['{,,', 'its JSON is not valid'],
    ['{"answer": "b"}', 'its JSON has no list "instances"'],
    ['{"instances": []}', 'its list "instances" is empty'],
    ['{"instances": [{"input": "a"}]}', 'item 1: "output" is missing'],
    [
      '{"instances": [{"output": ["b"]}, {"output": null}]}',
      'item 1: "output" is a list, not a text; item 2: "output" is null, not a text',
    ],
    [
      '{"instances": [7, "b", {"input": {}, "output": "b"}]}',
      'item 1: is a number, not an object; item 2: is a text, not an object; item 3: "input" is an object, not a text',
    ],
    [
      `{"instances": [${Array(8).fill('{"input": "a"}').join()}]}`,
      'items 1, 2, 3 and 5 more: "output" is missing',
    ],
  ] as const) {
    it(`is "${problem}"`, () => {
      assert.equal(jsonProblem(text, 'instances'), `${problem}. Wanted: JSON of the form ${form}`);
    });
  }

  it('names the parts of a task', () => {
    assert.match(
      jsonProblem('{"tasks": [{"instruction": "", "output": "b"}]}', 'tasks'),
      /^item 1: "instruction" is empty\. Wanted: .*\{"tasks": \[\{"instruction": "…", "input": "…", "output": "…"\}\]\}$/,
    );
  });

  it('has nothing of the answer in it, and is short', () => {
    const mark = 'SYSTEM';
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(mark, 7, null, true),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(mark, 'tasks', 'input', 'output', 'instruction'), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(value, fc.boolean(), (answer, isBroken) => {
        const text = JSON.stringify(answer).slice(isBroken ? 1 : 0);
        const told = jsonProblem(text, 'tasks');
        assert.ok(!told.includes(mark) && Buffer.byteLength(told) <= 500, told);
      }),
    );
  });
});
