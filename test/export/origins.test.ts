import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { seedOrigins } from '../../activities/seed-origins.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { findExample } from '../../client/example/find-example.js';
import { cardLicence, originsOf } from '../../client/export/origins.js';
import { readInputs } from '../../client/read-inputs.js';
import { statedOrigin } from '../../methods/stated-origin.js';
import { readJson, readJsonlAt } from '../../store/artifacts.js';
import { temporaryFolder } from '../temporary-folder.js';
import { testSeeds } from '../test-seeds.js';
import { type EndedRun, endedEvolution, endedLoop, endedRows } from './ended-run.js';

const row = { instruction: 'Say hi.', output: 'Hi.' };

async function foundOf({ store, runId }: EndedRun) {
  const recipe = await readJson<StoredRecipe>(store, runFiles(runId).recipe);
  const lineage = await readJsonlAt<Record<string, unknown>>(store, runFiles(runId).dataset('lineage.jsonl'));
  const result = await readJson<{ rounds: number }>(store, runFiles(runId).result);
  return { origins: await originsOf(store, { runId, recipe, result }), lineage };
}

describe('licences and sources', () => {
  const folder = temporaryFolder();

  it('are what a row states, else what is said of its file', () => {
    const file = { licence: 'MIT', source: 'a book' };
    assert.deepEqual(statedOrigin({ license: 'CC0-1.0' }, file), { licence: 'CC0-1.0', source: 'a book' });
    assert.deepEqual(statedOrigin({ licence: ' ', source: 3 }), {});
  });

  it('of given rows go into lineage and card, and those of a row count before those of the file', async () => {
    const provenance = { licence: 'cc-by-4.0', source: 'the archive' };
    const rows = [row, { ...row, instruction: 'Bow.', licence: 'MIT', source: 'a friend' }];
    const run = await endedRows(folder(), rows, { provenance });
    const { origins, lineage } = await foundOf(run);
    assert.deepEqual(
      lineage.map(({ licence, source }) => [licence, source]),
      [
        ['cc-by-4.0', 'the archive'],
        ['MIT', 'a friend'],
      ],
    );
    assert.deepEqual(origins.sources, ['a friend', 'the archive']);
    const shown = await findExample(run.store, { runId: run.runId, rounds: 1, wanted: 'row-1' });
    assert.deepEqual(shown.provenance, { licence: 'cc-by-4.0', source: 'the archive' });
    assert.deepEqual(cardLicence(null, origins), { license: ['mit', 'cc-by-4.0'] });
  });

  it('are not made up where one row states nothing', async () => {
    const rows = [
      { ...row, licence: 'MIT' },
      { ...row, instruction: 'Bow.' },
    ];
    const { origins, lineage } = await foundOf(await endedRows(folder(), rows));
    assert.deepEqual(cardLicence(null, origins), { license: 'unknown' });
    assert.ok(lineage[1] && !('licence' in lineage[1]) && !('source' in lineage[1]));
  });

  it('of the rows that were evolved go into lineage', async () => {
    const { lineage } = await foundOf(await endedEvolution(folder()));
    assert.ok(lineage.length > 0);
    for (const { licence, source } of lineage) assert.deepEqual([licence, source], ['CC-BY-4.0', 'given']);
  });

  it('of seed tasks go through machine-made seeds', async () => {
    const seeds = testSeeds().map((seed, n) => ({ ...seed, licence: `licence-${n}`, source: `book-${n}` }));
    const [first, second] = seeds.map(({ id }) => id);
    assert.ok(first !== undefined && second !== undefined);
    const of = seedOrigins(seeds, [
      { id: 'child', seedIds: [first] },
      { id: 'grandchild', seedIds: ['child', second] },
    ]);
    assert.deepEqual(of({ seedIds: ['grandchild'] }), {
      seedSources: ['book-0', 'book-1'],
      seedLicences: ['licence-0', 'licence-1'],
    });
    const examples = [{ id: 'a', seedIds: [second] }, { seedIds: ['a'] }];
    const { lineage } = await foundOf(await endedLoop(folder(), { examples, seeds }));
    assert.deepEqual(
      lineage.map(({ seedLicences }) => seedLicences),
      [['licence-1'], ['licence-1']],
    );
  });

  it('of the recipe’s own seeds file are said once in the recipe, and not of another file', async () => {
    const file = (name: string) => path.join(folder(), name);
    const tasks = [row, { ...row, instruction: 'Bow.', licence: 'MIT' }];
    const text = tasks.map((task) => JSON.stringify(task)).join('\n');
    await writeFile(file('seeds.jsonl'), text);
    await writeFile(file('others.jsonl'), text);
    const recipe = ['name: x', 'method: self-instruct', 'target: 5', 'seeds: seeds.jsonl'];
    const provenance = ['provenance: {licence: cc0-1.0, source: my desk}', 'teacher: {endpoint: local}'];
    await writeFile(file('recipe.yaml'), [...recipe, ...provenance].join('\n'));
    const read = async (seedsPath?: string) => {
      const options = { recipePath: file('recipe.yaml'), set: [], ...(seedsPath && { seedsPath }) };
      const { seeds } = await readInputs({ say: () => {} }, options);
      return seeds.map(({ licence, source }) => [licence, source]);
    };
    assert.deepEqual(await read(), [
      ['cc0-1.0', 'my desk'],
      ['MIT', 'my desk'],
    ]);
    assert.deepEqual(await read(file('others.jsonl')), [
      [undefined, undefined],
      ['MIT', undefined],
    ]);
  });
});
