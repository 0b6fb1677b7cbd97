/** Selections by others, in Python, each in a process of its own that may take so long and so much memory. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { findPythonEnvironment, pythonChildEnvironment } from '../../workers/python-environment.js';
import type { MadeUpFiles } from './write-input.js';

/** `authors`: the code of the paper. `distilabel`: its rule, which is another one. */
export const peerNames = ['authors', 'distilabel'] as const;
export type PeerName = (typeof peerNames)[number];

const scripts = {
  numpy: './greedy_numpy.py',
  authors: './authors_torch.py',
  distilabel: './distilabel_numpy.py',
};

/** What was selected; or why nothing was. */
export type PeerAnswer =
  | { seconds: number; cpuSeconds: number; peakMemoryMb: number; rows: number[] }
  | { seconds: null; reason: string };

export interface PeerGo {
  files: MadeUpFiles;
  tau: number;
  size: number;
  /** An interpreter with NumPy; the authors' code needs one with PyTorch as well. */
  python: string;
  mostSeconds: number;
  mostGb: number;
  /** Only one for arithmetic: several wait for each other on a busy machine, which costs processor time too. */
  oneThread: boolean;
}

/** An interpreter with PyTorch, of an environment that a student was set up in; null: there is none. */
export async function pythonWithTorch(): Promise<string | null> {
  const found = await findPythonEnvironment({ sets: ['student'], say: () => {} });
  return found?.python ?? null;
}

/** Lets one of them select. Seconds go from the vectors' file to the last pick. */
export async function askPeer(name: keyof typeof scripts, go: PeerGo): Promise<PeerAnswer> {
  const { files, tau, size, python, mostSeconds, mostGb, oneThread } = go;
  const script = fileURLToPath(new URL(scripts[name], import.meta.url));
  const args = [script, files.vectors, files.scores, ...[tau, size, mostGb].map(String)];
  const ended = await execa(python, args, {
    env: {
      ...pythonChildEnvironment(process.env),
      ...(oneThread && { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' }),
    },
    extendEnv: false,
    reject: false,
    timeout: mostSeconds * 1_000,
  });
  if (ended.timedOut) return { seconds: null, reason: `not done after ${mostSeconds} s` };
  if (ended.failed) {
    const lastLine = ended.stderr.trim().split('\n').at(-1);
    return { seconds: null, reason: ended.signal ? `ended by ${ended.signal}` : `failed: ${lastLine}` };
  }
  const answer = JSON.parse(ended.stdout) as Exclude<PeerAnswer, { seconds: null }> | { reason: string };
  return 'reason' in answer ? { seconds: null, reason: answer.reason } : answer;
}
