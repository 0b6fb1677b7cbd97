/** Self-Instruct's heuristics (§2.2 "Filtering and Postprocessing"): one reason for each rejected candidate. */
import type { Instance, RejectReason } from '../../activities/types.js';

export interface Rejection {
  reason: RejectReason;
  /** What gave the reason, for example the unsuited word. */
  detail: string;
}

export interface InstructionRules {
  /** `one-call` has Alpaca's longer list of unsuited words. */
  prompting: 'staged' | 'one-call';
  /** Name or code of the tasks' language; English when absent. */
  language?: string;
}

/** The first rule that rejects this instruction, or null. */
export function rejectInstruction(instruction: string, rules: InstructionRules): Rejection | null {
  throw new Error(`not written yet ${instruction} ${rules.prompting}`);
}

/** For each instance of one instruction, in order: the first rule that rejects it, or null. */
export function rejectInstances(instances: readonly Instance[]): (Rejection | null)[] {
  throw new Error(`not written yet ${instances.length}`);
}
