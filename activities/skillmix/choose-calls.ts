/** Which calls each phase of Instruct-SkillMix makes, and what each of them is about. */
import { drawSkills, queryTypeAt } from '../../methods/skillmix/draw.js';
import { seededRandom } from '../../methods/random.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { callsByCandidate } from '../phase-calls.js';
import type { PromptChoice } from '../round-prompts.js';
import type { MixChoice, SkillRow, SourceRow, SynonymGroup } from '../rows.js';
import { type Runs, type StoredRecipe, skillMixOf } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { Candidate, ExtractionPhase, PlanCallsInput, RoundInput, SkillMixPhase } from '../types.js';
import { isAnswered, needsTurn, readConversations, type TurnPhase } from './conversations.js';
import { newTopics } from './extracted-names.js';
import { drawnLists, listsBefore } from './skill-lists.js';

/** Names whose vectors are asked for at once: a local model on a busy machine is done with them within its time limit. */
export const namesPerEmbedding = 50;
/** More drafts than are missing, by what the examples so far came to, so that a last round seldom falls short. */
const headroom = 1.05;

/** `planned`: calls of this plan as it was made first; null: it was not. */
type ChooseInput = PlanCallsInput & { planned: number | null };

/** In call order; the same for every attempt. */
export async function chooseSkillMixCalls(
  runs: Runs,
  input: ChooseInput,
  phase: ExtractionPhase | SkillMixPhase,
): Promise<PromptChoice[]> {
  const recipe = await runs.recipe(input.run);
  const at = { run: input.run, round: input.round };
  switch (phase) {
    case 'topics':
    case 'query-types':
      return [about({})];
    case 'topic-skills':
      return (await topicsOf(runs, at, recipe)).map((topic) => about({ topic }));
    case 'row-skills': {
      const rows = await readJsonlAt<SourceRow>(runs.store, runFiles(input.run.runId).given('source-rows'));
      return rows.map((_, row) => about({ row }));
    }
    case 'embeddings': {
      const file = roundFiles(input.run.runId, input.round).namedSkills;
      const names = (await readJsonlAt<SkillRow>(runs.store, file)).map(({ skill }) => skill);
      const parts = Math.ceil(names.length / namesPerEmbedding);
      return Array.from({ length: parts }, (_, part) =>
        about({ names: names.slice(part * namesPerEmbedding, (part + 1) * namesPerEmbedding) }),
      );
    }
    case 'synonyms': {
      const file = roundFiles(input.run.runId, input.round).synonymGroups;
      return (await readJsonlAt<SynonymGroup>(runs.store, file)).map(({ names }) => about({ names }));
    }
    case 'draft':
      return await drawExamples(runs, input, recipe);
    case 'draft-rewrite':
    case 'critique':
    case 'improve':
    case 'improve-rewrite':
      return await nextTurns(runs, at, phase, recipe);
    case 'shirk':
      return shirkersOf(await undecided(runs, at), recipe);
    case 'judge':
      return await toBeJudged(runs, at, recipe);
  }
}

function about(mix: MixChoice): PromptChoice {
  return { seedIds: [], candidateId: null, isClassification: null, mix };
}

async function topicsOf(runs: Runs, at: RoundInput, recipe: StoredRecipe): Promise<string[]> {
  const { skills } = skillMixOf(recipe);
  if (skills.from !== 'prompting') throw new Error('topics are of skills by prompting');
  const { topics: known } = await listsBefore(runs, at);
  return await newTopics(runs, at, { known, asked: skills.topics });
}

/** k random skills and the query type that is due, for each example that is begun. */
async function drawExamples(
  runs: Runs,
  { run, wanted, planned }: ChooseInput,
  recipe: StoredRecipe,
): Promise<PromptChoice[]> {
  if (wanted === undefined) throw new Error('drafts are planned by what is still missing');
  const { k, skills: from } = skillMixOf(recipe);
  const lists = await drawnLists(runs, run);
  const skills = from.from === 'none' ? [] : lists.skills.map(({ skill }) => skill);
  return Array.from({ length: planned ?? examplesWanted(recipe, wanted) }, (_, callIndex) => {
    // By its place among all examples: rounds of extraction before it change nothing.
    const ordinal = wanted.askCalls + callIndex;
    const random = seededRandom(recipe.seed, 'example', ordinal);
    const queryType = queryTypeAt({ queryTypes: lists.queryTypes, ordinal, runSeed: recipe.seed });
    return about({
      skills: skills.length === 0 ? [] : drawSkills({ skills, k, random }),
      queryType: queryType.name,
    });
  });
}

/** A draft becomes one example at most: as many as are missing, and some more by the share that was lost so far. */
export function examplesWanted(
  { generation }: Pick<StoredRecipe, 'generation'>,
  { remaining, askCalls, accepted }: NonNullable<PlanCallsInput['wanted']>,
): number {
  const needed = accepted === 0 ? remaining : Math.ceil((headroom * remaining * askCalls) / accepted);
  return Math.min(generation.callsPerRound, Math.max(1, needed));
}

async function nextTurns(
  runs: Runs,
  at: RoundInput,
  phase: TurnPhase,
  recipe: StoredRecipe,
): Promise<PromptChoice[]> {
  const always = skillMixOf(recipe).rewrites === 'always';
  const conversations = await readConversations(runs, at, phase);
  return conversations
    .filter((conversation) => needsTurn(conversation, phase, { always }))
    .map(({ draft }) => about({ draft }));
}

async function undecided(runs: Runs, { run, round }: RoundInput): Promise<Candidate[]> {
  const assembled = await readJsonlAt<Candidate>(runs.store, roundFiles(run.runId, round).screened);
  return assembled.filter(({ verdict }) => verdict.state === 'undecided');
}

/** The first share of a round's examples, as the authors' ablation takes the first share of a set. */
export function shirkersOf(candidates: readonly Candidate[], recipe: StoredRecipe): PromptChoice[] {
  const { shirkers } = skillMixOf(recipe);
  const count = Math.round((shirkers?.share ?? 0) * candidates.length);
  return candidates.slice(0, count).map(({ id }) => ({ ...about({}), candidateId: id }));
}

/** Everything that has a response: a shirker whose call failed has none. */
async function toBeJudged(runs: Runs, at: RoundInput, recipe: StoredRecipe): Promise<PromptChoice[]> {
  const candidates = await undecided(runs, at);
  const shirked = await callsByCandidate(runs, { ...at, phase: 'shirk' });
  const shirkers = new Set(shirkersOf(candidates, recipe).map(({ candidateId }) => candidateId));
  return candidates
    .filter(({ id }) => !shirkers.has(id) || isAnswered(shirked.get(id)))
    .map(({ id }) => ({ ...about({}), candidateId: id }));
}
