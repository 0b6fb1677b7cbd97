/** How similar candidates were to what was there before them, and which came nearest. */
import type { StoredRecipe } from '../../activities/run-data.js';
import type { SelectionReport } from '../../activities/rows.js';
import type { Candidate } from '../../activities/types.js';
import { cut, pointCharacters } from './cut.js';
import type { ReportSimilarity } from './report-data.js';
import type { StageRow } from './run-rows.js';

type Bin = ReportSimilarity['bins'][number];
type Pair = Omit<ReportSimilarity['pairs'][number], 'nearestText'>;

const binCount = 40;
/** Of accepted ones, and of those that were too similar. */
const mostPairs = 50;

/** The pairs of highest similarity among many; equal ones by id. */
class NearestPairs {
  #pairs: Pair[] = [];
  #least = Number.NEGATIVE_INFINITY;

  offer(similarity: number, toPair: () => Pair): void {
    if (similarity < this.#least) return;
    this.#pairs.push(toPair());
    if (this.#pairs.length >= 4 * mostPairs) this.#shrink();
  }

  get pairs(): Pair[] {
    this.#shrink();
    return this.#pairs;
  }

  #shrink(): void {
    this.#pairs = this.#pairs
      .sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1))
      .slice(0, mostPairs);
    if (this.#pairs.length === mostPairs) this.#least = this.#pairs.at(-1)?.similarity as number;
  }
}

/** ROUGE-L of candidates, in one pass over them. */
export class CandidateSimilarity {
  readonly #bins = emptyBins({ from: 0, to: 1 });
  readonly #accepted = new NearestPairs();
  readonly #rejected = new NearestPairs();
  /** The last one in which anything was compared; 0: none. */
  lastRound = 0;
  #bounded = 0;

  add(candidate: Candidate): void {
    const { nearest, verdict, instance } = candidate;
    // Further instances have the same instruction, which was compared once.
    if (nearest === null || instance > 0) return;
    this.lastRound = candidate.round;
    if ('atMost' in nearest) {
      this.#bounded += 1;
      return;
    }
    const { id: nearestId, similarity } = nearest;
    const isTooSimilar =
      verdict.state === 'rejected' && (verdict.reason === 'similar' || verdict.reason === 'heldout-leak');
    const kind = verdict.state === 'accepted' ? 'accepted' : isTooSimilar ? 'rejected' : 'other';
    (this.#bins[Math.min(binCount - 1, Math.floor(similarity * binCount + 1e-9))] as Bin)[kind] += 1;
    if (kind === 'other') return;
    const pairs = kind === 'accepted' ? this.#accepted : this.#rejected;
    pairs.offer(similarity, () => ({
      id: candidate.id,
      text: cut(candidate.instruction, pointCharacters),
      nearestId,
      similarity,
      accepted: kind === 'accepted',
    }));
  }

  /** `filter`: as it was in `lastRound`. null: nothing was compared. */
  result({ filter }: Pick<StoredRecipe, 'filter'>): Unnamed | null {
    if (this.lastRound === 0) return null;
    const { poolThreshold } = filter;
    return {
      metric: 'ROUGE-L',
      threshold: poolThreshold < 1 ? poolThreshold : null,
      bins: this.#bins,
      bounded: this.#bounded,
      pairs: [...this.#accepted.pairs, ...this.#rejected.pairs],
    };
  }
}

/** Without the texts of the neighbours, which may lie anywhere in the run. */
export type Unnamed = Omit<ReportSimilarity, 'pairs'> & { pairs: Pair[] };

/** Cosines of rows that a selection has looked at, in one pass over them. */
export class SelectionSimilarity {
  readonly #similar = new NearestPairs();

  add({ row, selection }: StageRow): void {
    if (selection?.nearest === undefined) return;
    const { id: nearestId, cosine } = selection.nearest;
    this.#similar.offer(cosine, () => ({
      id: row.id,
      text: cut(row.turns[0]?.instruction ?? '', pointCharacters),
      nearestId,
      similarity: cosine,
      accepted: false,
    }));
  }

  /** null: no cosines were looked at. */
  result(report: SelectionReport | undefined): Unnamed | null {
    if (!report || (report.histogram === null && this.#similar.pairs.length === 0)) return null;
    return {
      metric: 'cosine',
      threshold: report.tau,
      bins: (report.histogram?.bins ?? []).map(({ from, to, count }) => ({
        from,
        to,
        accepted: 0,
        rejected: 0,
        other: count,
      })),
      bounded: 0,
      pairs: this.#similar.pairs,
    };
  }
}

function emptyBins({ from, to }: { from: number; to: number }): Bin[] {
  const edge = (bin: number) => Number((from + ((to - from) * bin) / binCount).toFixed(4));
  return Array.from({ length: binCount }, (_, bin) => ({
    from: edge(bin),
    to: edge(bin + 1),
    accepted: 0,
    rejected: 0,
    other: 0,
  }));
}
