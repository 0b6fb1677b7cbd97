/** The conversations of a round's examples, read from the closed shards of their turns. */
import { finalPair, type Pair } from '../../methods/skillmix/parse.js';
import { type PlannedCallRow, readCalls } from '../phase-calls.js';
import type { Runs } from '../run-data.js';
import type { CallFailure, RoundInput, SkillMixPhase } from '../types.js';

/** Turns of a conversation in their order; the rewriting ones only where they are needed. */
export const turnPhases = ['draft', 'draft-rewrite', 'critique', 'improve', 'improve-rewrite'] as const;
export type TurnPhase = (typeof turnPhases)[number];

export function isTurn(phase: string): phase is TurnPhase {
  return (turnPhases as readonly string[]).includes(phase);
}

/** One example's conversation, by the call index of its draft. */
export interface Conversation {
  draft: number;
  /** Turns that were planned, whether they were answered or not. */
  turns: Partial<Record<TurnPhase, PlannedCallRow>>;
}

/** Conversations of a round in the order of their drafts, with the turns before `before`; all turns without it. */
export async function readConversations(
  runs: Runs,
  { run, round }: RoundInput,
  before?: SkillMixPhase,
): Promise<Conversation[]> {
  const end = before === undefined ? turnPhases.length : turnPhases.indexOf(before as TurnPhase);
  const conversations: Conversation[] = [];
  for (const phase of turnPhases.slice(0, end)) {
    for (const row of await readCalls(runs, { run, round, phase })) {
      const draft = row.plan.mix?.draft ?? row.plan.callIndex;
      conversations[draft] ??= { draft, turns: {} };
      conversations[draft].turns[phase] = row;
    }
  }
  return conversations;
}

/** Whether a turn has a usable answer. */
export function isAnswered(row: PlannedCallRow | undefined): row is PlannedCallRow {
  return row?.call.outcome === 'answered';
}

/**
 * Whether a turn of this conversation is to be asked for now. `always`: the rewriting turns too, as the authors' chain has
 * them; else only after a cut-off answer (ours).
 */
export function needsTurn(
  { turns }: Conversation,
  phase: TurnPhase,
  { always }: { always: boolean },
): boolean {
  const needsRewrite = (row: PlannedCallRow | undefined) => isAnswered(row) && (always || row.call.truncated);
  switch (phase) {
    case 'draft':
      return true;
    case 'draft-rewrite':
      return needsRewrite(turns.draft);
    case 'critique':
      // A rewriting that failed costs only itself: the conversation goes on from the draft.
      return isAnswered(turns.draft);
    case 'improve':
      return isAnswered(turns.critique);
    case 'improve-rewrite':
      return needsRewrite(turns.improve);
  }
}

/** What a conversation came to. */
export type Conclusion =
  | { pair: Pair; isCutOff: boolean }
  /** The turn that has no usable answer. */
  | { failedTurn: TurnPhase; why: CallFailure }
  /** Every turn was answered, but no instruction or no response can be read. */
  | { pair: null };

/** The example that a conversation ends in, by the authors' rule (`finalPair`). Cut off is what its own turn has cut off. */
export function conclude({ turns }: Conversation): Conclusion {
  for (const phase of ['draft', 'critique', 'improve'] as const) {
    const outcome = turns[phase]?.call.outcome ?? 'cancelled';
    if (outcome !== 'answered') return { failedTurn: phase, why: outcome };
  }
  const rewritten = turns['improve-rewrite'];
  const final = finalPair({
    improve: turns.improve?.call.text ?? '',
    improveRewrite: isAnswered(rewritten) ? rewritten.call.text : null,
  });
  if (final === null) return { pair: null };
  const { pair, instructionFrom, responseFrom, endsWithInstruction } = final;
  const wasCut = (phase: TurnPhase) => turns[phase]?.call.truncated === true;
  const isCutOff = wasCut(responseFrom) || (wasCut(instructionFrom) && endsWithInstruction[instructionFrom]);
  return { pair, isCutOff };
}
