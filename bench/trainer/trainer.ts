/** The student's training beside a plain transformers loop on the same rows, in turn, each in a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { findPythonEnvironment, pythonChildEnvironment } from '../../workers/python-environment.js';
import { readCorpus } from '../corpus-teacher/read-corpus.js';

export interface TrainerBenchOptions {
  in: string;
  rows: number;
  repeat: number;
  model?: string;
  json: boolean;
}

interface Go {
  tokens: number;
  seconds: number;
  device: string;
}

const ways = ['seedmill', 'plain'] as const;

/** Returns the exit code: 1 where no environment of a student is there. */
export async function benchTrainer(options: TrainerBenchOptions): Promise<number> {
  const python = (await findPythonEnvironment({ sets: ['student'], say: () => {} }))?.python;
  if (python === undefined) {
    process.stderr.write('no Python environment of a student here: run a recipe with a student once\n');
    return 1;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seedmill-trainer-'));
  try {
    const file = path.join(folder, 'rows.jsonl');
    const rows = readCorpus([options.in]).rows.slice(0, options.rows);
    const lines = rows.map((row, at) => `${JSON.stringify({ id: `r${at}`, ...row })}\n`);
    await writeFile(file, lines.join(''));
    const goes: Record<(typeof ways)[number], Go[]> = { seedmill: [], plain: [] };
    for (let go = 0; go < options.repeat; go += 1)
      for (const way of ways) goes[way].push(await train({ way, file, python, model: options.model }));
    report(options, { rows: rows.length, goes });
    return 0;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function train({
  way,
  file,
  python,
  model,
}: {
  way: string;
  file: string;
  python: string;
  model: string | undefined;
}): Promise<Go> {
  const script = fileURLToPath(new URL('./train_once.py', import.meta.url));
  const env = pythonChildEnvironment(process.env);
  const args = [script, way, file, ...(model === undefined ? [] : [model])];
  const { stdout } = await execa(python, args, { env, extendEnv: false });
  const go = JSON.parse(stdout.trim().split('\n').at(-1) as string) as Go;
  process.stderr.write(`${way}: ${(go.tokens / go.seconds).toFixed(1)} tokens/s\n`);
  return go;
}

function report(
  { json }: TrainerBenchOptions,
  { rows, goes }: { rows: number; goes: Record<(typeof ways)[number], Go[]> },
): void {
  const speeds = Object.fromEntries(
    ways.map((way) => [way, goes[way].map(({ tokens, seconds }) => tokens / seconds)]),
  ) as Record<(typeof ways)[number], number[]>;
  const best = { seedmill: Math.max(...speeds.seedmill), plain: Math.max(...speeds.plain) };
  const { device, tokens } = goes.plain[0] as Go;
  const ratio = best.seedmill / best.plain;
  const result = { rows, tokens, device, cores: os.availableParallelism(), tokensPerSecond: speeds, ratio };
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    process.stdout.write(
      `${rows} rows, ${tokens} tokens, ${device}: seedmill ${best.seedmill.toFixed(1)} tokens/s, plain loop ${best.plain.toFixed(1)}, ratio ${ratio.toFixed(2)}\n`,
    );
}
