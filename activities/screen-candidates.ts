import { candidateId, contentHash } from '../methods/identity.js';
import type { Parsed, Task } from '../methods/self-instruct/parsed.js';
import { rejectInstances, rejectInstruction } from '../methods/self-instruct/rejects.js';
import { heldOutPool, LEAK_THRESHOLD } from '../methods/sedi/held-out.js';
import { RougeLPool } from '../similarity/rouge-l-pool.js';
import { readJsonlAt, writeJsonl } from '../store/artifacts.js';
import { type PlannedCallRow, readCalls } from './phase-calls.js';
import { readItems } from './read-answer.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { promptFormOf } from './recipe-teacher.js';
import { teacherOf } from './teachers.js';
import { roundFiles, runFiles } from './run-files.js';
import { RunPools } from './run-pools.js';
import type { CallPhase, Candidate, HeldOutRow, Ref, RoundInput, RunContext, Verdict } from './types.js';

/** A neighbour far away takes a look at the whole pool: some milliseconds up to this size. */
const poolSizeWithNearest = 10_000;

/**
 * Parses the answers of the asking phase and gives every candidate its first verdict: heuristics, leak of a held-out
 * task, similarity to the whole pool, in call order. What passes stays undecided until it is answered; with
 * `one-call` it is answered already, and accepted.
 */
export class CandidateScreen {
  private readonly runs: Runs;
  private readonly pools = new RunPools<RougeLPool>();

  constructor(runs: Runs) {
    this.runs = runs;
  }

  async screenCandidates({ run, round }: RoundInput): Promise<{ candidates: Ref; undecided: number }> {
    const recipe = await this.runs.recipe(run);
    const files = roundFiles(run.runId, round);
    const phase: CallPhase = recipe.generation.prompts === 'staged' ? 'instructions' : 'tasks';
    const form = promptFormOf(teacherOf(recipe, phase));
    const pool = await this.poolBefore(run, round);
    const heldOut = await this.heldOut(run, recipe);
    const candidates: Candidate[] = [];
    for (const call of await readCalls(this.runs, { run, round, phase })) {
      if (call.call.outcome !== 'answered') continue;
      const answer = { ...call.call, text: call.call.text ?? '' };
      for (const item of readItems({ phase, form, answer })) {
        const candidate = newCandidate({ call, item, round });
        judge({ candidate, item, recipe, pool, heldOut });
        if (candidate.verdict.state !== 'rejected') pool.add(candidate.id, candidate.instruction);
        candidates.push(candidate);
      }
    }
    const written = await writeJsonl(this.runs.store, files.screened, candidates);
    this.pools.keep(run.runId, { pool, rounds: round });
    return {
      candidates: written,
      undecided: candidates.filter(({ verdict }) => verdict.state === 'undecided').length,
    };
  }

  /** Seeds and everything that passed the screen in earlier rounds; from memory, or rebuilt from the store. */
  private async poolBefore(run: RunContext, round: number): Promise<RougeLPool> {
    const kept = this.pools.take(run.runId, round - 1);
    if (kept) return kept;
    const { filter } = await this.runs.recipe(run);
    const pool = new RougeLPool({ tokenisation: filter.tokens });
    const human = await readJsonlAt<{ id: string; instruction: string; origin: string }>(
      this.runs.store,
      roundFiles(run.runId, 1).seedPool,
    );
    for (const seed of human) pool.add(seed.id, seed.instruction);
    for (let earlier = 1; earlier < round; earlier += 1) {
      const screened = roundFiles(run.runId, earlier).screened;
      for (const { id, instruction, verdict } of await readJsonlAt<Candidate>(this.runs.store, screened)) {
        if (verdict.state !== 'rejected') pool.add(id, instruction);
      }
    }
    return pool;
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
}): void {
  const { candidate, item, recipe, pool, heldOut } = options;
  const { prompts, language } = recipe.generation;
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
  const near = nearestIn(pool, candidate.instruction, recipe.filter.poolThreshold);
  candidate.nearest = near;
  candidate.verdict = similarityVerdict(near, recipe);
}

/** In a small pool the exact nearest neighbour, for people; in a large one only what decides. */
function nearestIn(pool: RougeLPool, instruction: string, threshold: number): Candidate['nearest'] {
  if (pool.size <= poolSizeWithNearest) return pool.nearest(instruction);
  return pool.nearest(instruction, { threshold }) ?? { atMost: threshold };
}

function similarityVerdict(nearest: Candidate['nearest'], { filter, generation }: StoredRecipe): Verdict {
  if (nearest !== null && 'id' in nearest && nearest.similarity > filter.poolThreshold) {
    return {
      state: 'rejected',
      reason: 'similar',
      detail: `${nearest.similarity.toFixed(3)} to ${nearest.id}`,
    };
  }
  return { state: generation.prompts === 'staged' ? 'undecided' : 'accepted' };
}
