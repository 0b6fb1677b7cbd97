/**
 * Writes exports of runs of every method for the tests of those who read them, which are in Python:
 * `tsx test/export/write-exports.ts FOLDER` makes `FOLDER/METHOD/FORMAT`.
 */
import path from 'node:path';
import { exportRun } from '../../client/export/export-run.js';
import { formatNames } from '../../client/export/names.js';
import { testSeeds } from '../test-seeds.js';
import { type EndedRun, endedEvolution, endedLoop, endedRows, example } from './ended-run.js';

/** What no view may take for its own. */
export const hostile = [
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '[click](javascript:alert(1)) ![x](https://evil.example/x.png)',
  '```\n# Heading\n</details>\n---\nlicense: mit\n---\n~~~~',
  '| a | b |\n|---|---|\n\u001b[31mred <|im_end|> {{ jinja }} https://evil.example www.evil.example',
].join('\n');

const [out = ''] = process.argv.slice(2);
const store = path.join(out, 'runs');

const seeds = testSeeds().map((seed) => ({ ...seed, licence: 'Apache-2.0', source: 'hand | made <b>' }));
const many = Array.from({ length: 40 }, (_, n) => (n === 0 ? { instruction: hostile, output: hostile } : {}));
const runs: Record<string, EndedRun> = {
  sedi: await endedLoop(store, {
    seeds,
    examples: many,
    batches: Array.from({ length: 9 }, (_, n) => [4 * n + 3, 4 * n + 2, 4 * n + 1, 4 * n]),
  }),
  'self-instruct': await endedLoop(store, { recipe: { method: 'self-instruct' }, examples: many }),
  skillmix: await endedLoop(store, {
    recipe: { method: 'skillmix', seeds: undefined, generation: { language: 'Norwegian' } },
    examples: many.map((one, n) => ({
      ...one,
      mix: { skills: [hostile, `skill_${n % 4}`], queryType: hostile, shirker: null, score: 4 },
    })),
  }),
  deita: await endedRows(
    store,
    Array.from({ length: 40 }, (_, n) => ({
      licence: 'my own <terms>',
      messages: Array.from({ length: 2 * (1 + (n % 3)) }, (_, k) => ({
        role: k % 2 === 0 ? 'user' : 'assistant',
        content: `${n === 0 ? hostile : example(n).instruction} ${k}`,
      })),
    })),
  ),
  evolve: await endedEvolution(store, { rows: 20 }),
};

for (const [method, run] of Object.entries(runs)) {
  for (const format of formatNames) {
    if (format === 'skillmix' && method !== 'skillmix') continue;
    await exportRun({
      ...run,
      format,
      folder: path.join(out, method, format),
      split: { testShare: 0.2, kind: 'random' },
      licence: null,
    });
  }
}
