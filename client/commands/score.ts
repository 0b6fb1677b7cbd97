import type { Context } from '../context.js';
import { fileWork } from '../file-work.js';
import { OutputFile, refuseSameFiles } from '../outputs.js';
import { cost, stateWord } from '../progress-lines.js';
import { defaultRecipe, type ScoringRequest } from '../scoring-recipe.js';
import { type ScoredFiles, type Unscored, type WrittenScores, writeScored } from '../score/write-scored.js';
import type { StatusReport } from '../status.js';
import { UserError } from '../../store/errors.js';
import { runToEnd } from './run.js';
import { printJson } from '../terminal.js';

export interface ScoreOptions {
  in: string;
  out: string;
  dropped?: string;
  /** A .npy file that is written. */
  embeddings?: string;
  recipe?: string;
  scorer?: NonNullable<ScoringRequest['scorer']>;
  set: string[];
}

/** What `--json` prints. */
export interface ScoreReport {
  run: string;
  /** All of the input; null for a run that failed, or that goes on without this command. */
  rows: number | null;
  scored: number | null;
  /** Rows without a score, by reason. */
  missing: Partial<Record<Unscored, number>>;
  calls: StatusReport['calls'];
  costUsd: StatusReport['costUsd'];
  /** null: nothing was written. */
  files: { out: string; dropped: string | null; embeddings: string | null } | null;
}

/** `seedmill score`: scores the rows of a file, as a run of its own that the same command rejoins. Returns the exit code. */
export async function score(context: Context, options: ScoreOptions): Promise<number> {
  const { in: input, out, dropped, embeddings, recipe, scorer, set } = options;
  const files: ScoredFiles = { input, out, dropped, embeddings };
  await checkFiles(files, recipe);
  const { store, status, isDetached } = await runToEnd(context, {
    recipePath: recipe ?? defaultRecipe,
    set,
    scoring: { file: input, embeds: embeddings !== undefined, ...(scorer !== undefined && { scorer }) },
    isTerminal: !context.json && process.stdout.isTTY,
  });
  const report = (written: WrittenScores | null) => {
    const { runId: run, calls, costUsd } = status;
    const { rows = null, scored = null, missing = {} } = written ?? {};
    const names = written && { out, dropped: dropped ?? null, embeddings: embeddings ?? null };
    const all: ScoreReport = { run, rows, scored, missing, calls, costUsd, files: names };
    if (context.json) printJson(all);
  };
  if (status.dataset === null) {
    report(null);
    if (!isDetached) throw new UserError(`${status.runId}: ${status.stopReason ?? status.state}`);
    context.say(`The same command writes ${out} when it has ended`);
    return 0;
  }

  const written = await fileWork(
    (rows: number) => `writing: ${count(rows)} rows`,
    (hooks) => writeScored({ store, runId: status.runId, files, ...hooks }),
  );
  const { rows, scored, missing } = written;
  const reasons = Object.entries(missing).map(([reason, n]) => `, ${reason} ${count(n)}`);
  context.say(`${count(rows)} rows: ${count(scored)} scored${reasons.join('')} · cost ${cost(status)}`);
  if (scored === 0) context.say('No row was scored: another model may do better, or see --dropped for why');
  for (const [name, file] of Object.entries({ scored: out, dropped, embeddings }))
    if (file !== undefined) context.say(`${name}: ${file}`);
  context.say(`run: ${status.runId}, ${stateWord(status)}`);
  report(written);
  return status.state === 'finished' ? 0 : 1;
}

/** What is wrong with a place is known before anything is paid. */
async function checkFiles(files: ScoredFiles, recipe: string | undefined): Promise<void> {
  const { input, out, dropped, embeddings } = files;
  const named = {
    '--in': input,
    '--recipe': recipe,
    '--out': out,
    '--dropped': dropped,
    '--embeddings': embeddings,
  };
  const given = Object.entries(named).flatMap(([option, file]) =>
    file === undefined ? [] : [{ option, file }],
  );
  await refuseSameFiles(given);
  for (const { option, file } of given) {
    if (option === '--in' || option === '--recipe') continue;
    const output = await OutputFile.open(file);
    await output.discard();
  }
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
