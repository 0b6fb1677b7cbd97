/** A scorer that an `evolve` run has trained: a folder with the adapter of the student. */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../store/errors.js';
import { explainReadError } from './read-text.js';
import type { ScorerFiles } from './run-identity.js';

/** Where PEFT puts them. */
export const scorerFiles = { adapter: 'adapter_model.safetensors', config: 'adapter_config.json' } as const;
/** An adapter of a few million numbers has some tens of megabytes. */
const largest = { adapter: 1 << 30, config: 1 << 20 } as const;

/**
 * Reads both files of a scorer.
 * @throws UserError when one is missing, lies elsewhere, is too large or is something else than its name says.
 */
export async function readScorer(folder: string): Promise<ScorerFiles> {
  const [adapter, config] = [await readPart(folder, 'adapter'), await readPart(folder, 'config')];
  const file = (part: keyof ScorerFiles) => path.join(folder, scorerFiles[part]);
  // A safetensors file begins with the length of its header, which is JSON.
  const header = adapter.length > 8 ? adapter.readBigUInt64LE(0) : 0n;
  if (header < 2n || header > BigInt(adapter.length - 8) || adapter[8] !== 0x7b)
    throw new UserError(`${file('adapter')}: is no safetensors file, or a part of one`);
  if (!isObject(config)) throw new UserError(`${file('config')}: is not a JSON object`);
  return { adapter, config };
}

async function readPart(folder: string, part: keyof ScorerFiles): Promise<Buffer> {
  const file = path.join(folder, scorerFiles[part]);
  try {
    const [inside, real] = await Promise.all([realpath(folder), realpath(file)]);
    if (path.dirname(real) !== inside)
      throw new UserError(`${file}: leads out of its folder; put the file there`);
    const found = await stat(real);
    if (!found.isFile()) throw new UserError(`${file}: is not a file`);
    if (found.size > largest[part])
      throw new UserError(`${file}: has ${found.size} bytes; ${largest[part]} are the most`);
    return await readFile(real);
  } catch (error) {
    throw explainReadError(error, file);
  }
}

function isObject(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
