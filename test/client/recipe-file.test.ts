import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRecipe } from '../../client/recipe-file.js';
import { readSeeds } from '../../client/seeds-file.js';

const minimal = [
  'name: small',
  'method: sedi',
  'target: 10',
  'seeds: seeds.jsonl',
  'teacher:',
  '  endpoint: local',
];

describe('readRecipe', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-recipe-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function write(...lines: string[]): Promise<string> {
    const file = path.join(folder, 'recipe.yaml');
    await writeFile(file, `${lines.join('\n')}\n`);
    return file;
  }

  it('fills in what depends on the method and the endpoint', async () => {
    const { recipe } = await readRecipe(await write(...minimal));
    assert.equal(recipe.filter.poolThreshold, 0.85);
    assert.equal(recipe.signal, 'train');
    assert.equal(recipe.teacher.form, 'completion');
    assert.deepEqual(recipe.teacher.price, { inputUsdPerMTok: 0, outputUsdPerMTok: 0 });
  });

  it('finds nothing wrong with the project’s own recipes', async () => {
    const recipes = fileURLToPath(new URL('../../recipes', import.meta.url));
    for (const name of (await readdir(recipes)).filter((name) => name.endsWith('.yaml'))) {
      const { recipe } = await readRecipe(path.join(recipes, name));
      assert.equal(`${recipe.name}.yaml`, name);
    }
  });

  it('leaves the price of a remote model unknown instead of free', async () => {
    const lines = [...minimal.slice(0, 5), '  endpoint: openai', '  model: m'];
    const { recipe } = await readRecipe(await write(...lines));
    assert.equal(recipe.teacher.price, null);
  });

  it('names the line of an unknown key', async () => {
    const file = await write(...minimal, 'batchsize: 4');
    await assert.rejects(readRecipe(file), /recipe\.yaml:7: batchsize: no such key/);
  });

  it('names the line of a nested value that is impossible', async () => {
    const file = await write(...minimal, '  concurrency: 0');
    await assert.rejects(readRecipe(file), /recipe\.yaml:7: teacher\.concurrency: /);
  });

  it('refuses a limit that is none, and says how to have none', async () => {
    for (const value of ['0', '-1', '1.5']) {
      const file = await write(...minimal, `  requestsPerMinute: ${value}`);
      await assert.rejects(
        readRecipe(file),
        /recipe\.yaml:7: teacher\.requestsPerMinute: must be a whole number above 0; leave the key out/,
      );
    }
  });

  it('names the group when a key is missing in it', async () => {
    const file = await write(...minimal.slice(0, 5), '  endpoint: openai');
    await assert.rejects(readRecipe(file), /recipe\.yaml:6: teacher\.model: is needed with endpoint: openai/);
  });

  it('names the line of broken YAML', async () => {
    await assert.rejects(readRecipe(await write('name: a', 'x: [1,')), /recipe\.yaml:\d+: not YAML/);
  });

  it('refuses a signal that the method does not have', async () => {
    const lines = minimal.map((line) => line.replace('sedi', 'self-instruct'));
    await assert.rejects(
      readRecipe(await write(...lines, 'signal: train')),
      /recipe\.yaml:7: signal: 'train'/,
    );
  });

  it('refuses a URL with credentials', async () => {
    const url = '  baseUrl: https://user:secret@example.com/v1';
    const lines = [...minimal.slice(0, 5), '  endpoint: openai', '  model: m', url];
    await assert.rejects(readRecipe(await write(...lines)), (error: Error) => {
      assert.match(error.message, /recipe\.yaml:8: teacher\.baseUrl: must not contain credentials/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });

  it('applies --set with the value read as YAML, and blames --set for what it broke', async () => {
    const file = await write(...minimal);
    const { recipe } = await readRecipe(file, ['target=25', 'generation.domain=bees']);
    assert.equal(recipe.target, 25);
    assert.equal(recipe.generation.domain, 'bees');
    await assert.rejects(readRecipe(file, ['target=many']), /^UserError: --set: target: /);
    await assert.rejects(readRecipe(file, ['target']), /expected key=value/);
  });

  it('blames --set for what is wrong or missing in a group of keys that it gave', async () => {
    const file = await write(...minimal);
    const set = (change: string) => readRecipe(file, [change]);
    await assert.rejects(set('teacher={endpoint: openai}'), /--set: teacher\.model: is needed with/);
    await assert.rejects(set('student={loraRank: none}'), /--set: student\.loraRank: .*expected number/);
    await assert.rejects(set('heldout={}'), /--set: heldout: /);
    await assert.rejects(set('budget={usd: 1, dollars: 2}'), /--set: budget\.dollars: no such key/);
  });

  it('says that a file is not there', async () => {
    await assert.rejects(readRecipe(path.join(folder, 'none.yaml')), /none\.yaml: no such file/);
  });

  it('names the line of a seeds file that is in another encoding', async () => {
    const file = path.join(folder, 'latin1.jsonl');
    const good = '{"instruction": "Name a river.", "instances": [{"input": "", "output": "Elbe"}]}\n';
    await writeFile(
      file,
      Buffer.concat([Buffer.from(good), Buffer.from('{"instruction": "caf\xe9"}', 'latin1')]),
    );
    await assert.rejects(readSeeds(file), /latin1\.jsonl:2: not UTF-8/);
  });

  it('refuses a seeds file without any task', async () => {
    const file = path.join(folder, 'empty.jsonl');
    await writeFile(file, '\n\n');
    await assert.rejects(readSeeds(file), /empty\.jsonl:1: holds no seed task/);
  });
});
