import type { Tau } from '../../methods/deita/choose-rows.js';
import type { Output } from '../context.js';
import { fileWork } from '../file-work.js';
import type { VectorSource } from '../select/candidates.js';
import { usualScoreFields } from '../select/score-of.js';
import {
  type SelectProgress,
  type SelectReport,
  type SelectRule,
  selectFile,
} from '../select/select-file.js';
import { UsageError } from '../usage-error.js';
import { printJson } from '../terminal.js';

/** Characters of the longest bar of the histogram. */
const barWidth = 40;

export interface SelectCommandOptions {
  in: string;
  out: string;
  dropped?: string;
  size: number;
  by: SelectRule['by'];
  scores?: string;
  embeddings?: string;
  tau?: Tau;
  seed: number;
  missingScores?: 'refuse' | 'drop';
  ranked?: boolean;
}

/** `seedmill select`: writes the rows of a file that DEITA's rule, or one that it is compared with, selects. */
export async function select(output: Output, options: SelectCommandOptions): Promise<number> {
  const rule = ruleOf(options);
  const report = await fileWork(describeProgress, ({ onProgress, signal }) =>
    selectFile({
      input: options.in,
      out: options.out,
      ...(options.dropped !== undefined && { dropped: options.dropped }),
      size: options.size,
      rule,
      missingScores: options.missingScores ?? 'refuse',
      seed: options.seed,
      ranked: options.ranked === true,
      onProgress,
      signal,
    }),
  );
  if (report.warning !== null) process.stderr.write(`warning: ${report.warning}\n`);
  if (output.json) printJson(report);
  else {
    for (const line of describe(report)) output.say(line);
    output.say(`selected: ${options.out}`);
    if (options.dropped !== undefined) output.say(`dropped: ${options.dropped}`);
  }
  return 0;
}

function ruleOf(options: SelectCommandOptions): SelectRule {
  const { by, scores, embeddings, tau, missingScores } = options;
  const needsScores = by === 'deita' || by === 'score';
  const needsVectors = by !== 'random' && by !== 'score';
  const needsTau = by === 'deita' || by === 'diversity';
  if (!needsScores && (scores !== undefined || missingScores !== undefined))
    throw new UsageError(`--by ${by} looks at no scores: leave --scores and --missing-scores out`);
  if (!needsTau && tau !== undefined) throw new UsageError(`--by ${by} has no --tau`);
  if (!needsVectors) {
    if (embeddings !== undefined) throw new UsageError(`--by ${by} compares nothing: leave --embeddings out`);
    return by === 'score' ? { by, scores: fieldsOf(scores) } : { by };
  }
  if (embeddings === undefined)
    throw new UsageError(`--by ${by} needs --embeddings: a .npy file, or the field that has a vector`);
  const vectors: VectorSource = embeddings.endsWith('.npy') ? { matrix: embeddings } : { field: embeddings };
  if (by === 'k-center') return { by, vectors };
  const threshold = tau ?? { cosine: 0.9 };
  if (by === 'diversity') return { by, vectors, tau: threshold };
  return { by, vectors, tau: threshold, scores: fieldsOf(scores) };
}

function fieldsOf(scores: string | undefined): readonly string[] {
  if (scores === undefined) return usualScoreFields;
  const fields = scores.split(',');
  if (fields.length > 2 || fields.includes(''))
    throw new UsageError(
      `--scores ${scores}: give a field, or two with a comma between whose product counts`,
    );
  return fields;
}

function describeProgress({ doing, rows, selected }: SelectProgress): string {
  return `${doing}: ${count(rows)} rows${doing === 'selecting' ? `, ${count(selected)} selected` : ''}`;
}

function describe(report: SelectReport): string[] {
  const { rows, selected, rejectedSimilar, notReached, scoreMissing, seconds, tau, histogram } = report;
  const lines = [
    `${count(rows)} rows: ${count(selected)} selected, ${count(rejectedSimilar)} too similar, ${count(notReached)} not reached, ${count(scoreMissing)} without a score, ${seconds.toFixed(1)} s`,
  ];
  if (tau !== null) lines.push(`tau: ${tau}`);
  if (histogram === null || histogram.bins.length === 0) return lines;
  lines.push(`cosine to the nearest neighbour, of ${count(histogram.sampled)} rows:`);
  const most = Math.max(...histogram.bins.map((bin) => bin.count));
  for (const bin of histogram.bins) {
    const bar = '█'.repeat(Math.ceil((bin.count / most) * barWidth));
    lines.push(`${bin.from.toFixed(2).padStart(6)} ${bar} ${bin.count}`);
  }
  return lines;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
