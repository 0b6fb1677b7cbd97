/** `npm run bench -- deita`: the selection of `seedmill select`, and others that select from the same rows in the same go. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { packageRoot } from '../../workers/folders.js';
import { preparePython } from '../../workers/python-environment.js';
import { difference } from '../similarity/cosine.js';
import type { VectorKind } from '../similarity/vectors.js';
import { askPeer, type PeerAnswer, type PeerName, pythonWithTorch } from './peers.js';
import { type Baseline, baselineRules, type Selected, selectOnce } from './select-once.js';
import type { MadeUpFiles, MadeUpInput } from './write-input.js';

export interface DeitaBenchOptions {
  n: number[];
  d: number[];
  size: number;
  tau: number;
  data: VectorKind[];
  /** Goes of seedmill and NumPy, in turn; the fastest counts. */
  repeat: number;
  peers: PeerName[];
  /** When a peer is ended, and how much memory it gets. */
  peerSeconds: number;
  peerGb: number;
  oneThread: boolean;
  /** Are the other rules of `seedmill select` timed too? */
  baselines: boolean;
  json: boolean;
}

/** `picksDifferent`: rows that one of the two selects and the other does not. */
type PeerResult =
  | { seconds: number; cpuSeconds: number; peakMemoryMb: number; selected: number; picksDifferent: number }
  | { seconds: null; reason: string };

/** Seconds are the clock's or, as CPU seconds, the processor's, of the fastest go; peak memory, of the whole process, is the highest. */
export interface DeitaBenchResult {
  data: VectorKind;
  n: number;
  d: number;
  m: number;
  tau: number;
  selected: number;
  rejectedSimilar: number;
  /** Share of sampled rows whose nearest neighbour among all has a cosine of 0.9 or more. */
  neighbourFrom09: number;
  comparisons: number;
  /** From the vectors' file to the last pick, as NumPy's and the peers'. */
  seconds: number;
  cpuSeconds: number;
  /** Of the whole command: rows read and written and the histogram made as well. */
  commandSeconds: number;
  peakMemoryMb: number;
  numpySeconds: number;
  numpyCpuSeconds: number;
  numpyPeakMemoryMb: number;
  /** Between seedmill and NumPy. */
  picksDifferent: number;
  /** null: not asked. */
  authors: PeerResult | null;
  distilabel: PeerResult | null;
  baselines: Baseline[] | null;
}

/** Returns the exit code: 1 when NumPy or the authors' code, in float32, selects other rows. */
export async function benchDeita(options: DeitaBenchOptions): Promise<number> {
  const say = (line: string) => console.error(line);
  const { python } = await preparePython({ sets: ['bench'], say });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-deita-'));
  const [rows, vectors, scores] = ['rows.jsonl', 'vectors.npy', 'scores.npy'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  const files = { rows, vectors, scores };
  const results: DeitaBenchResult[] = [];
  try {
    for (const n of options.n)
      for (const d of options.d)
        for (const kind of options.data) {
          await writeInput({ ...files, kind, n, d });
          const result = { data: kind, n, d, ...(await measure({ files, options, python })) };
          results.push(result);
          say(lineOf(result));
        }
  } finally {
    await rm(folder, { recursive: true });
  }
  const cores = os.availableParallelism();
  if (options.json) console.log(JSON.stringify({ cores, node: process.version, results }));
  else console.table(results.map(({ authors, distilabel, baselines, ...result }) => result));
  return results.some(differs) ? 1 : 0;
}

/** In a process of its own: a child's peak memory begins with its parent's. */
async function writeInput(input: MadeUpInput): Promise<void> {
  const script = fileURLToPath(new URL('./write-input.ts', import.meta.url));
  const args = ['--import', 'tsx', script, JSON.stringify(input)];
  await execa(process.execPath, args, { cwd: packageRoot, stderr: 'inherit' });
}

async function measure(go: {
  files: MadeUpFiles;
  options: DeitaBenchOptions;
  python: string;
}): Promise<Omit<DeitaBenchResult, 'data' | 'n' | 'd'>> {
  const { files, options, python } = go;
  const { tau, size, peers } = options;
  const limits = { mostSeconds: options.peerSeconds, mostGb: options.peerGb, oneThread: options.oneThread };
  const asked = { files, tau, size, python, ...limits };
  const goes: { ours: Selected; numpy: Exclude<PeerAnswer, { seconds: null }> }[] = [];
  while (goes.length < options.repeat) {
    const ours = await selectOnce({ files, tau, size, by: 'deita' });
    const numpy = await askPeer('numpy', asked);
    if (numpy.seconds === null) throw new Error(`NumPy selected nothing: ${numpy.reason}`);
    goes.push({ ours, numpy });
  }
  const [{ ours, numpy }] = goes as [(typeof goes)[number]];
  const torch = peers.includes('authors') ? await pythonWithTorch() : null;
  const authors =
    torch === null
      ? ({ seconds: null, reason: 'PyTorch is not installed' } as const)
      : await askPeer('authors', { ...asked, python: torch });
  const least = (of: (go: (typeof goes)[number]) => number) => Math.min(...goes.map(of));
  const most = (of: (go: (typeof goes)[number]) => number) => Math.round(Math.max(...goes.map(of)));
  const { report } = ours;
  return {
    m: size,
    tau,
    selected: report.selected,
    rejectedSimilar: report.rejectedSimilar,
    neighbourFrom09: shareFrom09(report.histogram),
    comparisons: report.comparisons,
    seconds: least((go) => go.ours.report.selectSeconds),
    cpuSeconds: least((go) => go.ours.report.selectCpuSeconds),
    commandSeconds: least((go) => go.ours.report.seconds),
    peakMemoryMb: most((go) => go.ours.report.peakMemoryMb),
    numpySeconds: rounded(least((go) => go.numpy.seconds)),
    numpyCpuSeconds: rounded(least((go) => go.numpy.cpuSeconds)),
    numpyPeakMemoryMb: most((go) => go.numpy.peakMemoryMb),
    picksDifferent: difference(ours.rows, numpy.rows),
    authors: peers.includes('authors') ? comparedWith(ours, authors) : null,
    distilabel: peers.includes('distilabel') ? comparedWith(ours, await askPeer('distilabel', asked)) : null,
    baselines: options.baselines ? await measureBaselines({ files, tau, size }) : null,
  };
}

async function measureBaselines(go: { files: MadeUpFiles; tau: number; size: number }): Promise<Baseline[]> {
  const baselines: Baseline[] = [];
  for (const by of baselineRules) {
    const { seconds, peakMemoryMb } = (await selectOnce({ ...go, by })).report;
    baselines.push({ by, commandSeconds: seconds, peakMemoryMb });
  }
  return baselines;
}

function comparedWith(ours: Selected, answer: PeerAnswer): PeerResult {
  if (answer.seconds === null) return answer;
  return {
    seconds: rounded(answer.seconds),
    cpuSeconds: rounded(answer.cpuSeconds),
    peakMemoryMb: Math.round(answer.peakMemoryMb),
    selected: answer.rows.length,
    picksDifferent: difference(ours.rows, answer.rows),
  };
}

function shareFrom09(histogram: Selected['report']['histogram']): number {
  const { sampled, bins } = histogram ?? { sampled: 0, bins: [] };
  const near = bins.filter(({ from }) => from >= 0.9).reduce((sum, { count }) => sum + count, 0);
  return near / sampled;
}

function differs({ picksDifferent, authors }: DeitaBenchResult): boolean {
  return picksDifferent > 0 || (authors !== null && authors.seconds !== null && authors.picksDifferent > 0);
}

function lineOf(result: DeitaBenchResult): string {
  const { data, n, d, seconds, commandSeconds, peakMemoryMb, numpySeconds, picksDifferent } = result;
  const of = (name: PeerName) => {
    const peer = result[name];
    return peer === null ? '' : `; ${name} ${peer.seconds === null ? peer.reason : `${peer.seconds} s`}`;
  };
  return `${data} ${n} × ${d}: ${seconds} s to select, ${commandSeconds} s in all, ${peakMemoryMb} MB; NumPy ${numpySeconds} s, ${picksDifferent} picks differ${of('authors')}${of('distilabel')}`;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
