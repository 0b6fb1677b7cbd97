import type { Seed } from '../activities/types.js';
import { describeProblems, parseSeeds } from '../methods/seed-format.js';
import { UserError } from '../store/errors.js';
import { readText } from './read-text.js';

/**
 * Seed tasks from a file in Self-Instruct's or Alpaca's format.
 * @throws UserError naming the file and the lines that are wrong, or that the file has no task at all.
 */
export async function readSeeds(path: string): Promise<Seed[]> {
  const { seeds, problems } = parseSeeds(await readText(path));
  if (problems.length > 0) throw new UserError(describeProblems({ file: path, problems }));
  return seeds;
}
