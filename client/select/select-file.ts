/** Selects rows of a file as DEITA does: what `seedmill select` does, without a run or a server. */
import { stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { selectionWarning } from '../../activities/deita/select-rows.js';
import { type ChoiceStep, type Chosen, chooseRows, type Tau } from '../../methods/deita/choose-rows.js';
import { type CosineBin, cosineHistogram } from '../../methods/deita/nearest-cosines.js';
import { byScore, type Picks } from '../../methods/deita/select.js';
import { UserError } from '../../store/errors.js';
import { type OutputFile, refuseSameFiles } from '../outputs.js';
import { type FileRow, formatOf, type RowFormat, readRows } from '../read-rows.js';
import { droppedLine, openOutputs, type RowFile } from '../row-file.js';
import { blockSize, Candidates, type VectorSource } from './candidates.js';

/** The longest that Ctrl-C has to wait. */
const pauseEveryMs = 50;

/** How rows are chosen, with what that needs. */
export type SelectRule =
  | { by: 'deita'; scores: readonly string[]; vectors: VectorSource; tau: Tau }
  | { by: 'diversity'; vectors: VectorSource; tau: Tau }
  | { by: 'k-center'; vectors: VectorSource }
  | { by: 'score'; scores: readonly string[] }
  | { by: 'random' };

export interface SelectOptions {
  /** JSON Lines, or one JSON array. */
  input: string;
  out: string;
  dropped?: string;
  /** Rows to select; fewer are when there are no more, or none that differ enough. */
  size: number;
  rule: SelectRule;
  missingScores: 'refuse' | 'drop';
  /** Of the histogram's sample, and of a random selection. */
  seed: number;
  /** Write rows in the order of selection, not of the input. */
  ranked: boolean;
  onProgress?: (progress: SelectProgress) => void;
  /** Ends the work; nothing is written then. */
  signal?: AbortSignal;
}

export interface SelectProgress {
  doing: 'reading' | 'comparing a sample' | 'selecting' | 'writing';
  /** Rows that this was done with. */
  rows: number;
  selected: number;
}

export interface SelectReport {
  rows: number;
  selected: number;
  /** Rows that were compared before the selection was full; of a rule that compares none, the selected ones. */
  lookedAt: number;
  rejectedSimilar: number;
  notReached: number;
  scoreMissing: number;
  seconds: number;
  /** Of `seconds`, what choosing took, the reading of vectors from a matrix included; not the histogram. */
  selectSeconds: number;
  /** The same in processor time. */
  selectCpuSeconds: number;
  /** Each row that was looked at with every one selected before it; those of the histogram are not among them. */
  comparisons: number;
  /** The whole process's. */
  peakMemoryMb: number;
  /** Cosine above which a row was too similar; null for a rule without one. */
  tau: number | null;
  /** Cosines of a sample of rows to their nearest neighbours among all; null for a rule without vectors. */
  histogram: { sampled: number; bins: CosineBin[] } | null;
  warning: string | null;
}

/**
 * Writes the selected rows to `out` and the others, each with its reason, to `dropped`; both files appear only when
 * everything is done.
 * @throws UserError with file, line and row for what cannot be read or compared.
 */
export async function selectFile(options: SelectOptions): Promise<SelectReport> {
  return await new FileSelection(options).run();
}

class FileSelection {
  readonly #options: SelectOptions;
  readonly #started = performance.now();
  #selectMs = 0;
  #selectCpuUs = 0;

  constructor(options: SelectOptions) {
    this.#options = options;
  }

  async run(): Promise<SelectReport> {
    const { input, out, dropped, rule } = this.#options;
    const vectors = 'vectors' in rule ? rule.vectors : null;
    const outputs = [
      { option: '--out', file: out },
      ...(dropped === undefined ? [] : [{ option: '--dropped', file: dropped }]),
    ];
    for (const file of vectors && 'matrix' in vectors ? [input, vectors.matrix] : [input])
      await refuseSameFiles([{ option: 'an input', file }, ...outputs]);
    const format = await formatOf(input);
    const before = await stat(input);
    const { kept, rejected } = await openOutputs({ out, dropped, format });
    let candidates: Candidates | undefined;
    try {
      candidates = await Candidates.read({
        file: input,
        format,
        scores: 'scores' in rule ? rule.scores : [],
        missingScores: this.#options.missingScores,
        vectors,
        onRows: (rows) => this.#show({ doing: 'reading', rows, selected: 0 }),
        signal: this.#options.signal,
      });
      const { picks, ...found } = await this.#choose(candidates);
      await this.#write({ candidates, picks, format, kept, rejected });
      const { size, mtimeMs } = await stat(input);
      if (size !== before.size || mtimeMs !== before.mtimeMs)
        throw new UserError(`${input}: was changed while it was read; select again`);
      await rejected?.commit();
      await kept.file.commit();
      return this.#report({ candidates, picks, ...found });
    } catch (error) {
      throw candidates?.explain(error) ?? error;
    } finally {
      await candidates?.close();
      await kept.file.discard();
      await rejected?.discard();
    }
  }

  async #choose(candidates: Candidates): Promise<Chosen> {
    const { size, rule, seed } = this.#options;
    const rows = candidates.eligible();
    const tau = 'tau' in rule ? rule.tau : { cosine: 1 };
    if ('quantile' in tau && rows.length === 1)
      throw new UserError('--tau as a quantile needs two rows at least; give a cosine');
    return await this.#inSteps(
      chooseRows({
        by: rule.by,
        tau,
        rows,
        ranked: 'scores' in rule ? ranked(candidates, rows) : rows,
        vectors: 'vectors' in rule ? candidates.vectors : null,
        size,
        seed,
      }),
    );
  }

  /** Lets Ctrl-C and others have their turn now and then. */
  async #inSteps(work: Generator<ChoiceStep, Chosen>): Promise<Chosen> {
    let pausedAt = performance.now();
    let selecting: { at: number; usage: NodeJS.CpuUsage } | null = null;
    for (;;) {
      const { done, value } = work.next();
      if (done) {
        if (selecting) this.#selectMs = performance.now() - selecting.at;
        const { user, system } = selecting ? process.cpuUsage(selecting.usage) : { user: 0, system: 0 };
        this.#selectCpuUs = user + system;
        return value;
      }
      if (value.doing === 'selecting') selecting ??= { at: performance.now(), usage: process.cpuUsage() };
      if (performance.now() - pausedAt < pauseEveryMs) continue;
      this.#show(value);
      await setImmediate();
      this.#options.signal?.throwIfAborted();
      pausedAt = performance.now();
    }
  }

  async #write(parts: {
    candidates: Candidates;
    picks: Picks;
    format: RowFormat;
    kept: RowFile;
    rejected: OutputFile | null;
  }): Promise<void> {
    const { candidates, picks, format, kept, rejected } = parts;
    const { input, ranked: isRanked, signal } = this.#options;
    const selected = new Set(picks.selected);
    const held = new Map<number, Buffer>();
    let rows = 0;
    for await (const block of readRows({ file: input, format, blockSize })) {
      for (const row of block) {
        const number = row.row - 1;
        if (!selected.has(number)) await rejected?.write(rejection({ candidates, picks, row }));
        // Its own bytes: those of the file would keep the block that was read.
        else if (isRanked) held.set(number, Buffer.from(format === 'array' ? row.text : `${row.text}\n`));
        else await kept.write(row.bytes);
      }
      rows += block.length;
      this.#show({ doing: 'writing', rows, selected: selected.size });
      signal?.throwIfAborted();
    }
    // Nothing but the held ones is left to be written when rows are ranked.
    for (const number of isRanked ? picks.selected : []) await kept.write(held.get(number) as Buffer);
    await kept.end();
  }

  #report({ candidates, picks, cosines, tau }: Chosen & { candidates: Candidates }): SelectReport {
    const { rule, size } = this.#options;
    const rows = candidates.count;
    const scoreMissing = candidates.scores.filter((score) => score === null).length;
    const selected = picks.selected.length;
    const rejectedSimilar = picks.similar.size;
    const lookedAt = rule.by === 'k-center' ? rows : selected + rejectedSimilar;
    return {
      rows,
      selected,
      lookedAt,
      rejectedSimilar,
      notReached: rows - scoreMissing - selected - rejectedSimilar,
      scoreMissing,
      seconds: Math.round(performance.now() - this.#started) / 1_000,
      selectSeconds: Math.round(this.#selectMs) / 1_000,
      selectCpuSeconds: Math.round(this.#selectCpuUs / 1_000) / 1_000,
      comparisons: picks.comparisons,
      peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1_024),
      tau,
      histogram: cosines && { sampled: cosines.length, bins: cosineHistogram(cosines) },
      warning: selectionWarning({ size, selected, similar: rejectedSimilar, lookedAt, tau }),
    };
  }

  #show(progress: SelectProgress): void {
    this.#options.onProgress?.(progress);
  }
}

function ranked({ ids, scores }: Candidates, rows: readonly number[]): number[] {
  return byScore({
    rows,
    score: (row) => scores[row] as number,
    compareTies: (a, b) => compareIds(ids[a], ids[b]),
  });
}

/** Numbers first, then texts by their UTF-16 units, then rows without an id. */
function compareIds(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a !== typeof b) return rankOfId(a) - rankOfId(b);
  if (a === undefined || b === undefined || a === b) return 0;
  return a < b ? -1 : 1;
}

function rankOfId(id: string | number | undefined): number {
  return typeof id === 'number' ? 0 : typeof id === 'string' ? 1 : 2;
}

function rejection({
  candidates,
  picks,
  row,
}: {
  candidates: Candidates;
  picks: Picks;
  row: FileRow;
}): Buffer {
  const { ids, scores } = candidates;
  const number = row.row - 1;
  const id = ids[number];
  if (scores[number] === null)
    return droppedLine({ head: { row: row.row, id, reason: 'score-missing' }, row });
  const score = scores[number];
  const similar = picks.similar.get(number);
  if (!similar) return droppedLine({ head: { row: row.row, id, score, reason: 'not-reached' }, row });
  const { nearest, cosine } = similar;
  return droppedLine({
    head: { row: row.row, id, score, reason: 'similar', similarity: cosine },
    nearest: JSON.stringify({ row: nearest + 1, id: ids[nearest] }),
    row,
  });
}
