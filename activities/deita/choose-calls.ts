/** Which calls each phase of DEITA makes, and what each of them is about. */
import { readJsonlAt } from '../../store/artifacts.js';
import type { PromptChoice } from '../round-prompts.js';
import type { DeitaChoice } from '../rows.js';
import type { Runs } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import type { ConversationRow } from '../student-messages.js';
import type { DeitaPhase, PlanCallsInput, RoundInput } from '../types.js';
import { chooseEvolutionCalls } from './evolution-calls.js';

/** Conversations whose vectors are asked for at once: long ones, and a local model has a time limit for all of them. */
export const rowsPerVectorCall = 8;

/** In call order; the same for every attempt. */
export async function chooseDeitaCalls(
  runs: Runs,
  { run, round }: PlanCallsInput,
  phase: DeitaPhase,
): Promise<PromptChoice[]> {
  const at = { run, round };
  switch (phase) {
    case 'complexity':
    case 'quality':
      return await everyTurn(runs, at);
    case 'vectors': {
      const { length } = await readRows(runs, at);
      return Array.from({ length: Math.ceil(length / rowsPerVectorCall) }, (_, part) => {
        const row = part * rowsPerVectorCall;
        return about({ row, to: Math.min(row + rowsPerVectorCall, length) });
      });
    }
    case 'evolve':
    case 'gain':
    case 'rank':
      return await chooseEvolutionCalls(runs, at, phase);
  }
}

export function about(deita: DeitaChoice): PromptChoice {
  return { seedIds: [], candidateId: null, isClassification: null, deita };
}

/** The rows of a round; none where generation has accepted nothing. */
export async function readRows(
  runs: Pick<Runs, 'store'>,
  { run, round }: RoundInput,
): Promise<ConversationRow[]> {
  return await readJsonlAt(runs.store, roundFiles(run.runId, round).rows, { missing: 'empty' });
}

/** A call for each turn; then one more for those of the first share of the rows, if some are scored twice. */
async function everyTurn(runs: Runs, at: RoundInput): Promise<PromptChoice[]> {
  const { score } = await runs.recipe(at.run);
  const rows = await readRows(runs, at);
  const twice = Math.round((score?.twice ?? 0) * rows.length);
  const turnsOf = (to: number, again: Pick<DeitaChoice, 'isAgain'>) =>
    rows.slice(0, to).flatMap(({ turns }, row) => turns.map((_, turn) => about({ row, turn, ...again })));
  return [...turnsOf(rows.length, {}), ...turnsOf(twice, { isAgain: true })];
}
