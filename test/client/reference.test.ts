import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { recipeFile, withDefaults } from '../../activities/recipe.js';
import { recipeSchema } from '../../activities/recipe-schema.js';
import { recipeKeyList } from '../../client/reference/key-list.js';
import { withKeyTables } from '../../client/reference/key-tables.js';
import { references } from '../../client/reference/write.js';
import { packageRoot } from '../../workers/folders.js';
import { recipesOfTheProject } from '../project-recipes.js';
import { schemaProblems } from '../schema-check.js';

describe('the reference', () => {
  for (const { file, text } of references()) {
    it(`is up to date in ${file}`, () => {
      const isStale = readFileSync(path.join(packageRoot, file), 'utf8') !== text;
      assert.ok(!isStale, `${file} is stale: run npm run reference`);
    });
  }

  it('says of every recipe key what it means', () => {
    const silent = recipeKeyList().filter(({ description }) => !/^.{12,}\.$/s.test(description));
    assert.deepEqual(
      silent.map(({ path }) => path),
      [],
      'give them .describe("…, with units.") in activities/recipe*.ts',
    );
  });

  it('has a place for keys that nobody has made a table for', () => {
    const key = {
      path: 'new.key',
      description: 'It is new.',
      values: 'a text',
      byDefault: 'none',
      only: null,
    };
    const page = withKeyTables('<!-- keys of recipe -->\n<!-- end of keys -->\n', [key]);
    assert.match(page, /\| `new\.key` \| none \| a text \| It is new\. \|/);
  });

  it('tells the truth about defaults that depend on other keys', () => {
    const told = new Map(recipeKeyList().map(({ path, byDefault }) => [path, byDefault]));
    const base = { name: 'x', target: 8, seeds: 'seeds.jsonl', teacher: { endpoint: 'local' } };
    const resolve = (changes: object) => withDefaults(recipeFile.parse({ ...base, ...changes }));
    const sedi = resolve({ method: 'sedi' });
    const strict = resolve({ method: 'self-instruct' });
    const mix = resolve({ method: 'skillmix', seeds: undefined });
    const openai = resolve({ method: 'sedi', teacher: { endpoint: 'openai', model: 'm' } });
    const french = resolve({ method: 'sedi', generation: { language: 'French' } });
    const vectors = resolve({
      method: 'sedi',
      teachers: { v: { endpoint: 'openai', model: 'e', form: 'embedding' } },
    }).teachers.v;
    const truth = {
      'teacher.form': `\`${sedi.teacher.form}\` (local), \`${openai.teacher.form}\` (openai, or with skillmix)`,
      'teacher.concurrency': `${sedi.teacher.concurrency} (local), ${openai.teacher.concurrency} (openai)`,
      'teacher.freshSamples': `${sedi.teacher.freshSamples} (${vectors?.freshSamples} with \`form: embedding\`)`,
      'generation.prompts': `\`${sedi.generation.prompts}\` (completion), \`${openai.generation.prompts}\` (chat)`,
      'generation.answers': `\`${sedi.generation.answers}\``,
      'filter.poolThreshold': `${strict.filter.poolThreshold} (self-instruct), ${sedi.filter.poolThreshold} (sedi), ${mix.filter.poolThreshold} (the others: all pass)`,
      'filter.tokens': `\`${sedi.filter.tokens}\` (English), \`${french.filter.tokens}\` (other languages)`,
      signal: `\`${sedi.signal}\` (sedi), \`${strict.signal}\` (the others)`,
      heldout: `\`{share: ${(sedi.heldout as { share: number }).share}}\` (sedi), none (self-instruct)`,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(truth).map((key) => [key, told.get(key)])), truth);
    assert.equal(mix.teacher.form, 'chat');
    assert.equal(mix.signal, 'none');
    assert.equal(strict.heldout, null);
  });
});

describe('the JSON Schema of recipes', () => {
  const schema = recipeSchema();
  const valid = { name: 'x', method: 'sedi', target: 8, seeds: 's.jsonl', teacher: { endpoint: 'local' } };

  it('takes every recipe of the project, which names it in its first line', () => {
    const files = recipesOfTheProject();
    assert.ok(files.length > 0);
    for (const file of files) {
      const text = readFileSync(path.join(packageRoot, file), 'utf8');
      assert.deepEqual(schemaProblems(schema, parse(text)), [], file);
      const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1];
      assert.ok(named !== undefined, `${file} does not begin with # yaml-language-server: $schema=…`);
      const beside = path.resolve(packageRoot, path.dirname(file), named);
      assert.equal(path.relative(packageRoot, beside), 'recipes/recipe.schema.json', file);
      assert.ok(existsSync(beside));
    }
  });

  const cases: [string, object, boolean][] = [
    ['a plain recipe', {}, true],
    ['a misspelt key', { batchsize: 4 }, false],
    ['a misspelt key in a group', { filter: { pool: 0.8 } }, false],
    ['a misspelt key of a further teacher', { teachers: { a: { endpoint: 'local', modle: 'x' } } }, false],
    ['a method that nobody has', { method: 'magic' }, false],
    ['a text where a number belongs', { target: 'many' }, false],
    ['a number out of bounds', { filter: { poolThreshold: 1.5 } }, false],
    ['a name with capitals', { name: 'Mine' }, false],
    ['a file of benchmark prompts as a text', { decontaminate: 'benchmark.jsonl' }, true],
    ['a file of benchmark prompts with its keys', { decontaminate: { file: 'b.jsonl', ngram: 8 } }, true],
    ['a held-out file and a share at once', { heldout: { file: 'h.jsonl', share: 0.2 } }, false],
    ['skills from nowhere', { method: 'skillmix', seeds: undefined, skillmix: { skills: 'none' } }, true],
    ['skills from the air', { method: 'skillmix', seeds: undefined, skillmix: { skills: 'air' } }, false],
    ['no teacher', { teacher: undefined }, false],
  ];
  for (const [what, changes, isValid] of cases) {
    it(`${isValid ? 'takes' : 'refuses'} ${what}, as seedmill does`, () => {
      const recipe = JSON.parse(JSON.stringify({ ...valid, ...changes }));
      const problems = schemaProblems(schema, recipe);
      assert.equal(problems.length === 0, isValid, problems.join('\n'));
      assert.equal(recipeFile.safeParse(recipe).success, isValid);
    });
  }
});
