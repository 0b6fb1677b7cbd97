/** What a call of Self-Instruct and SeDi-Instruct is like where none was measured: prompts that are really built, answers like the seeds. */
import { loopOptions } from '../../activities/round-prompts.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import type { Seed, SelfInstructPhase } from '../../activities/types.js';
import type { Prompt } from '../../methods/prompt.js';
import { seededRandom } from '../../methods/random.js';
import {
  ANSWER_MARKS_TOKENS,
  CLASSIFY_TOKENS,
  INSTRUCTION_MARKS_TOKENS,
  TASK_MARKS_TOKENS,
} from '../../methods/self-instruct/expected.js';
import { drawInstructions, drawTasks, ONE_CALL_HUMAN } from '../../methods/self-instruct/in-context.js';
import {
  answerPrompt,
  classifyPrompt,
  instancesPrompt,
  instructionsPrompt,
  NEW_INSTRUCTIONS,
  ONE_CALL_LIST_END,
  tasksPrompt,
} from '../../methods/self-instruct/prompts.js';
import type { AssumedCall } from './assume-skillmix.js';
import { type CountTokens, meanPromptTokens } from './tokens.js';

/** Prompts of one kind that are built and counted. */
const samples = 50;
/** Tasks that one call is asked for. */
export const askedFor = { instructions: NEW_INSTRUCTIONS, tasks: ONE_CALL_LIST_END - ONE_CALL_HUMAN - 1 };

/** `seeds`: those that prompts are drawn from. */
export function assumeLoopCall(
  { recipe, seeds, count }: { recipe: StoredRecipe; seeds: readonly Seed[]; count: CountTokens },
  phase: SelfInstructPhase,
): AssumedCall {
  const prompts = promptsOf(recipe, seeds, phase);
  const bodies = prompts.map(({ body }) => body);
  const limit = recipe.generation.maxTokens[phase] ?? prompts[0]?.sampling.maxTokens ?? 0;
  const answer = expectedAnswer(phase, seeds, count);
  return {
    promptTokens: meanPromptTokens(bodies, count),
    completionTokens: Math.min(limit, answer),
    cutOff: 0,
  };
}

function promptsOf(recipe: StoredRecipe, human: readonly Seed[], phase: SelfInstructPhase): Prompt[] {
  const options = loopOptions(recipe, phase);
  const drawn = (draw: typeof drawTasks) =>
    Array.from({ length: samples }, (_, callIndex) =>
      draw({ human, machine: [], random: seededRandom(recipe.seed, 'round', 1, 'call', callIndex) }),
    );
  const some = human.slice(0, samples).map(({ instruction }) => instruction);
  switch (phase) {
    case 'instructions':
      return drawn(drawInstructions).map((seeds) =>
        instructionsPrompt({ instructions: seeds.map(({ instruction }) => instruction), options }),
      );
    case 'tasks':
      return drawn(drawTasks).map((seeds) => tasksPrompt({ tasks: seeds.map(taskOf), options }));
    case 'classify':
      return some.map((instruction) => classifyPrompt({ instruction, options }));
    case 'instances':
      return some.map((instruction) => instancesPrompt({ instruction, isClassification: false, options }));
    case 'answers':
      return some.map((instruction) => answerPrompt({ instruction, options }));
  }
}

/** What the teacher writes is taken to be as long as what it is shown. */
function expectedAnswer(phase: SelfInstructPhase, seeds: readonly Seed[], count: CountTokens): number {
  const tasks = seeds.map(taskOf);
  const instruction = mean(tasks.map((task) => count(task.instruction)));
  const input = mean(tasks.map((task) => count(task.input)));
  const output = mean(tasks.map((task) => count(task.output)));
  switch (phase) {
    case 'instructions':
      return ANSWER_MARKS_TOKENS + askedFor.instructions * (instruction + INSTRUCTION_MARKS_TOKENS);
    case 'tasks':
      return ANSWER_MARKS_TOKENS + askedFor.tasks * (instruction + input + output + TASK_MARKS_TOKENS);
    case 'classify':
      return CLASSIFY_TOKENS;
    case 'instances':
      return ANSWER_MARKS_TOKENS + TASK_MARKS_TOKENS + input + output;
    case 'answers':
      return output;
  }
}

function taskOf({ instruction, instances }: Seed): { instruction: string; input: string; output: string } {
  const { input = '', output = '' } = instances[0] ?? {};
  return { instruction, input, output };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
}
