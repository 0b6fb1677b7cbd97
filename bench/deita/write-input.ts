/** Writes made-up rows with their vectors and scores, once as seedmill reads them and once as NumPy does. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { seededRandom } from '../../methods/random.js';
import { writeNpy } from '../../similarity/npy.js';
import { madeUpVectors, type VectorKind } from '../similarity/vectors.js';

/** Paths: JSON Lines with `id` and `score`, and two .npy files. */
export interface MadeUpFiles {
  rows: string;
  vectors: string;
  scores: string;
}

export interface MadeUpInput extends MadeUpFiles {
  kind: VectorKind;
  n: number;
  d: number;
}

const { kind, n, d, ...files } = JSON.parse(process.argv[2] as string) as MadeUpInput;
await writeFile(files.vectors, writeNpy({ rows: n, columns: d, values: madeUpVectors(kind, n, d) }));
// All different, in no order.
const scores = seededRandom('bench scores', n).shuffle(Array.from({ length: n }, (_, score) => score));
await writeFile(files.scores, writeNpy({ rows: n, columns: 1, values: Float32Array.from(scores) }));
const out = createWriteStream(files.rows);
for (const [id, score] of scores.entries())
  if (!out.write(`${JSON.stringify({ id, score })}\n`)) await once(out, 'drain');
out.end();
await finished(out);
