/** `npm run bench -- similarity`: greedy filtering of many instructions, with rouge_score and rapidfuzz in the same go. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { usualThreads } from '../../client/dedupe/dedupe-file.js';
import { formatOf, readRows } from '../../client/read-rows.js';
import { textReader } from '../../client/row-items.js';
import { rougeTokens } from '../../similarity/tokenise.js';
import { packageRoot } from '../../workers/folders.js';
import { preparePython, pythonChildEnvironment } from '../../workers/python-environment.js';
import type { FilterGo, FilterResult } from './filter-child.js';
import { variedTexts } from './varied-texts.js';

/** Up to so many texts rapidfuzz filters them all; above, it answers for a sample of rows. */
const rapidfuzzWhole = 20_000;
/** Up to so many texts a go on one thread is measured too. */
const oneCoreUpTo = 200_000;

export interface FilterBenchOptions {
  n: number[];
  threshold: number[];
  in: string[];
  field: string;
  /** Default: as many as `seedmill dedupe` would use. */
  threads?: number;
  json: boolean;
}

interface Comparison {
  pairsPerSecond: number;
  verdictsCompared: number;
  verdictsDifferent: number;
}

interface Speed {
  seconds: number;
  effectivePairsPerSecond: number;
  peakMemoryMb: number;
}

export interface FilterBenchResult extends Speed {
  n: number;
  threshold: number;
  threads: number;
  kept: number;
  /** Pairs that brute force would score. */
  pairs: number;
  pairsScored: number;
  /** The same on one thread; null where it was not measured. */
  oneCore: Speed | null;
  rougeScore: Comparison;
  /** `filterSeconds`: of the whole greedy filter by cdist on one core; null where only a sample was compared. */
  rapidfuzz: Comparison & { filterSeconds: number | null };
}

/** Returns the exit code: 1 when a verdict differs. */
export async function benchFilter(options: FilterBenchOptions): Promise<number> {
  const say = (line: string) => console.error(line);
  const { python } = await preparePython({ sets: ['bench'], say });
  const real = await realTexts(options);
  say(`${real.length} real texts with tokens`);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-similarity-'));
  const results: FilterBenchResult[] = [];
  try {
    for (const n of options.n) {
      const texts = path.join(folder, 'texts.jsonl');
      await writeTexts(texts, variedTexts(real, n));
      const threads = options.threads ?? (await usualThreads([texts]));
      for (const threshold of options.threshold) {
        const result = await measure({ folder, texts, n, threshold, threads, python });
        say(lineOf(result));
        results.push(result);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const cores = os.availableParallelism();
  if (options.json)
    console.log(JSON.stringify({ cores, node: process.version, realTexts: real.length, results }));
  else console.table(results.map(row));
  const different = results.flatMap((result) => [result.rougeScore, result.rapidfuzz]);
  return different.some(({ verdictsDifferent }) => verdictsDifferent > 0) ? 1 : 0;
}

async function measure(options: {
  folder: string;
  texts: string;
  n: number;
  threshold: number;
  threads: number;
  python: string;
}): Promise<FilterBenchResult> {
  const { folder, texts, n, threshold, threads, python } = options;
  const verdicts = path.join(folder, 'verdicts.jsonl');
  const go = { texts, verdicts, threshold };
  const alone = threads > 1 && n <= oneCoreUpTo ? await filterOnce({ ...go, threads: 1 }) : null;
  const filtered = await filterOnce({ ...go, threads });
  const script = fileURLToPath(new URL('./other_filters.py', import.meta.url));
  const args = [script, texts, verdicts, `${threshold}`, `${rapidfuzzWhole}`];
  const env = { ...pythonChildEnvironment(process.env), OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' };
  const { stdout } = await execa(python, args, { env, extendEnv: false, stderr: 'inherit' });
  const others = JSON.parse(stdout) as Pick<FilterBenchResult, 'rougeScore' | 'rapidfuzz'>;
  return {
    n,
    threshold,
    threads,
    ...speed(filtered),
    kept: filtered.kept,
    pairs: filtered.pairsConsidered,
    pairsScored: filtered.pairsScored,
    oneCore: alone && speed(alone),
    ...others,
  };
}

async function filterOnce(go: FilterGo): Promise<FilterResult> {
  const script = fileURLToPath(new URL('./filter-child.ts', import.meta.url));
  const args = ['--import', 'tsx', script, JSON.stringify(go)];
  const { stdout } = await execa(process.execPath, args, { cwd: packageRoot, stderr: 'inherit' });
  return JSON.parse(stdout) as FilterResult;
}

function speed({ seconds, pairsConsidered, peakMemoryMb }: FilterResult): Speed {
  return { seconds, effectivePairsPerSecond: pairsConsidered / seconds, peakMemoryMb };
}

/** The texts of all files; those without tokens are left out, because rouge_score says nothing of them. */
async function realTexts(options: FilterBenchOptions): Promise<string[]> {
  const texts: string[] = [];
  for (const file of options.in) {
    const reader = textReader({ file, field: options.field });
    for await (const rows of readRows({ file, format: await formatOf(file), blockSize: 1_000 })) {
      for (const { item } of await reader.read(rows)) if (rougeTokens(item).length > 0) texts.push(item);
    }
  }
  if (texts.length === 0) throw new Error(`${options.in.join(', ')}: no texts with tokens`);
  return texts;
}

async function writeTexts(file: string, texts: Iterable<string>): Promise<void> {
  const out = createWriteStream(file);
  for (const text of texts) if (!out.write(`${JSON.stringify(text)}\n`)) await once(out, 'drain');
  out.end();
  await finished(out);
}

function lineOf({ n, threshold, threads, seconds, kept, rougeScore, rapidfuzz }: FilterBenchResult): string {
  const different = rougeScore.verdictsDifferent + rapidfuzz.verdictsDifferent;
  const of = rougeScore.verdictsCompared + rapidfuzz.verdictsCompared;
  return `${n} texts, threshold ${threshold}, ${threads} threads: ${seconds.toFixed(2)} s, kept ${kept}, verdicts different ${different} of ${of}`;
}

function row(result: FilterBenchResult) {
  const { n, threshold, threads, kept, oneCore, rougeScore, rapidfuzz } = result;
  const millions = (perSecond: number) => Math.round(perSecond / 1e6);
  return {
    n,
    threshold,
    threads,
    seconds: Number(result.seconds.toFixed(2)),
    kept,
    'M pairs/s': millions(result.effectivePairsPerSecond),
    MB: Math.round(result.peakMemoryMb),
    'one core, s': oneCore && Number(oneCore.seconds.toFixed(2)),
    'M pairs/s ': oneCore && millions(oneCore.effectivePairsPerSecond),
    'rouge_score pairs/s': Math.round(rougeScore.pairsPerSecond),
    'rapidfuzz M pairs/s': Number((rapidfuzz.pairsPerSecond / 1e6).toFixed(1)),
    compared: rougeScore.verdictsCompared + rapidfuzz.verdictsCompared,
    different: rougeScore.verdictsDifferent + rapidfuzz.verdictsDifferent,
  };
}
