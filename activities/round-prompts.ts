/** The prompts of one phase of one round, built where they are needed: plans and history hold no text. */
import { ApplicationFailure } from '@temporalio/common';
import type { Prompt } from '../methods/prompt.js';
import {
  answerPrompt,
  classifyPrompt,
  instancesPrompt,
  instructionsPrompt,
  type PromptOptions,
  tasksPrompt,
} from '../methods/self-instruct/prompts.js';
import { readJsonlAt, sha256Hex } from '../store/artifacts.js';
import { canonicalJson } from '../store/canonical-json.js';
import { type DeitaSources, deitaPrompt, deitaSources } from './deita/prompts.js';
import { isDeita, isSelfInstruct } from './phases.js';
import type { PlanRow } from './rows.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { roundFiles } from './run-files.js';
import { promptFormOf } from './recipe-teacher.js';
import { wordsOf } from './recipe-words.js';
import { isTurn } from './skillmix/conversations.js';
import { type SkillMixSources, skillMixPrompt, skillMixSources } from './skillmix/prompts.js';
import { teacherOf } from './teachers.js';
import type { Candidate, RoundPhase, Seed, SelfInstructPhase } from './types.js';

/** What a plan row's prompt is made of besides the row itself. */
export type PromptSources = SelfInstructSources | SkillMixSources | DeitaSources;

interface SelfInstructSources {
  recipe: StoredRecipe;
  phase: SelfInstructPhase;
  seeds: Map<string, Seed>;
  candidates: Map<string, Candidate>;
}

/** One planned call with its prompt. */
export interface PlannedCall {
  row: PlanRow;
  prompt: Prompt;
}

export type PromptChoice = Pick<PlanRow, 'seedIds' | 'candidateId' | 'isClassification' | 'mix' | 'deita'>;

/** Reads what the prompts of a phase are made of: the frozen seed pool, the instructions to be answered, or conversations. */
export async function promptSources(runs: Runs, { run, round, phase }: RoundPhase): Promise<PromptSources> {
  if (isDeita(phase)) return await deitaSources(runs, { run, round }, phase);
  if (!isSelfInstruct(phase)) return await skillMixSources(runs, { run, round }, phase);
  const recipe = await runs.recipe(run);
  const isAsking = phase === 'instructions' || phase === 'tasks';
  const seeds = isAsking ? await runs.seedPool(run, round) : [];
  const screened = roundFiles(run.runId, round).screened;
  const candidates = isAsking ? [] : await readJsonlAt<Candidate>(runs.store, screened);
  return {
    recipe,
    phase,
    seeds: new Map(seeds.map((seed) => [seed.id, seed])),
    candidates: new Map(candidates.map((candidate) => [candidate.id, candidate])),
  };
}

/** The prompt of one call. Throws when the plan names a seed or candidate that the round does not have. */
export function buildPrompt(sources: PromptSources, choice: PromptChoice): Prompt {
  const { recipe, phase } = sources;
  const { sampling, maxTokens } = recipe.generation;
  const prompt = withoutOverrides(sources, choice);
  if (phase === 'embeddings' || phase === 'vectors') return prompt;
  const longest = maxTokens[phase];
  const isSampled = phase === 'instructions' || phase === 'tasks' || isTurn(phase);
  return {
    ...prompt,
    sampling: {
      ...prompt.sampling,
      ...(isSampled && defined(sampling)),
      ...(longest !== undefined && { maxTokens: longest }),
    },
  };
}

function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const set = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function withoutOverrides(sources: PromptSources, choice: PromptChoice): Prompt {
  if ('seeds' in sources) return selfInstructPrompt(sources, choice);
  return 'rows' in sources ? deitaPrompt(sources, choice) : skillMixPrompt(sources, choice);
}

function selfInstructPrompt(sources: SelfInstructSources, choice: PromptChoice): Prompt {
  const { recipe, phase } = sources;
  const options = loopOptions(recipe, phase);
  switch (phase) {
    case 'instructions':
      return instructionsPrompt({ instructions: shown(sources, choice).map((s) => s.instruction), options });
    case 'tasks':
      return tasksPrompt({
        tasks: shown(sources, choice).map(({ instruction, instances }) => ({
          instruction,
          input: instances[0]?.input ?? '',
          output: instances[0]?.output ?? '',
        })),
        options,
      });
    case 'classify':
      return classifyPrompt({ instruction: answered(sources, choice).instruction, options });
    case 'instances':
      return instancesPrompt({
        instruction: answered(sources, choice).instruction,
        isClassification: choice.isClassification === true,
        options,
      });
    case 'answers':
      return answerPrompt({ instruction: answered(sources, choice).instruction, options });
  }
}

/** What every prompt of a phase has in common, for Self-Instruct's and SeDi-Instruct's calls. */
export function loopOptions(recipe: StoredRecipe, phase: SelfInstructPhase): PromptOptions {
  return { form: promptFormOf(teacherOf(recipe, phase)), ...wordsOf(recipe) };
}

function shown({ seeds }: SelfInstructSources, { seedIds }: PromptChoice): Seed[] {
  return seedIds.map((id) => {
    const seed = seeds.get(id);
    if (!seed) throw new Error(`the plan shows seed ${id}, which is not in this round's pool`);
    return seed;
  });
}

function answered({ candidates }: SelfInstructSources, { candidateId }: PromptChoice): Candidate {
  const candidate = candidateId === null ? undefined : candidates.get(candidateId);
  if (!candidate) throw new Error(`the plan answers candidate ${candidateId}, which was not screened`);
  return candidate;
}

/** SHA-256 of a prompt's body, hex: two calls with the same one ask for two samples of the same thing. */
export function promptHash(prompt: Prompt): string {
  return sha256Hex(canonicalJson(prompt.body));
}

/** The planned calls of the phases that a worker is busy with; a plan is immutable, so it may stay in memory. */
export class RoundPrompts {
  private readonly runs: Runs;
  private readonly phases = new Map<string, Promise<{ rows: PlanRow[]; sources: PromptSources }>>();

  constructor(runs: Runs) {
    this.runs = runs;
  }

  /** @throws ApplicationFailure `OtherPrompts` when the plan was made with other templates than this version's. */
  async call(options: RoundPhase & { callIndex: number }): Promise<PlannedCall> {
    const { rows, sources } = await this.phase(options);
    const row = rows[options.callIndex];
    if (!row) throw new Error(`${options.phase} of round ${options.round} has no call ${options.callIndex}`);
    const prompt = buildPrompt(sources, row);
    if (promptHash(prompt) !== row.promptHash) {
      throw ApplicationFailure.nonRetryable(
        `this version writes other prompts than the one that planned round ${options.round}: finish the run with that version`,
        'OtherPrompts',
      );
    }
    return { row, prompt };
  }

  private async phase(options: RoundPhase) {
    const plan = roundFiles(options.run.runId, options.round).phase(options.phase).plan;
    const known = this.phases.get(plan);
    if (known) return await known;
    // A run makes one phase after another, and the conversations of a large round are large.
    for (const other of this.phases.keys()) {
      if (other.startsWith(`${options.run.runId}/`)) this.phases.delete(other);
    }
    // A worker serves a few runs at a time; what is forgotten is read again.
    if (this.phases.size >= 12) this.phases.delete(this.phases.keys().next().value as string);
    const loading = Promise.all([
      readJsonlAt<PlanRow>(this.runs.store, plan),
      promptSources(this.runs, options),
    ]).then(([rows, sources]) => ({ rows, sources }));
    this.phases.set(plan, loading);
    try {
      return await loading;
    } catch (error) {
      this.phases.delete(plan);
      throw error;
    }
  }
}
