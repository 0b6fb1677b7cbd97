/** Rows of corpus files: Alpaca's or Self-Instruct's, as JSON Lines or one JSON array. */
import { readFileSync } from 'node:fs';
import { parseSeeds } from '../../methods/seed-format.js';
import type { CorpusRow } from './corpus-teacher.js';

/**
 * Every row once, a task's first instance for all of them. Rows that are no tasks are left out and counted.
 * @throws Error when a file cannot be read or has none.
 */
export function readCorpus(files: readonly string[]): { rows: CorpusRow[]; leftOut: number } {
  const rows = new Map<string, CorpusRow>();
  let leftOut = 0;
  for (const file of files) {
    const { seeds, problems } = parseSeeds(readFileSync(file, 'utf8'));
    if (seeds.length === 0) throw new Error(`${file}: ${problems[0]?.problem ?? 'holds no rows'}`);
    leftOut += problems.length;
    for (const { instruction, instances } of seeds) {
      const [first] = instances;
      if (first) rows.set(JSON.stringify([instruction, first]), { instruction, ...first });
    }
  }
  return { rows: [...rows.values()], leftOut };
}
