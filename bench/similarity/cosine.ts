/** What the cosine index does in a second of one core's time, and plain NumPy beside it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CosineIndex } from '../../similarity/cosine-index.js';
import type { FilterVerdict } from '../../similarity/greedy-filter.js';
import { writeNpy } from '../../similarity/npy.js';
import { madeUpVectors, vectorKinds } from './vectors.js';

const chosenRows = 200;

export interface CosineOptions {
  n: number[];
  d: number;
  threshold: number[];
  python?: string;
  json: boolean;
}

/** Processor time, which other work on the machine changes less than the clock. */
function seconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function greedyFilter(rows: Float32Array[], dimensions: number, threshold: number) {
  const index = new CosineIndex({ dimensions });
  const items = rows.map((item, row) => ({ id: String(row), item }));
  let verdicts: FilterVerdict[] = [];
  const took = seconds(() => {
    verdicts = index.addDistinct(items, { threshold });
  });
  const kept = verdicts.flatMap((verdict, row) => (verdict === null ? [row] : []));
  let [before, pairs] = [0, 0];
  for (const verdict of verdicts) {
    pairs += before;
    if (verdict === null) before += 1;
  }
  return { kept, pairs, scored: index.scored, seconds: took, indexMb: index.indexBytes / 2 ** 20 };
}

function wholeIndex(rows: Float32Array[], dimensions: number, threshold: number) {
  const index = new CosineIndex({ dimensions });
  const addSeconds = seconds(() => {
    for (const [row, vector] of rows.entries()) index.add(String(row), vector);
  });
  const queries = rows.slice(0, 2_000).map((vector) => vector.map((value, i) => (i % 5 === 0 ? 0 : value)));
  const single = seconds(() => {
    for (const query of queries) index.nearest(query, { threshold });
  });
  const batch = seconds(() => index.nearestBatch(queries, { threshold }));
  const highest = new Float64Array(rows.length).fill(Number.NEGATIVE_INFINITY);
  const chosen = rows.slice(0, chosenRows);
  const raise = seconds(() => {
    for (const vector of chosen) index.raiseHighest(vector, highest);
  });
  return {
    addedPerSecond: rows.length / addSeconds,
    nearestPairsPerSecond: (queries.length * rows.length) / single,
    nearestBatchPairsPerSecond: (queries.length * rows.length) / batch,
    raiseHighestPairsPerSecond: (chosen.length * rows.length) / raise,
  };
}

function withNumpy(python: string, file: string, threshold: number): { seconds: number; kept: number[] } {
  const script = fileURLToPath(new URL('./cosine_numpy.py', import.meta.url));
  const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' };
  return JSON.parse(execFileSync(python, [script, file, String(threshold)], { env, encoding: 'utf8' }));
}

/** Rows that one of the two keeps and the other does not. */
export function difference(a: number[], b: number[]): number {
  const [inA, inB] = [new Set(a), new Set(b)];
  return a.filter((row) => !inB.has(row)).length + b.filter((row) => !inA.has(row)).length;
}

/**
 * With made-up vectors: greedy filtering (each vector is kept when none that was kept before is above the threshold),
 * then questions to an index of all vectors, in processor time. With `python`, an interpreter that has NumPy, that
 * filters the same vectors in the same go, on one thread, and the kept ones are compared.
 */
export function benchCosine({ n, d, threshold: thresholds, python, json }: CosineOptions): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'seedmill-cosine-'));
  const file = path.join(folder, 'vectors.npy');
  const results = [];
  try {
    for (const count of n) {
      for (const kind of vectorKinds) {
        const values = madeUpVectors(kind, count, d);
        const rows = Array.from({ length: count }, (_, row) => values.subarray(row * d, (row + 1) * d));
        if (python !== undefined) writeFileSync(file, writeNpy({ rows: count, columns: d, values }));
        for (const threshold of thresholds) {
          const { kept, pairs, ...filtered } = greedyFilter(rows, d, threshold);
          const numpy = python === undefined ? null : withNumpy(python, file, threshold);
          const result = {
            vectors: kind,
            n: count,
            d,
            threshold,
            ...filtered,
            kept: kept.length,
            vectorsPerSecond: count / filtered.seconds,
            effectivePairsPerSecond: pairs / filtered.seconds,
            ...wholeIndex(rows, d, threshold),
            ...(numpy && { numpySeconds: numpy.seconds, keptDifferent: difference(kept, numpy.kept) }),
          };
          results.push(result);
          console.error(`${kind} ${count} × ${d}, threshold ${threshold}: ${filtered.seconds} s`);
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  if (json) console.log(JSON.stringify({ cores: os.availableParallelism(), results }));
  else for (const result of results) console.log(result);
}
