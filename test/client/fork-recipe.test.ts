import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { StoredRecipe } from '../../activities/run-data.js';
import { forkRecipe } from '../../client/fork/fork-recipe.js';
import { readRecipe } from '../../client/recipe-file.js';
import { packageRoot } from '../../workers/folders.js';

const root = path.resolve(packageRoot);
const recipes = ['recipes', 'examples'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => path.join(folder, name)),
);

/** As a store gives it back. */
async function stored(file: string): Promise<StoredRecipe> {
  const { recipe } = await readRecipe(path.join(root, file));
  return JSON.parse(JSON.stringify({ ...recipe, endpoints: {} }));
}

describe('the recipe of a fork', () => {
  for (const file of recipes) {
    it(`without changes is that of its parent: ${file}`, async () => {
      const { endpoints: _none, ...parent } = await stored(file);
      const { recipe, changed } = forkRecipe({ ...parent, endpoints: {} }, []);
      assert.deepEqual(changed, []);
      // Of given rows the file that names them does not say how many there are.
      const { target: _count, ...said } = JSON.parse(JSON.stringify(recipe));
      const { target: _other, ...expected } = parent;
      assert.deepEqual(said, expected);
    });
  }

  it('names every key that differs', async () => {
    const { changed } = forkRecipe(await stored('recipes/quickstart.yaml'), [
      'target=77',
      'budget.calls=9',
      'generation.domain=law',
    ]);
    assert.deepEqual(changed, ['budget.calls', 'generation.domain', 'target']);
  });

  it('is checked as one on disk is', async () => {
    const parent = await stored('recipes/quickstart.yaml');
    assert.throws(() => forkRecipe(parent, ['target=none']), {
      name: 'UserError',
      message: /^--set: target: /,
    });
  });
});
