import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describeProblems, parseSeeds } from '../../methods/seed-format.js';

const selfInstruct = {
  id: 'tides',
  name: 'explain_tides',
  instruction: 'Explain why there are tides.',
  instances: [
    { input: '', output: 'The moon pulls on the water.' },
    { input: 'to a child', output: 'The moon tugs at the sea.' },
  ],
  is_classification: false,
};
const alpaca = { instruction: 'Sort the words.', input: 'pear, fig', output: 'fig, pear' };
const lines = (...rows: unknown[]) =>
  rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
const problemsOf = (text: string) =>
  parseSeeds(text).problems.map(({ line, problem }) => `${line}: ${problem}`);

describe('parseSeeds', () => {
  it('reads Self-Instruct rows with all instances', () => {
    const { seeds, problems } = parseSeeds(lines(selfInstruct));
    assert.deepEqual(problems, []);
    assert.deepEqual(seeds, [
      {
        id: 'tides',
        origin: 'human',
        instruction: selfInstruct.instruction,
        instances: selfInstruct.instances,
        isClassification: false,
        ancestors: ['tides'],
        round: 0,
        score: null,
      },
    ]);
  });

  it('reads Alpaca rows, whose missing input is empty, and gives them an id by content', () => {
    const { seeds } = parseSeeds(lines(alpaca, { instruction: 'Name a tree.', output: 'Oak.' }));
    assert.deepEqual(seeds[0]?.instances, [{ input: 'pear, fig', output: 'fig, pear' }]);
    assert.deepEqual(seeds[1]?.instances, [{ input: '', output: 'Oak.' }]);
    assert.match(seeds[0]?.id ?? '', /^seed-[0-9a-f]{16}$/);
    assert.equal(seeds[0]?.id, parseSeeds(lines(alpaca)).seeds[0]?.id);
  });

  it('keeps source and licence', () => {
    const { seeds } = parseSeeds(lines({ ...alpaca, source: 'our own', license: 'CC0-1.0' }));
    assert.equal(seeds[0]?.source, 'our own');
    assert.equal(seeds[0]?.licence, 'CC0-1.0');
  });

  it('reads the same rows from JSON Lines and from an array, with blank lines and a byte order mark', () => {
    const rows = [selfInstruct, alpaca, { ...alpaca, input: 'brackets ] , } " in [ text' }];
    const expected = parseSeeds(lines(...rows));
    assert.equal(expected.seeds.length, 3);
    assert.deepEqual(parseSeeds(JSON.stringify(rows)), expected);
    assert.deepEqual(parseSeeds(`\ufeff\n${JSON.stringify(rows, null, 2)}\n`), expected);
    assert.deepEqual(parseSeeds(`${lines(...rows).replaceAll('\n', '\r\n\r\n')}\r\n`).seeds, expected.seeds);
  });

  it('names line and key of what is wrong', () => {
    assert.deepEqual(
      problemsOf(
        lines(
          alpaca,
          '{"instruction": "cut off',
          { input: 'x', output: 'y' },
          { instruction: 3, output: 'y' },
          { instruction: ' ', output: 'y' },
          { instruction: 'Name a river.', output: '' },
          { instruction: 'Name a lake.' },
          { ...selfInstruct, instances: [] },
          {
            ...selfInstruct,
            instances: [
              { input: '', output: 'a' },
              { input: 1, output: 'b' },
            ],
          },
          { ...selfInstruct, is_classification: 'no' },
          '["no object"]',
        ),
      ),
      [
        '2: is not JSON: {"instruction": "cut off',
        '3: instruction is missing',
        '4: instruction must be a string, not a number',
        '5: instruction is empty',
        '6: output is empty',
        '7: has neither "instances" nor "output"',
        '8: instances is an empty list',
        '9: instances[1].input must be a string, not a number',
        '10: is_classification must be a boolean, not a text',
        '11: is not a JSON object: ["no object"]',
      ],
    );
  });

  it('names the first line of a task or an id that comes twice', () => {
    assert.deepEqual(
      problemsOf(lines(alpaca, selfInstruct, alpaca, { ...alpaca, id: 'tides', output: 'other' })),
      ['3: is the same task as line 1', '4: has the id "tides" of line 2'],
    );
  });

  it('counts lines inside an array and reports one that does not end', () => {
    assert.deepEqual(
      problemsOf(
        '[\n{"instruction": "Name a tree.", "output": "Oak."},\n\n  {"instruction": "Name a fish."}\n',
      ),
      ['4: has neither "instances" nor "output"', '5: the JSON array is not closed'],
    );
  });

  it('reports a file without any row', () => {
    for (const text of ['', '\n\n', '[]']) assert.deepEqual(problemsOf(text), ['1: holds no seed task']);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => assert.ok(parseSeeds(text).problems.length > 0 || text !== '')),
    );
    fc.assert(fc.property(fc.array(fc.jsonValue()), (rows) => void parseSeeds(JSON.stringify(rows))));
  });
});

describe('describeProblems', () => {
  it('lists five as file:line: what, and counts the rest', () => {
    const problems = Array.from({ length: 7 }, (_, i) => ({ line: i + 1, problem: 'is empty' }));
    assert.deepEqual(describeProblems({ file: 'seeds.jsonl', problems }).split('\n').slice(4), [
      'seeds.jsonl:5: is empty',
      '… and 2 more',
    ]);
  });
});
