/** Which verdicts people may give: for the command that says so at once, and for the worker that takes nobody's word for it. */
import { heldOutPool, LEAK_THRESHOLD } from '../../methods/sedi/held-out.js';
import { rejectInstances, rejectInstruction } from '../../methods/self-instruct/rejects.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { contaminationCheck } from '../contamination.js';
import type { ReviewDecision, ReviewVerdict } from '../review-messages.js';
import type { Runs } from '../run-data.js';
import { runFiles } from '../run-files.js';
import { promptOf } from '../screen-candidates.js';
import type { Candidate, HeldOutRow, RunContext } from '../types.js';
import { editedText, type ExampleText } from './apply-review.js';

/** What is wrong with one verdict, in words; null: nothing. */
export type VerdictCheck = (verdict: ReviewVerdict, decision: ReviewDecision['decision']) => string | null;

/** The check of single verdicts on a round with these accepted examples. */
export async function verdictCheck(
  runs: Runs,
  { run, round, accepted }: { run: RunContext; round: number; accepted: readonly Candidate[] },
): Promise<VerdictCheck> {
  const known = new Map(accepted.map((candidate) => [candidate.id, candidate]));
  const problemOf = await textCheck(runs, run);
  return (verdict, decision) => {
    const candidate = known.get(verdict.id);
    if (!candidate) return `round ${round} has no accepted example "${verdict.id}"`;
    if (decision === 'reject' && verdict.verdict !== 'reject')
      return `"${verdict.verdict}" has no effect in a round that is rejected as a whole`;
    const { instruction, input, output } = verdict;
    const hasText = [instruction, input, output].some((text) => text !== undefined);
    if (verdict.verdict !== 'edit')
      return hasText ? `a new text belongs to the verdict "edit", not to "${verdict.verdict}"` : null;
    const text = editedText(candidate, verdict);
    if (isSame(text, candidate)) return 'the edited text is the one that was there';
    const problem = problemOf(text);
    return problem && `the edited text cannot be accepted: ${problem}`;
  };
}

/** The first verdict that something is wrong with, by its place; each example has one verdict. null: all are well. */
export function firstProblem(
  verdicts: readonly ReviewVerdict[],
  { check, decision }: { check: VerdictCheck; decision: ReviewDecision['decision'] },
): { place: number; problem: string } | null {
  const seen = new Set<string>();
  for (const [place, verdict] of verdicts.entries()) {
    const again = seen.has(verdict.id) ? `there is a verdict on ${verdict.id} already` : null;
    const problem = check(verdict, decision) ?? again;
    if (problem !== null) return { place, problem };
    seen.add(verdict.id);
  }
  return null;
}

function isSame(a: ExampleText, b: ExampleText): boolean {
  return a.instruction === b.instruction && a.input === b.input && a.output === b.output;
}

/** What keeps a text out of the dataset, as it would a teacher's; but for similarity to what is there. */
async function textCheck(runs: Runs, run: RunContext): Promise<(text: ExampleText) => string | null> {
  const { method, generation, filter } = await runs.recipe(run);
  const rows = await readJsonlAt<HeldOutRow>(runs.store, runFiles(run.runId).heldOut, { missing: 'empty' });
  const heldOut = heldOutPool(rows, filter.tokens);
  const contamination = await contaminationCheck(runs, run);
  const rules = { prompting: generation.prompts, language: generation.language };
  return (text) => {
    const { instruction, output } = text;
    if (instruction.trim() === '') return 'empty-instruction';
    if (output.trim() === '') return 'empty-output';
    const rejection =
      method === 'skillmix'
        ? null
        : (rejectInstruction(instruction, rules) ?? rejectInstances([text])[0] ?? null);
    if (rejection !== null) return `${rejection.reason} (${rejection.detail})`;
    const leak = heldOut.nearest(instruction, { threshold: LEAK_THRESHOLD });
    if (leak) return `heldout-leak (held-out task ${leak.id})`;
    const hit = contamination(promptOf(text));
    return hit?.state === 'rejected' ? `${hit.reason} (${hit.detail})` : null;
  };
}
