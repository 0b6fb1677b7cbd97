/** What a call of Instruct-SkillMix is like where none was measured: prompts that are really built, answers as `methods/` expects them. */
import type { QueryTypeRow, SkillRow, SourceRow } from '../../activities/rows.js';
import { type StoredRecipe, skillMixOf } from '../../activities/run-data.js';
import { namesPerEmbedding } from '../../activities/skillmix/choose-calls.js';
import type { TurnPhase } from '../../activities/skillmix/conversations.js';
import { optionsOf } from '../../activities/skillmix/prompts.js';
import type { CallPhase } from '../../activities/types.js';
import { embeddingPrompt } from '../../methods/embedding.js';
import type { Prompt } from '../../methods/prompt.js';
import { seededRandom } from '../../methods/random.js';
import { drawSkills, queryTypeAt } from '../../methods/skillmix/draw.js';
import {
  CRITIQUE_TOKENS,
  expectedPair,
  expectedRounds,
  INSTRUCTION_TOKENS,
  JUDGE_TOKENS,
  LIST_TOKENS,
  NAME_TOKENS,
  QUERY_TYPE_TOKENS,
  RESPONSE_TOKENS,
  SHIRK_TOKENS,
} from '../../methods/skillmix/expected.js';
import {
  critiquePrompt,
  draftPrompt,
  improvePrompt,
  judgePrompt,
  MOST_KNOWN,
  MOST_ROW_SKILLS,
  queryTypesPrompt,
  rewriteDraftPrompt,
  rewriteImprovedPrompt,
  rowSkillsPrompt,
  shirkPrompt,
  synonymsPrompt,
  topicSkillsPrompt,
  topicsPrompt,
  type Turn,
} from '../../methods/skillmix/prompts.js';
import { CHAIN_SAMPLING } from '../../methods/skillmix/sampling.js';
import type { GivenRows } from '../run-identity.js';
import { type CountTokens, meanPromptTokens, promptTokens } from './tokens.js';

/** Prompts of one kind that are built and counted. */
const samples = 50;
/** Names that may mean one skill, in one question. */
const namesInGroup = 3;

/** Tokens of one request. */
export interface AssumedCall {
  promptTokens: number;
  completionTokens: number;
  /** Share of answers that end at the token limit. */
  cutOff: number;
}

export interface Assuming {
  recipe: StoredRecipe;
  given: GivenRows;
  count: CountTokens;
  /** Tokens of an answer, and the share of them cut off, where it was measured; undefined elsewhere. */
  measured: (phase: CallPhase) => { completionTokens: number; cutOff: number } | undefined;
}

export function assumeSkillMixCall(assuming: Assuming, phase: CallPhase): AssumedCall {
  const prompts = promptsOf(assuming, phase);
  const counted = meanPromptTokens(
    prompts.map(({ body }) => body),
    assuming.count,
  );
  const limit = limitOf(assuming, phase, prompts);
  const { tokens, cutOff } = answerOf(assuming, phase, limit);
  return { promptTokens: counted + insertedTokens(assuming, phase), completionTokens: tokens, cutOff };
}

/** Longest answer; vectors are no tokens. */
function limitOf({ recipe }: Assuming, phase: CallPhase, [prompt]: readonly Prompt[]): number {
  if (phase === 'embeddings' || phase === 'vectors') return 0;
  return recipe.generation.maxTokens[phase] ?? prompt?.sampling.maxTokens ?? 0;
}

function turnLimit({ recipe }: Assuming, phase: TurnPhase): number {
  return recipe.generation.maxTokens[phase] ?? CHAIN_SAMPLING.maxTokens;
}

/** Tokens of an answer, and how often it ends at the limit. */
function answerOf({ recipe }: Assuming, phase: CallPhase, limit: number): { tokens: number; cutOff: number } {
  if (phase === 'draft' || phase === 'improve') return expectedPair(limit);
  return { tokens: Math.min(limit, expectedAnswer(recipe, phase)), cutOff: 0 };
}

function expectedAnswer(recipe: StoredRecipe, phase: CallPhase): number {
  const { skills, queryTypes, shirkers } = skillMixOf(recipe);
  const list = (items: number, each: number) => LIST_TOKENS + items * each;
  switch (phase) {
    case 'topics':
      return list(skills.from === 'prompting' ? skills.topics : 0, NAME_TOKENS);
    case 'topic-skills':
      return list(skills.from === 'prompting' ? skills.perTopic : 0, NAME_TOKENS);
    case 'query-types':
      return list(queryTypes.from === 'prompting' ? queryTypes.count : 0, QUERY_TYPE_TOKENS);
    case 'row-skills':
      return list(MOST_ROW_SKILLS, NAME_TOKENS);
    case 'synonyms':
      return list(namesInGroup, NAME_TOKENS);
    case 'draft-rewrite':
      return INSTRUCTION_TOKENS + RESPONSE_TOKENS;
    case 'critique':
      return CRITIQUE_TOKENS;
    case 'improve-rewrite':
      return RESPONSE_TOKENS;
    case 'shirk':
      return SHIRK_TOKENS[shirkers?.kind ?? 'brief'];
    case 'judge':
      return JUDGE_TOKENS;
    default:
      return 0;
  }
}

/** Prompts of a phase, with nothing where the teacher's earlier answers stand. */
function promptsOf(assuming: Assuming, phase: CallPhase): Prompt[] {
  const { recipe, given } = assuming;
  const { skills: settings, queryTypes: types } = skillMixOf(recipe);
  const options = optionsOf(recipe);
  switch (phase) {
    case 'topics': {
      const asked = settings.from === 'prompting' ? settings.topics : 1;
      const known = Array.from({ length: knownOnAverage(recipe, asked) }, () => 'everyday planning');
      return [topicsPrompt({ count: asked, known, options })];
    }
    case 'topic-skills': {
      const count = settings.from === 'prompting' ? settings.perTopic : 1;
      return [topicSkillsPrompt({ topic: 'everyday planning', count, options })];
    }
    case 'query-types': {
      const asked = types.from === 'prompting' ? types.count : 1;
      const known = Array.from({ length: knownOnAverage(recipe, asked) }, () => standInType);
      return [queryTypesPrompt({ count: asked, known, options })];
    }
    case 'row-skills': {
      const rows = (given['source-rows'] ?? []) as SourceRow[];
      return rows.slice(0, samples).map((row) => rowSkillsPrompt({ ...row, options }));
    }
    case 'embeddings':
      return [embeddingPrompt(Array.from({ length: namesPerEmbedding }, (_, n) => `clear explanation ${n}`))];
    case 'synonyms':
      return [synonymsPrompt({ skills: Array.from({ length: namesInGroup }, () => standInSkill), options })];
    case 'shirk': {
      const kind = skillMixOf(recipe).shirkers?.kind ?? 'brief';
      return [shirkPrompt({ instruction: '', kind, options })];
    }
    case 'judge':
      return [judgePrompt({ instruction: '', response: '', options })];
    default:
      return drafts(assuming).map((draft) => turnPrompt(assuming, { draft, phase: phase as TurnPhase }));
  }
}

const standInSkill = 'clear_explanation';
/** As long as the authors' query types are. */
const standInType = { name: 'Planning', definition: 'Requests that ask for a plan. '.repeat(8) };

/** Names that a prompt of extraction shows, over the rounds that are expected. */
function knownOnAverage(recipe: StoredRecipe, asked: number): number {
  const { skills } = skillMixOf(recipe);
  const rounds = skills.from === 'prompting' ? expectedRounds(skills) : 1;
  return Math.min(MOST_KNOWN, Math.round((asked * (rounds - 1)) / 2));
}

/** First prompts as the run draws them, from the given lists or from stand-ins. */
function drafts({ recipe, given }: Assuming): Prompt[] {
  const { k, skills: settings } = skillMixOf(recipe);
  const listed = ((given.skills ?? []) as SkillRow[]).map(({ skill }) => skill);
  const skills = listed.length > 0 ? listed : Array.from({ length: k }, () => standInSkill);
  const types = (given['query-types'] ?? []) as QueryTypeRow[];
  const queryTypes = types.length > 0 ? types : [standInType];
  return Array.from({ length: samples }, (_, callIndex) => {
    const random = seededRandom(recipe.seed, 'round', 1, 'call', callIndex);
    return draftPrompt({
      skills: settings.from === 'none' ? [] : drawSkills({ skills, k, random }),
      queryType: queryTypeAt({ queryTypes, ordinal: callIndex, runSeed: recipe.seed }),
      options: optionsOf(recipe),
    });
  });
}

const promptAfter = {
  'draft-rewrite': rewriteDraftPrompt,
  critique: critiquePrompt,
  improve: improvePrompt,
  'improve-rewrite': rewriteImprovedPrompt,
} as const;

/** The conversation's own words; its answers are added as numbers. */
function turnPrompt(assuming: Assuming, { draft, phase }: { draft: Prompt; phase: TurnPhase }): Prompt {
  if (phase === 'draft') return draft;
  const options = optionsOf(assuming.recipe);
  const turns: Turn[] = [];
  for (const { phase: turn } of turnsBefore(assuming, phase).filter(({ share }) => share === 1)) {
    const asked = turn === 'draft' ? draft : promptAfter[turn]({ turns, options });
    turns.push({ user: lastMessage(asked), assistant: '' });
  }
  return promptAfter[phase]({ turns, options });
}

function lastMessage({ body }: Prompt): string {
  return body.form === 'chat' ? (body.messages.at(-1)?.content ?? '') : '';
}

/** Turns that a prompt shows, each with the share of conversations that have it. */
function turnsBefore(assuming: Assuming, phase: TurnPhase): { phase: TurnPhase; share: number }[] {
  const always = skillMixOf(assuming.recipe).rewrites === 'always';
  const order: TurnPhase[] = ['draft', 'draft-rewrite', 'critique', 'improve', 'improve-rewrite'];
  return order.slice(0, order.indexOf(phase)).map((turn) => ({
    phase: turn,
    share: turn === 'draft-rewrite' && !always ? known(assuming, 'draft').cutOff : 1,
  }));
}

/** Tokens that earlier answers put into a prompt. */
function insertedTokens(assuming: Assuming, phase: CallPhase): number {
  const { recipe, count } = assuming;
  const { rewrites, shirkers } = skillMixOf(recipe);
  const pair = known(assuming, 'improve').completionTokens;
  switch (phase) {
    case 'shirk':
      return Math.min(INSTRUCTION_TOKENS, pair);
    case 'judge': {
      const shirked = INSTRUCTION_TOKENS + expectedAnswer(recipe, 'shirk');
      const share = shirkers?.share ?? 0;
      return share * Math.min(shirked, pair) + (1 - share) * pair;
    }
    case 'draft-rewrite':
    case 'critique':
    case 'improve':
    case 'improve-rewrite': {
      let tokens = 0;
      for (const { phase: turn, share } of turnsBefore(assuming, phase)) {
        const isCutOff = phase === `${turn}-rewrite` && rewrites !== 'always';
        const answer = isCutOff ? turnLimit(assuming, turn) : known(assuming, turn).completionTokens;
        const asked =
          share === 1
            ? 0
            : promptTokens(rewriteDraftPrompt({ turns: [], options: optionsOf(recipe) }).body, count);
        tokens += share * (answer + asked);
      }
      return tokens;
    }
    default:
      return 0;
  }
}

/** An answer's tokens, measured or assumed. */
function known(assuming: Assuming, phase: TurnPhase): { completionTokens: number; cutOff: number } {
  const measured = assuming.measured(phase);
  if (measured !== undefined) return measured;
  const { tokens, cutOff } = answerOf(assuming, phase, turnLimit(assuming, phase));
  return { completionTokens: tokens, cutOff };
}
