/**
 * Which tasks open a prompt. Self-Instruct §2.2 ("for every step, we sample 8 task instructions … 6 from the
 * human-written tasks, and 2 from the model-generated tasks"), and Alpaca's 3 human tasks for the one-call form.
 */
import type { Seed } from '../../activities/types.js';
import type { SeededRandom } from '../random.js';

/** Self-Instruct: instructions in one prompt, and how many of them are machine-made. */
export const IN_CONTEXT_INSTRUCTIONS = 8;
export const IN_CONTEXT_MACHINE = 2;
/** Alpaca: tasks with input and output that open the one-call list. */
export const ONE_CALL_HUMAN = 3;
/** **Ours**: SeDi's refined seeds that join them, at most. */
export const ONE_CALL_MACHINE = 2;

export interface SeedPool {
  human: readonly Seed[];
  /** Machine-made instructions: accepted ones (Self-Instruct) or refined seeds (SeDi). */
  machine: readonly Seed[];
  random: SeededRandom;
}

/**
 * The instructions that open a `staged` prompt, in prompt order: 2 machine-made and 6 human ones, shuffled; human ones
 * fill up to 8 while there are too few machine-made. Human seeds keep at least half of every prompt (ours, SeDi's
 * safeguard): with fewer than 6 of them the prompt gets shorter, never more machine-made. Throws without a human seed.
 */
export function drawInstructions({ human, machine, random }: SeedPool): Seed[] {
  requireHuman(human);
  const shownMachine = random.sample(machine, Math.min(IN_CONTEXT_MACHINE, human.length));
  const shownHuman = random.sample(human, IN_CONTEXT_INSTRUCTIONS - shownMachine.length);
  return random.shuffle([...shownHuman, ...shownMachine]);
}

/**
 * The tasks that open a `one-call` list: 3 human seeds that have an output. That up to 2 of SeDi's refined seeds join
 * them is **ours** (Alpaca never shows machine-made tasks); the list then goes on from 4, 5 or 6. Shuffled. Throws
 * when no human seed has an output.
 */
export function drawTasks({ human, machine, random }: SeedPool): Seed[] {
  const answered = human.filter(hasOutput);
  requireHuman(answered);
  const shownHuman = random.sample(answered, ONE_CALL_HUMAN);
  const shownMachine = random.sample(
    machine.filter(hasOutput),
    Math.min(ONE_CALL_MACHINE, shownHuman.length),
  );
  return random.shuffle([...shownHuman, ...shownMachine]);
}

function hasOutput(seed: Seed): boolean {
  return (seed.instances[0]?.output ?? '').trim() !== '';
}

function requireHuman(human: readonly Seed[]): void {
  if (human.length === 0) throw new Error('A prompt needs at least one human seed');
}
