import type { Tokenisation } from '../../similarity/tokenise.js';
import type { Output } from '../context.js';
import { type Comparison, type DedupeReport, dedupeFile } from '../dedupe/dedupe-file.js';
import { fileWork } from '../file-work.js';
import { UsageError } from '../usage-error.js';
import { printJson } from '../terminal.js';

export interface DedupeCommandOptions {
  in: string;
  out: string;
  against?: string;
  dropped?: string;
  field?: string;
  threshold: number;
  metric: 'rouge-l' | 'cosine';
  tokens?: Tokenisation;
  embeddings?: string;
  againstEmbeddings?: string;
  threads?: number;
}

/** `seedmill dedupe`: writes the rows of a file that are not too similar to one before them. Returns the exit code. */
export async function dedupe(output: Output, options: DedupeCommandOptions): Promise<number> {
  const compare = comparison(options);
  const report = await fileWork(describe, ({ onProgress, signal }) =>
    dedupeFile({
      input: options.in,
      out: options.out,
      ...(options.against !== undefined && { against: options.against }),
      ...(options.dropped !== undefined && { dropped: options.dropped }),
      ...(options.threads !== undefined && { threads: options.threads }),
      threshold: options.threshold,
      compare,
      onProgress,
      signal,
    }),
  );
  if (output.json) printJson(report);
  else {
    output.say(describe(report));
    output.say(`kept: ${options.out}`);
    if (options.dropped !== undefined) output.say(`dropped: ${options.dropped}`);
  }
  return 0;
}

function comparison({
  metric,
  field,
  tokens,
  embeddings,
  against,
  againstEmbeddings,
}: DedupeCommandOptions): Comparison {
  if (metric === 'rouge-l') {
    const needless = embeddings === undefined ? againstEmbeddings : embeddings;
    if (needless !== undefined) throw new UsageError(`${needless}: embeddings are for --metric cosine`);
    return { metric, field: field ?? 'instruction', tokenisation: tokens ?? 'rouge' };
  }
  if (tokens !== undefined || field !== undefined)
    throw new UsageError('--metric cosine compares --embeddings: --field and --tokens are for texts');
  if (embeddings === undefined)
    throw new UsageError('--metric cosine needs --embeddings: a .npy file, or the field that has a vector');
  if (!embeddings.endsWith('.npy')) {
    if (againstEmbeddings !== undefined)
      throw new UsageError('--against-embeddings goes with a .npy file as --embeddings');
    return { metric, embeddings };
  }
  if ((against === undefined) !== (againstEmbeddings === undefined))
    throw new UsageError('--against and --against-embeddings go together when --embeddings is a .npy file');
  return {
    metric,
    matrix: embeddings,
    ...(againstEmbeddings !== undefined && { againstMatrix: againstEmbeddings }),
  };
}

function describe({ rows, kept, dropped, seconds, pairsConsidered }: DedupeReport): string {
  const count = (number: number) => number.toLocaleString('en-US');
  const speed =
    seconds === 0 ? '' : ` (${count(Math.round(pairsConsidered / seconds / 1e6))} million pairs/s)`;
  return `${count(rows)} rows: ${count(kept)} kept, ${count(dropped)} dropped, ${seconds.toFixed(1)} s${speed}`;
}
