import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SkillRow, SourceRow } from '../../activities/rows.js';
import { readGivenFiles } from '../../client/given-files.js';
import { readRecipe } from '../../client/recipe-file.js';
import { MOST_ROW_CHARACTERS } from '../../methods/skillmix/prompts.js';
import { temporaryFolder } from '../temporary-folder.js';

const recipe = [
  'name: mix',
  'method: skillmix',
  'target: 3',
  'teacher: {endpoint: openai, model: m}',
  'teachers: {vectors: {endpoint: openai, model: v, form: embedding}, other: {endpoint: openai, model: c}}',
];
const latin = Buffer.from('{"instruction": "Ein Fluß?", "output": "Po"}\n', 'latin1');

describe('files that a recipe names', () => {
  const folder = temporaryFolder();

  /** Reads a recipe whose keys name the file `given`. */
  async function read(content: string | Buffer, keys: string) {
    await writeFile(path.join(folder(), 'given'), content);
    const file = path.join(folder(), 'recipe.yaml');
    await writeFile(file, `${[...recipe, keys].join('\n')}\n`);
    const { recipe: checked } = await readRecipe(file);
    return await readGivenFiles(checked, folder());
  }

  const skills = 'skillmix: {skills: {from: file, file: given}}';
  const dataset = 'skillmix: {skills: {from: dataset, file: given, embedder: vectors}}';
  const queryTypes = 'skillmix: {queryTypes: {from: file, file: given}}';
  const benchmark = 'decontaminate: given';
  const refused: [what: string, keys: string, content: string | Buffer, says: RegExp][] = [
    [
      'fewer skills than k',
      skills,
      'Patience\npatience\n',
      /: only 1 different skill, but every example needs 2 \(/,
    ],
    ['an empty skill', skills, 'patience\n- \n\nwit\n', /given:2: names no skill$/],
    ['an empty skill in JSON', skills, '{"skill": "wit"}\n{"skill": " "}\n', /given:2: names no skill$/],
    ['no skill', skills, '', /given:1: holds no skill$/],
    ['no skill in a list', skills, '[]', /given:1: holds no skill$/],
    ['skills in another encoding', skills, Buffer.from('wit\nFluß\n', 'latin1'), /given:2: not UTF-8/],
    [
      'a skill of a megabyte',
      skills,
      `wit\n${'x'.repeat(1 << 20)}\n`,
      /given:2: is longer than 80 characters$/,
    ],
    ['no query type', queryTypes, '\n\n', /given:1: holds no query type$/],
    ['query types in another encoding', queryTypes, Buffer.from('Fluß\n', 'latin1'), /given:1: not UTF-8/],
    [
      'a definition of a megabyte',
      queryTypes,
      `Planning: ${'x'.repeat(1 << 20)}`,
      /given:1: its definition is longer than 4000 characters$/,
    ],
    [
      'a dataset of 0 bytes',
      dataset,
      '',
      /given: holds no row; skills cannot be named for an empty dataset$/,
    ],
    ['a dataset that is an empty list', dataset, '[]', /given: holds no row;/],
    ['a dataset of blank lines', dataset, '\n \n\n', /given: holds no row;/],
    [
      'a dataset in another form',
      dataset,
      '\n{"text": "a"}\n{"text": "b"}\n',
      /given:2: row 1: has no instruction and/,
    ],
    ['a dataset in another encoding', dataset, latin, /given:1: row 1: not UTF-8/],
    [
      'a benchmark without prompts',
      benchmark,
      '{"text": "a"}\n',
      /given:1: row 1: has no prompt under instruction, /,
    ],
    [
      'a benchmark of empty prompts',
      benchmark,
      '{"prompt": " "}\n',
      /given: holds no prompt; nothing could be kept out$/,
    ],
    ['a benchmark in another encoding', benchmark, latin, /given:1: row 1: not UTF-8/],
    ['a benchmark that is no JSON', benchmark, 'What?\n', /given:1: row 1: is not JSON: What\?$/],
  ];
  for (const [what, keys, content, says] of refused) {
    it(`are refused with a file and a line: ${what}`, () => assert.rejects(read(content, keys), says));
  }

  for (const [keys, says] of [
    [skills, /nowhere: no such file$/],
    [queryTypes, /nowhere: no such file$/],
    [dataset, /nowhere: no such file$/],
    [benchmark, /nowhere: no such file$/],
  ] as const) {
    it(`are refused when they are not there: ${keys}`, () =>
      assert.rejects(read('', keys.replace('given', 'nowhere')), says));
  }
  for (const keys of [skills, queryTypes, dataset, benchmark]) {
    it(`are refused when they are folders: ${keys}`, () =>
      assert.rejects(read('', keys.replace('given', '.')), /: is (a folder|not a file)$/));
  }

  it('have duplicates counted', async () => {
    const { rows, notes } = await read('Wit\npatience\nwit\n', skills);
    assert.deepEqual(
      (rows.skills as SkillRow[]).map(({ skill }) => skill),
      ['wit', 'patience'],
    );
    assert.match(notes.join(), /given: duplicates left out: 1; skills that stay: 2$/);
  });

  it('have rows without an answer counted, and only those that are left used', async () => {
    const rows = ['{"instruction": "a", "output": ""}', '{"instruction": "a", "output": "b"}', '{"text": 1}'];
    const { rows: given, notes } = await read(`${rows.join('\n')}\n`, dataset);
    assert.deepEqual(given['source-rows'], [{ row: 2, instruction: 'a', response: 'b' }]);
    assert.match(
      notes.join(),
      /given: 2 of the 3 rows drawn have no instruction and .*; the first is row 1, line 1$/,
    );
  });

  it('have of a long text no more kept than a prompt shows', async () => {
    const long = JSON.stringify({ instruction: 'a', output: 'b'.repeat(1 << 20) });
    const { rows } = await read(long, dataset);
    const [row] = rows['source-rows'] as SourceRow[];
    assert.equal(row?.response, `${'b'.repeat(MOST_ROW_CHARACTERS)}…`);
  });

  const keys: [what: string, keys: string, says: RegExp][] = [
    ['k: 5', 'skillmix: {k: 5}', /:6: skillmix\.k: .*<=4$/],
    [
      'a share of 2',
      'skillmix: {shirkers: {kind: brief, share: 2}}',
      /:6: skillmix\.shirkers\.share: .*<=1$/,
    ],
    [
      'skills that are a word',
      'skillmix: {skills: prompting}',
      /:6: skillmix\.skills: must be none, or a group of keys with from: /,
    ],
    [
      'skills from nowhere',
      'skillmix: {skills: {from: nowhere}}',
      /:6: skillmix\.skills\.from: must be prompting, dataset or file$/,
    ],
    [
      'an embedder that nobody is',
      dataset.replace('vectors', 'nobody'),
      /:6: skillmix\.skills\.embedder: must name one of `teachers` with form/,
    ],
    [
      'an embedder that is a chat',
      dataset.replace('vectors', 'other'),
      /:6: skillmix\.skills\.embedder: must name one/,
    ],
    [
      'a draft by an embedder',
      'generation: {teachers: {draft: vectors}}',
      /:6: generation\.teachers\.draft: "vectors" has form: embedding and writes no texts$/,
    ],
    [
      'seeds',
      'seeds: seeds.jsonl',
      /:6: seeds: belongs to self-instruct and sedi; skillmix draws from skills$/,
    ],
    ['a gate of another method', 'gate: {threshold: 4}', /: gate: belongs to method: skillmix$/],
  ];
  for (const [what, given, says] of keys) {
    it(`are not even looked for when the recipe has ${what}`, async () => {
      const lines = what.startsWith('a gate')
        ? recipe.map((line) => line.replace('skillmix', 'sedi'))
        : recipe;
      const file = path.join(folder(), 'wrong.yaml');
      const seeds = what.startsWith('a gate') ? ['seeds: s.jsonl'] : [];
      await writeFile(file, `${[...lines, given, ...seeds].join('\n')}\n`);
      await assert.rejects(readRecipe(file), says);
    });
  }
});
