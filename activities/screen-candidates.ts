import { candidateId, contentHash } from '../methods/identity.js';
import type { Parsed, Task } from '../methods/self-instruct/parsed.js';
import { rejectInstances, rejectInstruction } from '../methods/self-instruct/rejects.js';
import { heldOutPool, LEAK_THRESHOLD } from '../methods/sedi/held-out.js';
import type { RougeLPool } from '../similarity/rouge-l-pool.js';
import { readJsonlAt, writeJsonl } from '../store/artifacts.js';
import { type ContaminationCheck, contaminationCheck } from './contamination.js';
import { type PlannedCallRow, readCalls } from './phase-calls.js';
import { readItems } from './read-answer.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { promptFormOf } from './recipe-teacher.js';
import { teacherOf } from './teachers.js';
import { roundFiles, runFiles } from './run-files.js';
import { nearestIn, type RunPool, tooSimilar } from './run-pool.js';
import { recipeInForce } from './thresholds.js';
import type { Candidate, HeldOutRow, Ref, RunContext, VerdictInput } from './types.js';

/**
 * Parses the answers of the asking phase and gives every candidate its first verdict: heuristics, leak of a held-out
 * task, similarity to the whole pool, in call order. What passes stays undecided until it is answered; with
 * `one-call` it is answered already, and accepted.
 */
export class CandidateScreen {
  private readonly runs: Runs;
  private readonly pool: RunPool;

  constructor(runs: Runs, pool: RunPool) {
    this.runs = runs;
    this.pool = pool;
  }

  async screenCandidates(input: VerdictInput): Promise<{ candidates: Ref; undecided: number }> {
    const { run, round } = input;
    const given = await this.runs.recipe(run);
    const recipe = await recipeInForce(this.runs, { ...input, recipe: given, step: 'screened' });
    const files = roundFiles(run.runId, round);
    const phase = recipe.generation.prompts === 'staged' ? 'instructions' : 'tasks';
    const form = promptFormOf(teacherOf(recipe, phase));
    const pool = await this.pool.before({ run, round });
    const heldOut = await this.heldOut(run, recipe);
    const contamination = await contaminationCheck(this.runs, run);
    const candidates: Candidate[] = [];
    for (const call of await readCalls(this.runs, { run, round, phase })) {
      if (call.call.outcome !== 'answered') continue;
      const answer = { ...call.call, text: call.call.text ?? '' };
      for (const item of readItems({ phase, form, answer })) {
        const candidate = newCandidate({ call, item, round });
        judge({ candidate, item, recipe, pool, heldOut, contamination });
        if (candidate.verdict.state !== 'rejected') pool.add(candidate.id, candidate.instruction);
        candidates.push(candidate);
      }
    }
    const written = await writeJsonl(this.runs.store, files.screened, candidates);
    this.pool.keep({ run, round }, pool);
    return {
      candidates: written,
      undecided: candidates.filter(({ verdict }) => verdict.state === 'undecided').length,
    };
  }

  private async heldOut(run: RunContext, { filter }: StoredRecipe): Promise<RougeLPool> {
    const rows = await readJsonlAt<HeldOutRow>(this.runs.store, runFiles(run.runId).heldOut, {
      missing: 'empty',
    });
    return heldOutPool(rows, filter.tokens);
  }
}

function newCandidate(options: { call: PlannedCallRow; item: Parsed<Task>; round: number }): Candidate {
  const { call, plan } = options.call;
  const { position, value } = options.item;
  const { instruction = '', input = '', output = '' } = value ?? {};
  const callKey = call.sampleKey as string;
  return {
    id: candidateId({ callKey, position, instance: 0 }),
    contentHash: contentHash({ instruction, input, output }),
    round: options.round,
    callIndex: plan.callIndex,
    position,
    instance: 0,
    instruction,
    input,
    output,
    isClassification: null,
    calls: [lineageOf(call)],
    seedIds: plan.seedIds,
    nearest: null,
    verdict: { state: 'undecided' },
  };
}

/** What a candidate remembers of a call that contributed to it. */
export function lineageOf(call: PlannedCallRow['call']): Candidate['calls'][number] {
  const { phase, sampleKey, teacher, model, template, templateHash, sampling } = call;
  const { promptTokens, completionTokens, costUsd } = call;
  return {
    phase,
    callKey: sampleKey ?? '',
    teacher,
    model,
    template,
    templateHash,
    sampling,
    promptTokens,
    completionTokens,
    costUsd,
  };
}

/** Sets the candidate's verdict, and its nearest neighbour once that is known. */
function judge(options: {
  candidate: Candidate;
  item: Parsed<Task>;
  recipe: StoredRecipe;
  pool: RougeLPool;
  heldOut: RougeLPool;
  contamination: ContaminationCheck;
}): void {
  const { candidate, item, recipe, pool, heldOut, contamination } = options;
  const { prompts, language } = recipe.generation;
  const { poolThreshold } = recipe.filter;
  const heuristics =
    item.rejected ??
    rejectInstruction(candidate.instruction, { prompting: prompts, language }) ??
    (prompts === 'one-call' ? rejectInstances([candidate])[0] : null);
  if (heuristics) {
    candidate.verdict = { state: 'rejected', ...heuristics };
    return;
  }
  const leak = heldOut.nearest(candidate.instruction, { threshold: LEAK_THRESHOLD });
  if (leak) {
    candidate.nearest = leak;
    candidate.verdict = { state: 'rejected', reason: 'heldout-leak', detail: `held-out task ${leak.id}` };
    return;
  }
  const contaminated = contamination(promptOf(candidate));
  if (contaminated) {
    candidate.verdict = contaminated;
    return;
  }
  const near = nearestIn(pool, candidate.instruction, poolThreshold);
  candidate.nearest = near;
  candidate.verdict = tooSimilar(near, poolThreshold) ?? {
    state: prompts === 'staged' ? 'undecided' : 'accepted',
  };
}

/** What a model would be asked: the instruction, with its input where it has one. */
export function promptOf({ instruction, input }: Pick<Candidate, 'instruction' | 'input'>): string {
  return input === '' ? instruction : `${instruction}\n\n${input}`;
}
