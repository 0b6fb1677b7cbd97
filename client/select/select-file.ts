/** Selects rows of a file as DEITA does: what `seedmill select` does, without a run or a server. */
import { stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import {
  type CosineBin,
  cosineHistogram,
  nearestCosines,
  quantile,
} from '../../methods/deita/nearest-cosines.js';
import {
  byScore,
  type Picks,
  type SelectionStep,
  selectCentres,
  selectDistinct,
} from '../../methods/deita/select.js';
import { seededRandom } from '../../methods/random.js';
import { UserError } from '../../store/errors.js';
import { type OutputFile, refuseSameFiles } from '../outputs.js';
import { type FileRow, formatOf, type RowFormat, readRows } from '../read-rows.js';
import { droppedLine, openOutputs, type RowFile } from '../row-file.js';
import { blockSize, Candidates, type VectorSource } from './candidates.js';

/** Rows whose nearest neighbours make the histogram: a share below a cosine is off by 0.022 at most, as a standard error. */
const sampleRows = 500;
/** The longest that Ctrl-C has to wait. */
const pauseEveryMs = 50;

/** A cosine, or the cosine that a share of the sampled nearest neighbours lies below. */
export type Tau = { cosine: number } | { quantile: number };

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
    if (rule.by === 'random') {
      const selected = seededRandom('select', seed).sample(rows, size);
      return { picks: plainPicks(selected), cosines: null, tau: null };
    }
    const order = 'scores' in rule ? ranked(candidates, rows) : rows;
    if (rule.by === 'score') return { picks: plainPicks(order.slice(0, size)), cosines: null, tau: null };
    const { vectors } = candidates;
    if (rows.length === 0) return { picks: plainPicks([]), cosines: new Float64Array(), tau: null };
    const sample = seededRandom('select', seed, 'histogram').sample(rows, sampleRows);
    const cosines = await this.#inSteps(nearestCosines({ rows, sample, vectors }), (compared) =>
      this.#show({ doing: 'comparing a sample', rows: compared, selected: 0 }),
    );
    const showStep = ({ selected, lookedAt }: SelectionStep) =>
      this.#show({ doing: 'selecting', rows: lookedAt, selected });
    const tau = rule.by === 'k-center' ? null : cosineOf(rule.tau, cosines);
    const work =
      tau === null
        ? selectCentres({ rows, vectors, size })
        : selectDistinct({ order, vectors, threshold: tau, size });
    const [started, usedBefore] = [performance.now(), process.cpuUsage()];
    const picks = await this.#inSteps(work, showStep);
    this.#selectMs = performance.now() - started;
    const { user, system } = process.cpuUsage(usedBefore);
    this.#selectCpuUs = user + system;
    return { picks, cosines, tau };
  }

  /** Lets Ctrl-C and others have their turn now and then. */
  async #inSteps<Step, Result>(work: Generator<Step, Result>, show: (step: Step) => void): Promise<Result> {
    let pausedAt = performance.now();
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      if (performance.now() - pausedAt < pauseEveryMs) continue;
      show(value);
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
      warning: warningOf({ size, selected, rejectedSimilar, lookedAt, tau }),
    };
  }

  #show(progress: SelectProgress): void {
    this.#options.onProgress?.(progress);
  }
}

interface Chosen {
  picks: Picks;
  /** Nearest-neighbour cosines of the sample, lowest first. */
  cosines: Float64Array | null;
  tau: number | null;
}

function plainPicks(selected: number[]): Picks {
  return { selected, similar: new Map(), comparisons: 0 };
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

function cosineOf(tau: Tau, cosines: Float64Array): number {
  if ('cosine' in tau) return tau.cosine;
  if (cosines.length === 0) throw new UserError('--tau as a quantile needs two rows at least; give a cosine');
  return quantile(cosines, tau.quantile);
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

function warningOf(found: {
  size: number;
  selected: number;
  rejectedSimilar: number;
  lookedAt: number;
  tau: number | null;
}): string | null {
  const { size, selected, rejectedSimilar, lookedAt, tau } = found;
  const warnings = [];
  if (rejectedSimilar * 2 > lookedAt)
    warnings.push(
      `a tau of ${tau} rejected ${rejectedSimilar} of the ${lookedAt} rows that were looked at: 0.9 belongs to the authors' embedder; look at the histogram, or give a quantile such as --tau q0.9`,
    );
  if (selected < size) warnings.push(`only ${selected} of ${size} rows could be selected`);
  return warnings.length === 0 ? null : warnings.join('; ');
}
