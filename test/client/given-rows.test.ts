import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { givenFilesOf, readGivenFiles } from '../../client/given-files.js';
import { readGivenRows } from '../../client/given-rows.js';
import { readInputs } from '../../client/read-inputs.js';
import { readRecipe } from '../../client/recipe-file.js';
import { readScorer } from '../../client/scorer-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

const alpaca = (id: unknown, output = 'b') => JSON.stringify({ id, instruction: 'a', output });

describe('rows that are given', () => {
  const folder = temporaryFolder();
  const place = (name: string) => path.join(folder(), name);

  async function read(content: string | Buffer) {
    await writeFile(place('rows'), content);
    return await readGivenRows(place('rows'));
  }

  it('are read from lines and from a list, each with its number and as it was', async () => {
    const chat = {
      messages: [
        { role: 'user', content: 'c' },
        { role: 'assistant', content: 'd' },
      ],
      more: 1,
    };
    const lines = await read(`${alpaca(7)}\n\n${JSON.stringify(chat)}\n`);
    assert.deepEqual(lines, {
      rows: [
        { id: '7', row: 1, turns: [{ instruction: 'a', response: 'b' }], example: JSON.parse(alpaca(7)) },
        { id: 'row-2', row: 2, turns: [{ instruction: 'c', response: 'd' }], example: chat },
      ],
      notes: [],
    });
    assert.deepEqual(await read(`[${alpaca(7)},\n${JSON.stringify(chat)}]`), lines);
  });

  it('keep an id that no other row has, or could be given', async () => {
    const ids = ['x', 1, '1', ' ', null, 'row-1', 'row-7', true];
    const { rows } = await read(ids.map((id) => alpaca(id)).join('\n'));
    assert.deepEqual(
      rows.map(({ id }) => id),
      ['x', 'row-2', 'row-3', 'row-4', 'row-5', 'row-6', 'row-7', 'row-8'],
    );
  });

  it('are counted where they have no answer, with the first one’s place', async () => {
    const { rows, notes } = await read(`${alpaca(1)}\n\n${alpaca(2, ' ')}\n{"text": "a"}\n${alpaca(3)}\n`);
    assert.deepEqual(
      rows.map(({ row }) => row),
      [1, 4],
    );
    assert.match(
      notes.join(),
      /rows: 2 of the 4 rows have no instruction and answer in .* and are left out; the first is row 2, line 3$/,
    );
  });

  const refused: [what: string, content: string | Buffer, says: RegExp][] = [
    ['no row', '', /rows: holds no row$/],
    ['an empty list', '[]', /rows: holds no row$/],
    [
      'no answer',
      `\n${alpaca(1, '')}\n`,
      /rows:2: row 1: has no instruction and answer in .*, and neither has any other row$/,
    ],
    ['a row that is no object', `${alpaca(1)}\n[1]\n`, /rows:2: row 2: is not a JSON object: \[1\]$/],
    ['a row that is no JSON', `${alpaca(1)}\nwhat\n`, /rows:2: row 2: is not JSON: what$/],
    ['a list that is not closed', `[${alpaca(1)},\n{"a": 1`, /rows:2: /],
    [
      'another encoding',
      Buffer.from(`${alpaca(1)}\n${alpaca('ß')}\n`, 'latin1'),
      /rows:2: row 2: not UTF-8; /,
    ],
    [
      'an infinite number',
      `${alpaca(1)}\n{"instruction": "a", "output": "b", "x": 1e999}\n`,
      /rows:2: row 2: "x" is Infinity/,
    ],
  ];
  for (const [what, content, says] of refused)
    it(`are refused with a file and a line: ${what}`, () => assert.rejects(read(content), says));

  it('are refused when they are not there, or a folder', async () => {
    await assert.rejects(readGivenRows(place('nowhere')), /nowhere: no such file$/);
    await assert.rejects(readGivenRows(folder()), /: is not a file$/);
  });

  it('say how many rows a run is about', async () => {
    await writeFile(place('rows.jsonl'), `${alpaca(1)}\n${alpaca(2)}\n${alpaca(3)}\n`);
    const target = async (keys: string) => {
      const recipe = `name: r\ndata: rows.jsonl\nteacher: {endpoint: openai, model: m}\n${keys}\n`;
      await writeFile(place('recipe.yaml'), recipe);
      const said: string[] = [];
      const options = { recipePath: place('recipe.yaml'), set: [] };
      const inputs = await readInputs({ say: (line) => void said.push(line) }, options);
      return [inputs.recipe.target, inputs.given.data?.length, said.join()];
    };
    assert.deepEqual(await target('method: deita\nscore: {}'), [3, 3, '']);
    // A variant of each in each of five rounds.
    assert.deepEqual(await target('method: evolve\nevolve: {aspect: quality}'), [15, 3, '']);
    const select = 'method: deita\nselect: {by: random, size: ';
    assert.deepEqual(await target(`${select}2}`), [2, 3, '']);
    const [most, , said] = await target(`${select}9}`);
    assert.equal(most, 3);
    assert.match(String(said), /rows\.jsonl: has 3 rows, and select\.size asks for 9: there can be no more$/);
    const inputs = readInputs(
      { say() {} },
      { recipePath: place('recipe.yaml'), set: [], seedsPath: 's.jsonl' },
    );
    await assert.rejects(
      inputs,
      /^UserError: --seeds s\.jsonl: deita begins with data and has no seed tasks$/,
    );
  });
});

describe('rows to be evolved', () => {
  const folder = temporaryFolder();
  const place = (name: string) => path.join(folder(), name);

  it('are refused when there are more than one run evolves', async () => {
    const keys = 'method: evolve\nevolve: {aspect: quality}\nteacher: {endpoint: openai, model: m}';
    await writeFile(place('recipe.yaml'), `name: r\ndata: rows.jsonl\n${keys}\n`);
    const { recipe } = await readRecipe(place('recipe.yaml'));
    const write = (rows: number) => writeFile(place('rows.jsonl'), `${alpaca(null)}\n`.repeat(rows));
    await write(20_000);
    assert.equal((await readGivenFiles(recipe, folder())).rows.data?.length, 20_000);
    await write(20_001);
    await assert.rejects(
      readGivenFiles(recipe, folder()),
      /rows\.jsonl: has 20001 rows, and one run evolves 20000 at most: cut the file and evolve its parts$/,
    );
  });
});

describe('scorers that are given', () => {
  const folder = temporaryFolder();
  const place = (name: string) => path.join(folder(), name);
  const adapter = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]);

  async function scorer(files: Record<string, string | Buffer>) {
    await mkdir(place('scorer'), { recursive: true });
    for (const [name, content] of Object.entries(files)) await writeFile(place(`scorer/${name}`), content);
    return await readScorer(place('scorer'));
  }

  it('are read from the folders that the recipe names', async () => {
    await scorer({ 'adapter_model.safetensors': adapter, 'adapter_config.json': '{"r": 1}' });
    await writeFile(place('rows.jsonl'), alpaca(1));
    const keys = 'score: {scorer: student, complexity: scorer, quality: scorer}';
    await writeFile(
      place('recipe.yaml'),
      `name: r\nmethod: deita\ndata: rows.jsonl\nteacher: {endpoint: local}\n${keys}\n`,
    );
    const { recipe } = await readRecipe(place('recipe.yaml'));
    const { rows } = await readGivenFiles(recipe, folder());
    const one = { adapter, config: Buffer.from('{"r": 1}') };
    assert.deepEqual(rows.scorers, { complexity: one, quality: one });
    const files = ['rows.jsonl', 'scorer/adapter_model.safetensors', 'scorer/adapter_config.json'].map(place);
    assert.deepEqual([...new Set(givenFilesOf(recipe, place('recipe.yaml')))], files);
  });

  it('are refused where a file is missing, damaged, or lies elsewhere', async () => {
    await assert.rejects(readScorer(place('nowhere')), /adapter_model\.safetensors: no such file$/);
    const config = { 'adapter_config.json': '{}' };
    for (const wrong of ['', 'version https://git-lfs', adapter.subarray(0, 9)])
      await assert.rejects(
        scorer({ ...config, 'adapter_model.safetensors': wrong }),
        /adapter_model\.safetensors: is no safetensors file, or a part of one$/,
      );
    for (const wrong of ['', '[]', '{"r": '])
      await assert.rejects(
        scorer({ 'adapter_model.safetensors': adapter, 'adapter_config.json': wrong }),
        /adapter_config\.json: is not a JSON object$/,
      );
    await mkdir(place('linked'));
    await symlink(place('scorer/adapter_model.safetensors'), place('linked/adapter_model.safetensors'));
    await assert.rejects(
      readScorer(place('linked')),
      /safetensors: leads out of its folder; put the file there$/,
    );
  });
});
