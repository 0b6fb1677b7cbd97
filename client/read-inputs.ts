/** What a run is made from, as a person gives it: the recipe with its changes, seed tasks, and files that the recipe names. */
import path from 'node:path';
import { chooseHeldOut } from '../activities/prepare-run.js';
import type { Recipe } from '../activities/recipe.js';
import { selects, startsFromData } from '../activities/recipe-deita.js';
import type { HeldOutRow, Seed } from '../activities/types.js';
import { statedOrigin } from '../methods/stated-origin.js';
import { UserError } from '../store/errors.js';
import { resolveStudentModel } from './check-student.js';
import type { Output } from './context.js';
import { extractionOf } from './extraction-recipe.js';
import { readGivenFiles, shorten } from './given-files.js';
import { readRecipe } from './recipe-file.js';
import type { GivenRows } from './run-identity.js';
import { readScoringRecipe, type ScoringRequest } from './scoring-recipe.js';
import { readSeeds } from './seeds-file.js';

export interface InputOptions {
  recipePath: string;
  /** In place of the recipe's seeds. */
  seedsPath?: string;
  /** `key=value` changes of the recipe. */
  set: string[];
  /** Only the extraction of skills and query types, as a run of its own. */
  extractOnly?: boolean;
  /** Only the scoring, of the rows of a file, as a run of its own. */
  scoring?: ScoringRequest;
}

export interface Inputs {
  recipe: Recipe;
  seeds: Seed[];
  /** null: not in a file of their own. */
  heldOut: Seed[] | null;
  given: GivenRows;
}

/**
 * Reads the recipe and every file that it names, and checks what can be checked without asking anybody. What is left out of a
 * file is said.
 * @throws UserError with one message for people.
 */
export async function readInputs(
  { say }: Pick<Output, 'say'>,
  { recipePath, seedsPath, set, extractOnly, scoring }: InputOptions,
): Promise<Inputs> {
  const recipe = scoring
    ? await readScoringRecipe(recipePath, { ...scoring, set })
    : extractOnly
      ? extractionOf(await readRecipe(recipePath, set))
      : (await readRecipe(recipePath, set)).recipe;
  recipe.student.model = resolveStudentModel(recipe.student.model, recipePath);
  const folder = path.dirname(recipePath);
  const given = await readGivenFiles(recipe, folder);
  for (const note of given.notes) say(note);
  if (given.rows.data) {
    const { length: rows } = given.rows.data;
    recipe.target = targetOf(recipe, rows);
  }
  if (recipe.seeds === undefined) {
    if (seedsPath !== undefined) {
      const what = startsFromData(recipe.method) ? 'begins with data' : 'draws from skills';
      throw new UserError(`--seeds ${seedsPath}: ${recipe.method} ${what} and has no seed tasks`);
    }
    return { recipe, seeds: [], heldOut: null, given: given.rows };
  }
  const beside = (file: string) => path.resolve(folder, file);
  // What the recipe says of its own file is not said of another one.
  const seeds =
    seedsPath === undefined
      ? (await readSeeds(shorten(beside(recipe.seeds)))).map((seed) => ({
          ...seed,
          ...statedOrigin(seed, recipe.provenance),
        }))
      : await readSeeds(seedsPath);
  const file = recipe.heldout !== null && 'file' in recipe.heldout ? recipe.heldout.file : null;
  const heldOut = file === null ? null : await readSeeds(shorten(beside(file)));
  checkHeldOut({ recipe, seeds, heldOut, seedsFile: seedsPath ?? recipe.seeds });
  return { recipe, seeds, heldOut, given: given.rows };
}

/** What a run on given rows can come to: those that it selects; of evolution a variant of each row in each round. */
export function targetOf({ select, evolve }: Recipe, rows: number): number {
  if (evolve) return rows * evolve.rounds;
  return selects(select) ? Math.min(select.size, rows) : rows;
}

/** A student needs tasks to be measured on, and the teacher needs seeds that are not among them. */
function checkHeldOut(options: {
  recipe: Recipe;
  seeds: Seed[];
  heldOut: Seed[] | null;
  seedsFile: string;
}): void {
  const { recipe, seeds, heldOut, seedsFile } = options;
  const { rows, pool } = chooseHeldOut(recipe, { seeds, given: heldOut });
  if (pool.length === 0) {
    throw new UserError(
      `${seedsFile}: every seed task is held out or nearly equals a held-out one; give others`,
    );
  }
  checkHalves(rows, { recipe, seedsFile });
}

/** Throws a `UserError` when there are too few held-out tasks for the student that the recipe wants. */
export function checkHalves(
  rows: HeldOutRow[],
  { recipe, seedsFile }: { recipe: Recipe; seedsFile: string },
): void {
  const half = Math.min(...(['steering', 'reporting'] as const).map((half) => count(rows, half)));
  if (recipe.signal !== 'none' && half < 2) {
    throw new UserError(
      `${seedsFile}: ${rows.length} held-out tasks are too few to measure the student on (2 in each half at least): give more seed tasks or a heldout.file, or set signal: none`,
    );
  }
}

function count(rows: HeldOutRow[], half: HeldOutRow['half']): number {
  return rows.filter((row) => row.half === half).length;
}
