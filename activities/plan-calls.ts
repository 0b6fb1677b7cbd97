import { drawInstructions, drawTasks } from '../methods/self-instruct/in-context.js';
import { parseClassification } from '../methods/self-instruct/parse.js';
import { seededRandom } from '../methods/random.js';
import { countRows, readJsonlAt, writeJsonl } from '../store/artifacts.js';
import { callsPerShard } from './count-round.js';
import { readCalls } from './phase-calls.js';
import { isDeita, isSelfInstruct } from './phases.js';
import { buildPrompt, type PromptChoice, promptHash, promptSources } from './round-prompts.js';
import type { PlanRow } from './rows.js';
import type { Runs, StoredRecipe } from './run-data.js';
import { roundFiles } from './run-files.js';
import { highestOfTwo, highestSpend } from './highest-spend.js';
import { chooseDeitaCalls } from './deita/choose-calls.js';
import { chooseSkillMixCalls } from './skillmix/choose-calls.js';
import { planBatches, requestBytes } from './teacher-batch/plan-batches.js';
import { promptFormOf } from './recipe-teacher.js';
import { teacherOf, teachersOf } from './teachers.js';
import type { CallPlan, Candidate, PlanCallsInput, RoundPhase, Spend } from './types.js';

/** More than the calls so far suggest, so that a last round seldom falls short by a few examples. */
const headroom = 1.2;
/** Kinds of calls of one run each whose prompts are kept counted: 130 bytes a prompt. */
const mostCounted = 24;

/** Plans a phase's calls and writes `plan.jsonl`: which seeds or which instruction each call gets, drawn by its index. */
export class CallPlanner {
  private readonly runs: Runs;
  private readonly asked = new Map<string, PromptCounts>();

  constructor(runs: Runs) {
    this.runs = runs;
  }

  async planCalls(input: PlanCallsInput): Promise<CallPlan> {
    const { run, round, phase } = input;
    const recipe = await this.runs.recipe(run);
    const sources = await promptSources(this.runs, input);
    const choices = await this.choose(input, recipe);
    const earlier = await this.askedBefore(input);
    // Counted apart: another attempt at this plan must not find its own calls among the earlier ones.
    const inThisPlan = new PromptCounts();
    const teachers = teachersOf(recipe, phase);
    const highest: Spend[] = [];
    const bytes: number[] = [];
    const rows: PlanRow[] = choices.map((choice, callIndex) => {
      const prompt = buildPrompt(sources, choice);
      const shard = Math.floor(callIndex / callsPerShard);
      const spend = highestSpend({ teachers, prompt });
      highest[shard] = highestOfTwo(spend, highest[shard] ?? spend);
      bytes[shard] = (bytes[shard] ?? 0) + requestBytes(prompt);
      const hash = promptHash(prompt);
      const nth = earlier.count(hash) + inThisPlan.count(hash);
      inThisPlan.add(hash);
      return { callIndex, ...choice, promptHash: hash, nth };
    });
    const plan = await writeJsonl(this.runs.store, roundFiles(run.runId, round).phase(phase).plan, rows);
    const shards = highest.map((highest, shard) => ({
      shard,
      from: shard * callsPerShard,
      to: Math.min((shard + 1) * callsPerShard, rows.length),
      highest,
    }));
    const batches = teachers[0].mode === 'batch' ? planBatches({ shards, bytes }) : null;
    return { plan, shards, batches };
  }

  private async choose(input: PlanCallsInput, recipe: StoredRecipe): Promise<PromptChoice[]> {
    const { phase, wanted } = input;
    if (isDeita(phase)) return await chooseDeitaCalls(this.runs, input, phase);
    const planned = await this.plannedBefore(input);
    if (!isSelfInstruct(phase)) return await chooseSkillMixCalls(this.runs, { ...input, planned }, phase);
    if (!wanted) return await this.answerEach(input, recipe);
    const calls = planned ?? callsWanted(recipe.generation.callsPerRound, wanted);
    return await this.draw(input, recipe, calls);
  }

  /**
   * Calls of the plan that lies there: a run that begins again with another target makes as many as it made before. null: none
   * was planned, or how many there are follows from the store alone.
   */
  private async plannedBefore({ run, round, phase, wanted }: PlanCallsInput): Promise<number | null> {
    const { plan } = roundFiles(run.runId, round).phase(phase);
    if (wanted === undefined || (await this.runs.store.read(plan)) === undefined) return null;
    return await countRows(this.runs.store, plan);
  }

  /** In-context seeds for calls that ask for new instructions. */
  private async draw(at: RoundPhase, recipe: StoredRecipe, calls: number): Promise<PromptChoice[]> {
    const pool = await this.runs.seedPool(at.run, at.round);
    const human = pool.filter((seed) => seed.origin === 'human');
    const machine = pool.filter((seed) => seed.origin === 'machine');
    return Array.from({ length: calls }, (_, callIndex) => {
      const random = seededRandom(recipe.seed, 'round', at.round, 'call', callIndex);
      // Alpaca never shows machine-made tasks; SeDi's refined seeds join its prompt all the same (ours).
      const shownMachine = at.phase === 'tasks' && recipe.method === 'self-instruct' ? [] : machine;
      const draw = at.phase === 'tasks' ? drawTasks : drawInstructions;
      const seeds = draw({ human, machine: shownMachine, random });
      return { seedIds: seeds.map((seed) => seed.id), candidateId: null, isClassification: null };
    });
  }

  /** One call for each instruction that is still undecided. */
  private async answerEach({ run, round, phase }: RoundPhase, recipe: StoredRecipe): Promise<PromptChoice[]> {
    const files = roundFiles(run.runId, round);
    const screened = await readJsonlAt<Candidate>(this.runs.store, files.screened);
    const undecided = screened.filter(({ verdict }) => verdict.state === 'undecided');
    const kinds = phase === 'instances' ? await this.classifications({ run, round, phase }, recipe) : null;
    return undecided.map(({ id, seedIds }) => ({
      seedIds,
      candidateId: id,
      isClassification: kinds?.get(id) ?? null,
    }));
  }

  /** What the `classify` calls said; a candidate whose call failed is taken as no classification. */
  private async classifications(
    { run, round }: RoundPhase,
    recipe: StoredRecipe,
  ): Promise<Map<string, boolean>> {
    const calls = await readCalls(this.runs, { run, round, phase: 'classify' });
    const form = promptFormOf(teacherOf(recipe, 'classify'));
    return new Map(
      calls.map(({ plan, call }) => {
        const said = call.text === null ? null : parseClassification({ ...call, text: call.text, form });
        return [plan.candidateId as string, said === true];
      }),
    );
  }

  /** How often each prompt of this kind was asked in earlier rounds; kept in memory, rebuilt from the plans. */
  private async askedBefore({ run, round, phase }: RoundPhase): Promise<PromptCounts> {
    const key = `${run.runId}/${phase}`;
    let counts = this.asked.get(key);
    if (!counts || counts.rounds >= round) counts = new PromptCounts();
    // The newest last. A worker serves a few runs at a time; what is forgotten is counted again.
    this.asked.delete(key);
    this.asked.set(key, counts);
    if (this.asked.size > mostCounted) this.asked.delete(this.asked.keys().next().value as string);
    while (counts.rounds < round - 1) {
      const plan = roundFiles(run.runId, counts.rounds + 1).phase(phase).plan;
      const rows = await readJsonlAt<PlanRow>(this.runs.store, plan, { missing: 'empty' });
      for (const { promptHash } of rows) counts.add(promptHash);
      counts.rounds += 1;
    }
    return counts;
  }
}

/** Counts prompts by hash, round after round. */
class PromptCounts {
  /** Rounds that are counted. */
  rounds = 0;
  private readonly asked = new Map<string, number>();

  add(hash: string): void {
    this.asked.set(hash, this.count(hash) + 1);
  }

  count(hash: string): number {
    return this.asked.get(hash) ?? 0;
  }
}

/** Calls for a round: the recipe's number, or fewer when the yield so far says that fewer will do. */
export function callsWanted(
  callsPerRound: number,
  { remaining, askCalls, accepted }: NonNullable<PlanCallsInput['wanted']>,
): number {
  if (accepted === 0) return callsPerRound;
  const needed = Math.ceil((headroom * remaining * askCalls) / accepted);
  return Math.min(callsPerRound, Math.max(1, needed));
}
