/** `npm run bench -- deita`: the selection of `seedmill select`, and the same in plain NumPy in the same go. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { SelectReport } from '../../client/select/select-file.js';
import { packageRoot } from '../../workers/folders.js';
import { preparePython, pythonChildEnvironment } from '../../workers/python-environment.js';
import { difference } from '../similarity/cosine.js';
import type { VectorKind } from '../similarity/vectors.js';
import type { MadeUpInput } from './write-input.js';

export interface DeitaBenchOptions {
  n: number[];
  d: number[];
  size: number;
  tau: number;
  vectors: VectorKind[];
  /** Goes of each, in turn; the fastest counts. */
  repeat: number;
  json: boolean;
}

/** Seconds are the clock's, of the fastest go; peak memory is the highest. */
export interface DeitaBenchResult {
  vectors: VectorKind;
  n: number;
  d: number;
  m: number;
  tau: number;
  selected: number;
  rejectedSimilar: number;
  comparisons: number;
  /** Of the command, from reading to the written file, the histogram included. */
  seconds: number;
  /** Of it from the vectors' file to the last pick. */
  selectSeconds: number;
  peakMemoryMb: number;
  /** From the vectors' file to the last pick. */
  numpySeconds: number;
  numpyPeakMemoryMb: number;
  /** Rows that one of the two selects and the other does not. */
  picksDifferent: number;
}

interface Go {
  ours: { report: SelectReport; rows: number[] };
  numpy: { seconds: number; peakMemoryMb: number; rows: number[] };
}

interface Files {
  rows: string;
  vectors: string;
  scores: string;
  out: string;
}

/** Returns the exit code: 1 when NumPy, in float32, selects other rows. */
export async function benchDeita(options: DeitaBenchOptions): Promise<number> {
  const say = (line: string) => console.error(line);
  const { python } = await preparePython({ sets: ['bench'], say });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-deita-'));
  const [rows, vectors, scores, out] = ['rows.jsonl', 'vectors.npy', 'scores.npy', 'out.jsonl'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string, string];
  const files = { rows, vectors, scores, out };
  const results: DeitaBenchResult[] = [];
  try {
    for (const n of options.n)
      for (const d of options.d)
        for (const kind of options.vectors) {
          await writeInput(files, { kind, n, d });
          const result = await measure({ files, kind, n, d, options, python });
          results.push(result);
          say(
            `${kind} ${n} × ${d}: ${result.seconds} s, of it ${result.selectSeconds} s to select, ${result.peakMemoryMb} MB; NumPy ${result.numpySeconds.toFixed(2)} s; ${result.picksDifferent} picks differ`,
          );
        }
  } finally {
    await rm(folder, { recursive: true });
  }
  const cores = os.availableParallelism();
  if (options.json) console.log(JSON.stringify({ cores, node: process.version, results }));
  else console.table(results);
  return results.some(({ picksDifferent }) => picksDifferent > 0) ? 1 : 0;
}

/** In a process of its own: a child's peak memory begins with its parent's. */
async function writeInput(files: Files, input: Omit<MadeUpInput, keyof Files>): Promise<void> {
  const script = fileURLToPath(new URL('./write-input.ts', import.meta.url));
  const args = ['--import', 'tsx', script, JSON.stringify({ ...files, ...input })];
  await execa(process.execPath, args, { cwd: packageRoot, stderr: 'inherit' });
}

async function measure(go: {
  files: Files;
  kind: VectorKind;
  n: number;
  d: number;
  options: DeitaBenchOptions;
  python: string;
}): Promise<DeitaBenchResult> {
  const { files, kind, n, d, options, python } = go;
  const [tau, size] = [String(options.tau), String(options.size)];
  const goes: Go[] = [];
  while (goes.length < options.repeat)
    goes.push({
      ours: await selectOnce({ files, tau, size }),
      numpy: await numpyOnce({ files, tau, size, python }),
    });
  const [{ ours, numpy }] = goes as [Go];
  const fastest = (seconds: (go: Go) => number) => Math.min(...goes.map(seconds));
  const highest = (memory: (go: Go) => number) => Math.round(Math.max(...goes.map(memory)));
  return {
    vectors: kind,
    n,
    d,
    m: options.size,
    tau: options.tau,
    selected: ours.report.selected,
    rejectedSimilar: ours.report.rejectedSimilar,
    comparisons: ours.report.comparisons,
    seconds: fastest((go) => go.ours.report.seconds),
    selectSeconds: fastest((go) => go.ours.report.selectSeconds),
    peakMemoryMb: highest((go) => go.ours.report.peakMemoryMb),
    numpySeconds: fastest((go) => go.numpy.seconds),
    numpyPeakMemoryMb: highest((go) => go.numpy.peakMemoryMb),
    picksDifferent: difference(ours.rows, numpy.rows),
  };
}

async function selectOnce(go: { files: Files; tau: string; size: string }): Promise<Go['ours']> {
  const { files, tau, size } = go;
  const command = path.join(packageRoot, 'dist', 'client', 'main.js');
  const where = ['--in', files.rows, '--embeddings', files.vectors, '--out', files.out, '--ranked', '--json'];
  const rule = ['--scores', 'score', '--tau', tau, '--size', size];
  const { stdout } = await execa(process.execPath, [command, 'select', ...where, ...rule], {
    stderr: 'inherit',
  });
  const lines = (await readFile(files.out, 'utf8')).trimEnd().split('\n');
  const rows = lines.map((line) => (JSON.parse(line) as { id: number }).id);
  return { report: JSON.parse(stdout) as SelectReport, rows };
}

async function numpyOnce(go: {
  files: Files;
  tau: string;
  size: string;
  python: string;
}): Promise<Go['numpy']> {
  const { files, tau, size, python } = go;
  const script = fileURLToPath(new URL('./greedy_numpy.py', import.meta.url));
  const env = pythonChildEnvironment(process.env);
  const args = [script, files.vectors, files.scores, tau, size];
  const { stdout } = await execa(python, args, { env, extendEnv: false, stderr: 'inherit' });
  return JSON.parse(stdout);
}
