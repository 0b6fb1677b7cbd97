import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { usedTeachers } from '../activities/teachers.js';
import { startsFromData } from '../activities/recipe-deita.js';
import { plan } from '../client/commands/plan.js';
import { readRecipe } from '../client/recipe-file.js';
import { packageRoot } from '../workers/folders.js';
import { recipesOfTheProject } from './project-recipes.js';
import { temporaryFolder } from './temporary-folder.js';

const inProject = (...parts: string[]) => path.join(packageRoot, ...parts);

/** Recipes that say in their comments that the rows are yours. */
const withoutRows = /^data: rows\.jsonl/m;
const someRows = inProject('examples', 'select-rows', 'rows.jsonl');

describe('the recipes of the project', () => {
  const folder = temporaryFolder();

  for (const file of recipesOfTheProject()) {
    it(`can be planned: ${file}`, async () => {
      const said: string[] = [];
      const context = {
        say: (line: string) => void said.push(line),
        json: false,
        verbose: false,
        storeUrl: path.join(folder(), 'runs'),
        stateDir: path.join(folder(), 'state'),
      };
      const isOfYours =
        file.startsWith('recipes/') && withoutRows.test(readFileSync(inProject(file), 'utf8'));
      const set = isOfYours ? [`data=${someRows}`] : [];
      assert.equal(await plan(context, { recipePath: inProject(file), set }), 0);
      assert.match(said.join('\n'), /total/);
    });
  }
});

describe('an example', () => {
  const examples = recipesOfTheProject().filter((file) => file.startsWith('examples/'));

  it('is one of five or more that need nothing but this machine', async () => {
    const local = [];
    for (const file of examples) {
      const { recipe } = await readRecipe(inProject(file));
      if (usedTeachers(recipe).every(({ endpoint }) => endpoint === 'local')) local.push(file);
    }
    assert.ok(local.length >= 5, local.join(', '));
  });

  for (const file of examples) {
    const folder = path.basename(path.dirname(file));
    it(`has a page with what it shows, needs, runs and brings: ${folder}`, async () => {
      const page = readFileSync(inProject(path.dirname(file), 'README.md'), 'utf8');
      assert.match(page, /^# \S/);
      assert.match(page, /^Needs: /m);
      assert.match(page, new RegExp(`npx seedmill (run|start) ${file}`));
      assert.match(page, /^What (came|comes) out: /m);
      const index = readFileSync(inProject('examples', 'README.md'), 'utf8');
      assert.ok(index.includes(`[${folder}](${folder}/)`), 'examples/README.md does not list it');
      const { recipe } = await readRecipe(inProject(file));
      assert.equal(recipe.name, folder);
      if (startsFromData(recipe.method))
        assert.ok(readFileSync(inProject(path.dirname(file), 'rows.jsonl')).length > 0);
    });
  }
});
