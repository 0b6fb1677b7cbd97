/** Which examples the report's table has, and what a run's rows say of them by themselves. */
import type { ScoredRow, SelectionRow } from '../../activities/rows.js';
import type { ConversationRow } from '../../activities/student-messages.js';
import type { Candidate } from '../../activities/types.js';
import { cut, tableCharacters } from './cut.js';
import type { ReportExample } from './report-data.js';
import type { StageRow } from './run-rows.js';
import { SeededSample } from './seeded-sample.js';

/** Rows of the table. */
export const mostExamples = 2_000;
/** Of these, rows that are there for what became of the others: rejected ones, or those that evolution began with. */
const mostOthers = 500;

/** An example before its neighbours, seeds and batches are looked up. */
export interface ExampleDraft {
  example: Omit<ReportExample, 'state' | 'reason' | 'batch' | 'seeds'>;
  /** As the screen and the last verdicts have it; null: a row that was given. */
  verdict: Candidate['verdict'] | null;
  /** Its number among the accepted ones of the run, from 0; null where it is none. */
  ordinal: number | null;
  seedIds: string[];
  /** Where DEITA's stages have it. */
  stage: Pick<StageRow, 'round' | 'index'> | null;
  selection: SelectionRow | null;
  /** Of evolution: the row that it comes from and how many-th variant it is; 0 is the row itself. */
  evolved: { origin: string; variant: number } | null;
}

/** Draws the table's rows in one pass over all candidates and given rows. */
export class ExampleSample {
  readonly #kept: SeededSample<ExampleDraft>;
  readonly #others: SeededSample<ExampleDraft>;
  #accepted = 0;

  constructor(seed: string) {
    this.#kept = new SeededSample({ size: mostExamples, seed });
    this.#others = new SeededSample({ size: mostExamples, seed });
  }

  addCandidate(candidate: Candidate): void {
    const isAccepted = candidate.verdict.state === 'accepted';
    const ordinal = isAccepted ? this.#accepted++ : null;
    const sample = candidate.verdict.state === 'rejected' ? this.#others : this.#kept;
    sample.offer(candidate.id, () => candidateDraft(candidate, ordinal));
  }

  /** A row that was given; `isOrigin`: for evolution, where its variants matter more. */
  addRow(row: StageRow, { isOrigin }: { isOrigin: boolean }): void {
    (isOrigin ? this.#others : this.#kept).offer(row.row.id, () => rowDraft(row, { isOrigin }));
  }

  get seen(): number {
    return this.#kept.seen + this.#others.seen;
  }

  /** Kept ones first, each kind in the run's order: at most `mostExamples`. */
  drafts(): ExampleDraft[] {
    const others = Math.max(Math.min(this.#others.size, mostOthers), mostExamples - this.#kept.size);
    const shown = Math.min(this.#others.size, others);
    return [...this.#kept.rows(mostExamples - shown), ...this.#others.rows(shown)];
  }
}

function candidateDraft(candidate: Candidate, ordinal: number | null): ExampleDraft {
  const { id, round, nearest, verdict, calls, mix, evolution, seedIds, review } = candidate;
  const texts = cutTexts([candidate.instruction, candidate.input, candidate.output]);
  const [instruction = '', input = '', output = ''] = texts.texts;
  return {
    example: {
      id,
      round,
      instruction,
      input,
      output,
      history: [],
      isCut: texts.isCut,
      similarity: nearest !== null && 'id' in nearest ? nearest.similarity : null,
      nearestId: nearest !== null && 'id' in nearest ? nearest.id : null,
      complexity: null,
      quality: null,
      skills: mix?.skills ?? [],
      flags: candidate.flags ?? [],
      calls: calls.map((call) => ({
        key: call.callKey,
        phase: call.phase,
        teacher: call.teacher,
        model: call.model,
        template: call.template,
        promptTokens: call.promptTokens,
        completionTokens: call.completionTokens,
        costUsd: call.costUsd,
      })),
      review: review ? { by: review.by, verdict: review.verdict, note: review.note ?? null } : null,
    },
    verdict,
    ordinal,
    seedIds: evolution ? [evolution.origin] : seedIds,
    stage: null,
    selection: null,
    evolved: evolution ? { origin: evolution.origin, variant: round } : null,
  };
}

function rowDraft(stage: StageRow, { isOrigin }: { isOrigin: boolean }): ExampleDraft {
  const { row, round } = stage;
  const { texts, isCut } = cutTexts(
    row.turns.flatMap(({ instruction, response }) => [instruction, response]),
  );
  const turns = row.turns.map((_, turn) => ({
    instruction: texts[2 * turn] ?? '',
    response: texts[2 * turn + 1] ?? '',
  }));
  const last = turns.at(-1);
  const draft: ExampleDraft = {
    example: {
      id: row.id,
      round,
      instruction: last?.instruction ?? '',
      input: '',
      output: last?.response ?? '',
      history: turns.slice(0, -1),
      isCut,
      similarity: null,
      nearestId: null,
      complexity: null,
      quality: null,
      skills: [],
      flags: [],
      calls: [],
      review: null,
    },
    verdict: null,
    ordinal: null,
    seedIds: [],
    stage: null,
    selection: null,
    evolved: isOrigin ? { origin: row.id, variant: 0 } : null,
  };
  if (!isOrigin) addStage(draft, stage);
  return draft;
}

/** What DEITA's stages say of an example. */
export function addStage(draft: ExampleDraft, { round, index, scored, selection }: StageRow): void {
  draft.stage = { round, index };
  draft.selection = selection;
  draft.example.complexity = meanScore(scored, 'complexity');
  draft.example.quality = meanScore(scored, 'quality');
  if (selection?.nearest) {
    draft.example.similarity = selection.nearest.cosine;
    draft.example.nearestId = selection.nearest.id;
  }
}

/** Over the turns that have one; null where none has. */
export function meanScore(scored: ScoredRow | null, aspect: 'complexity' | 'quality'): number | null {
  const scores = (scored?.[aspect] ?? []).filter((score) => score !== null);
  return scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** As one text, for hovering and for words. */
export function textOfRow({ turns }: ConversationRow): string {
  return turns.map(({ instruction, response }) => `${instruction}\n\n${response}`).join('\n\n');
}

function cutTexts(texts: readonly string[]): { texts: string[]; isCut: boolean } {
  const short = texts.map((text) => cut(text, tableCharacters));
  return { texts: short, isCut: short.some((text, n) => text.length < (texts[n]?.length ?? 0)) };
}
