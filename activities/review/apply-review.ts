/** What people say of a round, as verdicts of its candidates. */
import { contentHash } from '../../methods/identity.js';
import type { ReviewDecision, ReviewedFields, ReviewVerdict } from '../review-messages.js';
import type { Candidate } from '../types.js';

export type ExampleText = Pick<Candidate, 'instruction' | 'input' | 'output'>;

/** A decision with the verdicts that it names. */
export interface Review extends Pick<ReviewDecision, 'by' | 'decision' | 'note'> {
  verdicts: readonly ReviewVerdict[];
}

/**
 * The candidates with people's verdicts: those that they rejected, or all where the whole round is, are rejected for the reason
 * `review`; edited ones have the new text under the old id. Only what was accepted is changed.
 */
export function applyReview(
  candidates: readonly Candidate[],
  { by, decision, note, verdicts }: Review,
): Candidate[] {
  const named = new Map(verdicts.map((verdict) => [verdict.id, verdict]));
  return candidates.map((candidate) => {
    if (candidate.verdict.state !== 'accepted') return candidate;
    const verdict = named.get(candidate.id);
    if (decision === 'reject' || verdict?.verdict === 'reject')
      return rejected(candidate, { by, note: verdict?.note ?? note ?? undefined });
    if (verdict === undefined) return candidate;
    const said = fields(verdict.verdict, { by, note: verdict.note });
    return verdict.verdict === 'edit' ? edited(candidate, verdict, said) : { ...candidate, review: said };
  });
}

function rejected(candidate: Candidate, words: { by: string; note: string | undefined }): Candidate {
  const { note } = words;
  return {
    ...candidate,
    verdict: { state: 'rejected', reason: 'review', ...(note !== undefined && { detail: note }) },
    review: fields('reject', words),
  };
}

function edited(candidate: Candidate, verdict: ReviewVerdict, review: ReviewedFields): Candidate {
  const { instruction, input, output } = candidate;
  const text = editedText(candidate, verdict);
  return {
    ...candidate,
    ...text,
    contentHash: contentHash(text),
    review: { ...review, original: { instruction, input, output } },
  };
}

/** What an edit makes of an example. */
export function editedText({ instruction, input, output }: ExampleText, verdict: ReviewVerdict): ExampleText {
  return {
    instruction: verdict.instruction ?? instruction,
    input: verdict.input ?? input,
    output: verdict.output ?? output,
  };
}

function fields(
  verdict: ReviewedFields['verdict'],
  { by, note }: { by: string; note: string | undefined },
): ReviewedFields {
  return { by, verdict, ...(note !== undefined && { note }) };
}
