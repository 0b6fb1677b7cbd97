import { needsVectors, selects } from '../activities/recipe-deita.js';
import { callPhasesOf, phasesOf, scoringPhasesOf, skillMixPhasesOf } from '../activities/recipe-phases.js';
import { reviewRule } from '../activities/recipe-review.js';
import { type StoredRecipe, skillMixOf } from '../activities/run-data.js';
import { runFiles } from '../activities/run-files.js';
import { teachersOf, unpricedTeachers } from '../activities/teachers.js';
import { liveThresholds } from '../activities/thresholds.js';
import type { CallPhase, RecordedState } from '../activities/types.js';
import { readJsonIfAny, sha256Hex } from '../store/artifacts.js';
import type { Store } from '../store/types.js';
import type { EvolutionPlan, PhaseTeacher, RunPlan, SkillMixPlan, StagesPlan } from '../workflows/inputs.js';

/** Until a batch is looked at first, where the recipe does not say. */
const firstLookSeconds = 60;

/** Queue of one endpoint: recipes that both say `default` share its limits only when they mean the same one. */
export function queueName(name: string, identity: string): string {
  return `teacher-${name}-${sha256Hex(identity).slice(0, 8)}`;
}

/** The plan that a run's workflow is started with, also again after its history was lost: what people have set stands. */
export async function planToStart(store: Store, runId: string, recipe: StoredRecipe): Promise<RunPlan> {
  const recorded = await readJsonIfAny<RecordedState>(store, runFiles(runId).state);
  const plan = planOf(recipe);
  const { budget = plan.budget, target, thresholds, concurrency, limits, addedSeeds } = recorded ?? {};
  const set = {
    ...(target !== undefined && { target }),
    ...(thresholds && { thresholds }),
    ...(concurrency && { concurrency }),
    ...(limits && { limits }),
    ...(addedSeeds && { addedSeeds }),
  };
  return { ...plan, budget, set };
}

/** The part of a recipe that the workflows go by. */
export function planOf(recipe: StoredRecipe): RunPlan {
  const { generation, stop, signal, student, instructionSignal, seed, budget } = recipe;
  const { ask, answer } = phasesOf(generation);
  const phases = callPhasesOf(recipe);
  return {
    recipe: recipe.name,
    method: recipe.method,
    target: recipe.target,
    ask,
    answer,
    teachers: Object.fromEntries(phases.map((phase) => [phase, phaseTeachers(recipe, phase)])),
    budget: { usd: budget.usd ?? null, calls: budget.calls ?? null, tokens: budget.tokens ?? null },
    isPriced: unpricedTeachers(recipe) === null,
    student: signal === 'none' ? null : { student, signal, instructionSignal, seed },
    ...(recipe.method === 'skillmix' && { skillMix: skillMixPlan(recipe) }),
    ...((recipe.score || recipe.select) && { stages: stagesPlan(recipe) }),
    ...(recipe.evolve && { evolution: evolutionPlan(recipe) }),
    thresholds: liveThresholds(recipe),
    ...(recipe.review && { review: reviewRule(recipe.review) }),
    stop,
  };
}

function skillMixPlan(recipe: StoredRecipe): SkillMixPlan {
  const { skills, k, shirkers, extractOnly } = skillMixOf(recipe);
  const { extraction: phases } = skillMixPhasesOf(recipe);
  const isRepeated = skills.from === 'prompting';
  return {
    extraction:
      phases.length === 0
        ? null
        : {
            phases,
            maxRounds: isRepeated ? skills.maxRounds : 1,
            minNewShare: isRepeated ? skills.minNewShare : 0,
          },
    k,
    needsSkills: skills.from !== 'none',
    hasShirkers: shirkers !== undefined,
    hasGate: recipe.gate !== undefined,
    extractOnly,
  };
}

function stagesPlan(recipe: StoredRecipe): StagesPlan {
  const { score, select, student } = recipe;
  const model = { model: student.model, device: student.device };
  const isStudents = select !== undefined && needsVectors(select.by) && select.embedder === 'student';
  return {
    phases: scoringPhasesOf(recipe),
    scorer: score?.scorer === 'student' ? { student: model, maxTokens: student.maxTokens } : null,
    embedder: isStudents ? { student: model, pooling: select.pooling, maxTokens: select.maxTokens } : null,
    selects: selects(select),
    ...(selects(select) && { size: select.size }),
  };
}

function evolutionPlan({ evolve, student, seed }: StoredRecipe): EvolutionPlan {
  if (!evolve) throw new Error('a recipe without evolution');
  const { rounds, trainScorer } = evolve;
  return { rounds, trainScorer: trainScorer ? { ...trainScorer, student, seed } : null };
}

function phaseTeachers(recipe: StoredRecipe, phase: CallPhase): PhaseTeacher[] {
  return teachersOf(recipe, phase).map((teacher) => ({
    name: teacher.name,
    queue: teacher.queue,
    requestTimeoutMs: teacher.timeoutMs,
    concurrency: teacher.concurrency,
    requestsPerMinute: teacher.requestsPerMinute ?? null,
    tokensPerMinute: teacher.tokensPerMinute ?? null,
    batchPollMs: teacher.mode === 'batch' ? 1000 * (teacher.batchPollSeconds ?? firstLookSeconds) : null,
  }));
}
