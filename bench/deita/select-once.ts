/** `seedmill select` on made-up rows, as a user runs it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { SelectReport, SelectRule } from '../../client/select/select-file.js';
import { packageRoot } from '../../workers/folders.js';
import type { MadeUpFiles } from './write-input.js';

/** What `seedmill select` can be compared with. */
export const baselineRules = ['score', 'diversity', 'k-center', 'random'] as const;

/** Of the whole command. */
export interface Baseline {
  by: (typeof baselineRules)[number];
  commandSeconds: number;
  peakMemoryMb: number;
}

export interface Selected {
  report: SelectReport;
  /** In the order of selection. */
  rows: number[];
}

/** Options that each rule takes. */
const takes: Record<SelectRule['by'], { scores: boolean; vectors: boolean; tau: boolean }> = {
  deita: { scores: true, vectors: true, tau: true },
  diversity: { scores: false, vectors: true, tau: true },
  'k-center': { scores: false, vectors: true, tau: false },
  score: { scores: true, vectors: false, tau: false },
  random: { scores: false, vectors: false, tau: false },
};

export async function selectOnce(go: {
  files: MadeUpFiles;
  tau: number;
  size: number;
  by: SelectRule['by'];
}): Promise<Selected> {
  const { files, tau, size, by } = go;
  const out = `${files.rows}.selected.jsonl`;
  const command = path.join(packageRoot, 'dist', 'client', 'main.js');
  const rule = ['--by', by, '--size', String(size)];
  const needs = takes[by];
  if (needs.scores) rule.push('--scores', 'score');
  if (needs.vectors) rule.push('--embeddings', files.vectors);
  if (needs.tau) rule.push('--tau', String(tau));
  const args = [command, 'select', '--in', files.rows, '--out', out, '--ranked', '--json', ...rule];
  const { stdout } = await execa(process.execPath, args, { stderr: 'inherit' });
  const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
  return {
    report: JSON.parse(stdout) as SelectReport,
    rows: lines.map((line) => (JSON.parse(line) as { id: number }).id),
  };
}
