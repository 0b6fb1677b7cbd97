/** The lists that `seedmill skills --out` leaves in a folder, in the form in which a recipe can be given them back. */
import { access, constants, mkdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { QueryTypeRow, SkillRow } from '../activities/rows.js';
import { jsonRows, objectOfRow } from '../methods/json-lines.js';
import type { SkillLists } from '../activities/skillmix/skill-lists.js';
import { toJson } from '../store/artifacts.js';
import { explainSystemError, UserError } from '../store/errors.js';
import { OutputFile } from './outputs.js';
import { explainReadError } from './read-text.js';

/** Keys of each file's rows, by which an earlier one is known. */
const keysOf = {
  'skills.jsonl': ['skill', 'named', 'aliases', 'topics', 'rows'] satisfies (keyof SkillRow)[],
  'query-types.jsonl': ['name', 'definition'] satisfies (keyof QueryTypeRow)[],
} as const;

type ListName = keyof typeof keysOf;
const listNames = Object.keys(keysOf) as ListName[];

/** Where the lists lie. */
export interface SkillListFiles {
  skills: string;
  queryTypes: string;
}

/**
 * Makes the folder, so that what is wrong with it is known before anything is paid.
 * @throws UserError when it cannot be made or written, or has a file of these names that came from somewhere else, or
 * that is one of `inputs`.
 */
export async function prepareListFolder(folder: string, inputs: readonly string[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new UserError(`--out ${folder}: there is a file of that name; give a folder`);
    }
    throw explainSystemError(error, `--out ${folder}`);
  }
  const read = await Promise.all(inputs.map((file) => realpath(file).catch(() => path.resolve(file))));
  for (const name of listNames) {
    const file = path.join(folder, name);
    const text = await textIfAny(file);
    if (text === null) continue;
    if (read.includes(await realpath(file))) {
      throw new UserError(`${file}: the recipe reads this file; give another --out`);
    }
    if (!isOurs(name, text)) {
      throw new UserError(
        `${file}: is not from "seedmill skills", and is not replaced; move it, or give another --out`,
      );
    }
  }
}

/** Writes both files, each whole or not at all. Returns their paths. */
export async function writeLists(folder: string, lists: SkillLists): Promise<SkillListFiles> {
  const write = async (name: ListName, rows: readonly unknown[]) => {
    const output = await OutputFile.open(path.join(folder, name));
    try {
      await output.write(Buffer.from(rows.map((row) => `${toJson(row)}\n`).join('')));
      await output.commit();
    } finally {
      await output.discard();
    }
    return output.path;
  };
  return {
    skills: await write('skills.jsonl', lists.skills),
    queryTypes: await write('query-types.jsonl', lists.queryTypes),
  };
}

async function textIfAny(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw explainReadError(error, file);
  }
}

/** A file without a row is nobody's. */
function isOurs(name: ListName, text: string): boolean {
  const keys = keysOf[name].join();
  return jsonRows(text).every((row) => {
    const object = objectOfRow(row);
    return typeof object !== 'string' && Object.keys(object).join() === keys;
  });
}
