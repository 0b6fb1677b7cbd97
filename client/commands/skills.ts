import type { SkillLists } from '../../activities/skillmix/skill-lists.js';
import { runFiles } from '../../activities/run-files.js';
import { oneLine } from '../../methods/text.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import type { Context } from '../context.js';
import { extractionOf } from '../extraction-recipe.js';
import { givenFilesOf } from '../given-files.js';
import { cost, stateWord } from '../progress-lines.js';
import { readRecipe } from '../recipe-file.js';
import { prepareListFolder, type SkillListFiles, writeLists } from '../skill-files.js';
import { type StatusReport, storePath } from '../status.js';
import { runToEnd } from './run.js';
import { printJson } from '../terminal.js';

export interface SkillsOptions {
  recipePath: string;
  set: string[];
  /** Folder that the lists are written to; without it they are printed. */
  out?: string;
}

/** What `--json` prints. */
export interface SkillsReport {
  run: string;
  /** How many there are; null for a run that failed, or that goes on without this command. */
  skills: number | null;
  queryTypes: number | null;
  calls: StatusReport['calls'];
  costUsd: StatusReport['costUsd'];
  files: SkillListFiles | null;
}

/** `seedmill skills`: extracts skills and query types, as a run of its own. Returns the exit code. */
export async function skills(context: Context, { recipePath, set, out }: SkillsOptions): Promise<number> {
  // Standard output is for the lists, unless they go into files.
  const isPrinted = out === undefined && !context.json;
  const say = isPrinted ? (line: string) => void process.stderr.write(`${line}\n`) : context.say;
  if (out !== undefined) await prepareListFolder(out, await inputFiles(recipePath, set));
  const isTerminal = !isPrinted && !context.json && process.stdout.isTTY;
  const options = { recipePath, set, extractOnly: true, isTerminal };
  const { store, status, isDetached } = await runToEnd({ ...context, say }, options);
  const report = (rest: Pick<SkillsReport, 'skills' | 'queryTypes' | 'files'>) => {
    const { runId, calls, costUsd } = status;
    const { skills, queryTypes, files } = rest;
    const all: SkillsReport = { run: runId, skills, queryTypes, calls, costUsd, files };
    if (context.json) printJson(all);
  };
  if (status.dataset === null) {
    report({ skills: null, queryTypes: null, files: null });
    if (!isDetached) throw new UserError(`${status.runId}: ${status.stopReason ?? status.state}`);
    say('The same command shows its lists when it has ended');
    return 0;
  }

  const { lists, files: stored } = await extractedLists(store, status.runId);
  const files = out === undefined ? stored : await writeLists(out, lists);
  if (isPrinted) print(lists);
  const counts = { skills: lists.skills.length, queryTypes: lists.queryTypes.length };
  say(`${counts.skills} skills, ${counts.queryTypes} query types · cost ${cost(status)}`);
  say(`skills: ${files.skills}`);
  say(`query types: ${files.queryTypes}`);
  say(`run: ${status.runId}, ${stateWord(status)}`);
  report({ ...counts, files });
  return status.state === 'finished' ? 0 : 1;
}

/** What the recipe reads. @throws UserError when the recipe is wrong, or has nothing to extract. */
async function inputFiles(recipePath: string, set: string[]): Promise<string[]> {
  const read = await readRecipe(recipePath, set);
  return givenFilesOf(extractionOf(read), recipePath);
}

async function extractedLists(
  store: Store,
  runId: string,
): Promise<{ lists: SkillLists; files: SkillListFiles }> {
  const file = runFiles(runId).dataset;
  const [skills, queryTypes] = [file('skills.jsonl'), file('query-types.jsonl')];
  return {
    lists: {
      skills: await readJsonlAt(store, skills),
      queryTypes: await readJsonlAt(store, queryTypes),
    },
    files: { skills: storePath(store, skills), queryTypes: storePath(store, queryTypes) },
  };
}

/** Both in a form that a recipe can be given, an empty line between them. */
function print({ skills, queryTypes }: SkillLists): void {
  const types = queryTypes.map(({ name, definition }) =>
    oneLine(definition === '' ? name : `${name}: ${definition}`),
  );
  process.stdout.write(
    [...skills.map(({ skill }) => skill), '', ...types].map((line) => `${line}\n`).join(''),
  );
}
