import type { StoredRecipe } from '../activities/run-data.js';
import { sha256Hex } from '../store/artifacts.js';
import type { RunPlan } from '../workflows/inputs.js';

/** Queue of one endpoint: recipes that both say `default` share its limits only when they mean the same one. */
export function queueName(name: string, identity: string): string {
  return `teacher-${name}-${sha256Hex(identity).slice(0, 8)}`;
}

/** The part of a recipe that the workflows go by. */
export function planOf(recipe: StoredRecipe, teacherQueue: string): RunPlan {
  const { generation, teacher, stop, signal, student, instructionSignal, seed } = recipe;
  const isStaged = generation.prompts === 'staged';
  const isDirect = generation.answers === 'direct';
  return {
    recipe: recipe.name,
    method: recipe.method,
    target: recipe.target,
    ask: isStaged ? 'instructions' : 'tasks',
    answer: isStaged ? (isDirect ? ['answers'] : ['classify', 'instances']) : [],
    concurrency: teacher.concurrency,
    teacherQueue,
    requestTimeoutMs: teacher.timeoutMs,
    student: signal === 'none' ? null : { student, signal, instructionSignal, seed },
    stop,
  };
}
