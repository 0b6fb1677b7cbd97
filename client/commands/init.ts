import { writeFile } from 'node:fs/promises';
import { explainSystemError, UserError } from '../../store/errors.js';
import type { Output } from '../context.js';
import { choicesOf, missingOptions } from '../init/choices.js';
import type { Given } from '../init/options.js';
import { askFor, type Asker } from '../init/questions.js';
import { recipeText } from '../init/recipe-text.js';
import { formatOf } from '../read-rows.js';
import { parseRecipe } from '../recipe-file.js';
import { settleTeachers } from '../settle-teachers.js';
import { printJson } from '../terminal.js';

/** `seedmill init`: writes a commented recipe. Asks, where it can, for what the options do not say. */
export async function init(
  output: Output,
  options: { file: string; given: Given; canAsk?: boolean },
): Promise<number> {
  const { file, canAsk = isTerminal() } = options;
  const asker = canAsk && missingOptions(options.given).length > 0 ? await terminal() : null;
  const given = asker === null ? options.given : await unlessLeft(askFor(options.given, asker));
  if (given === null) {
    output.say('nothing is written');
    return 1;
  }
  const choices = choicesOf(given);
  for (const named of [choices.data, choices.seeds]) if (named !== null) await formatOf(named);
  const text = recipeText(choices, file);
  // As a run reads it: an impossible address, or dollars for a model without a price, are said now.
  const { recipe } = parseRecipe({ path: file, text }, []);
  await settleTeachers(recipe, null);
  await writeNew(file, text);
  if (output.json) printJson({ recipe: file, method: choices.method });
  output.say(`wrote ${file}`);
  if (choices.where.endpoint === 'openai')
    output.say(`its key is read from the environment variable ${recipe.teacher.apiKeyEnv}`);
  const shown = /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
  output.say(`next: npx seedmill plan ${shown}, then npx seedmill run ${shown}`);
  return 0;
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new UserError(`${file}: is there already and is not overwritten; give another name`);
    if (code === 'ENOENT') throw new UserError(`${file}: the folder is not there; make it first`);
    throw explainSystemError(error, file);
  }
}

function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Questions go to stderr: stdout may be a file, or has one JSON object. */
async function terminal(): Promise<Asker> {
  const { input, select } = await import('@inquirer/prompts');
  const context = { output: process.stderr };
  return {
    select: (question) => select(question, context),
    input: (question) => input(question, context),
  };
}

/** null: the person has left with Ctrl-C. */
async function unlessLeft(asking: Promise<Given>): Promise<Given | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') return null;
    throw error;
  }
}
