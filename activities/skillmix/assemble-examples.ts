import { candidateId, contentHash } from '../../methods/identity.js';
import { writeJsonl } from '../../store/artifacts.js';
import { type ContaminationCheck, contaminationCheck } from '../contamination.js';
import type { PlannedCallRow } from '../phase-calls.js';
import type { Runs, StoredRecipe } from '../run-data.js';
import { roundFiles } from '../run-files.js';
import { nearestIn, type RunPool, tooSimilar } from '../run-pool.js';
import { lineageOf } from '../screen-candidates.js';
import type { RougeLPool } from '../../similarity/rouge-l-pool.js';
import { recipeInForce } from '../thresholds.js';
import type { Candidate, Ref, Verdict, VerdictInput } from '../types.js';
import {
  type Conclusion,
  type Conversation,
  conclude,
  isAnswered,
  readConversations,
  turnPhases,
} from './conversations.js';

/**
 * Makes a candidate of every conversation whose draft was answered, and gives it its first verdict: a turn that failed, an
 * example that cannot be read or is cut off, a benchmark's prompt, similarity to the whole pool; in call order. What passes
 * stays undecided until shirkers and gate are done.
 */
export class ExampleAssembly {
  private readonly runs: Runs;
  private readonly pool: RunPool;

  constructor(runs: Runs, pool: RunPool) {
    this.runs = runs;
    this.pool = pool;
  }

  async assembleExamples(input: VerdictInput): Promise<{ candidates: Ref; undecided: number }> {
    const { run, round } = input;
    const given = await this.runs.recipe(run);
    const recipe = await recipeInForce(this.runs, { ...input, recipe: given, step: 'screened' });
    const pool = await this.pool.before({ run, round });
    const contamination = await contaminationCheck(this.runs, run);
    const candidates: Candidate[] = [];
    for (const conversation of await readConversations(this.runs, { run, round })) {
      const { draft } = conversation.turns;
      if (!isAnswered(draft)) continue;
      const candidate = newExample({ conversation, draft, round });
      judge({ candidate, conclusion: conclude(conversation), recipe, pool, contamination });
      if (candidate.verdict.state !== 'rejected') pool.add(candidate.id, candidate.instruction);
      candidates.push(candidate);
    }
    const written = await writeJsonl(this.runs.store, roundFiles(run.runId, round).screened, candidates);
    this.pool.keep({ run, round }, pool);
    const undecided = candidates.filter(({ verdict }) => verdict.state === 'undecided').length;
    return { candidates: written, undecided };
  }
}

function newExample(options: {
  conversation: Conversation;
  draft: PlannedCallRow;
  round: number;
}): Candidate {
  const { conversation, draft, round } = options;
  const { mix = {}, callIndex } = draft.plan;
  const turns = turnPhases.map((phase) => conversation.turns[phase]).filter(isAnswered);
  return {
    // Named after the call that began it, so that the same answers give the same ids.
    id: candidateId({ callKey: draft.call.sampleKey as string, position: 0, instance: 0 }),
    contentHash: contentHash({ instruction: '', input: '', output: '' }),
    round,
    callIndex,
    position: 0,
    instance: 0,
    instruction: '',
    input: '',
    output: '',
    isClassification: null,
    calls: turns.map(({ call }) => lineageOf(call)),
    seedIds: [],
    nearest: null,
    verdict: { state: 'undecided' },
    mix: { skills: mix.skills ?? [], queryType: mix.queryType ?? '', shirker: null, score: null },
  };
}

/** Sets the candidate's texts, verdict and nearest neighbour. */
function judge(options: {
  candidate: Candidate;
  conclusion: Conclusion;
  recipe: StoredRecipe;
  pool: RougeLPool;
  contamination: ContaminationCheck;
}): void {
  const { candidate, conclusion, recipe, pool, contamination } = options;
  const unfinished = verdictOf(conclusion);
  if ('pair' in conclusion && conclusion.pair !== null) {
    const { instruction, response } = conclusion.pair;
    candidate.instruction = instruction;
    candidate.output = response;
    candidate.contentHash = contentHash({ instruction, input: '', output: response });
  }
  const rejected = unfinished ?? contamination(candidate.instruction);
  if (rejected) {
    candidate.verdict = rejected;
    return;
  }
  const { poolThreshold } = recipe.filter;
  candidate.nearest = nearestIn(pool, candidate.instruction, poolThreshold);
  candidate.verdict = tooSimilar(candidate.nearest, poolThreshold) ?? { state: 'undecided' };
}

/** null: there is a whole example. */
function verdictOf(conclusion: Conclusion): Verdict | null {
  if ('failedTurn' in conclusion) {
    const detail = `${conclusion.failedTurn}: ${conclusion.why}`;
    return { state: 'rejected', reason: 'turn-failed', detail };
  }
  if (!('isCutOff' in conclusion)) return { state: 'rejected', reason: 'unparsable' };
  return conclusion.isCutOff ? { state: 'rejected', reason: 'truncated' } : null;
}
