/** The prompts of Instruct-SkillMix's calls, built where they are needed from what the plan names. */
import { embeddingPrompt } from '../../methods/embedding.js';
import type { Prompt } from '../../methods/prompt.js';
import {
  critiquePrompt,
  draftPrompt,
  improvePrompt,
  judgePrompt,
  queryTypesPrompt,
  rewriteDraftPrompt,
  rewriteImprovedPrompt,
  rowSkillsPrompt,
  type SkillMixPromptOptions,
  shirkPrompt,
  synonymsPrompt,
  topicSkillsPrompt,
  topicsPrompt,
  type Turn,
} from '../../methods/skillmix/prompts.js';
import type { QueryType } from '../../methods/skillmix/skill-lists.js';
import { readJsonlAt } from '../../store/artifacts.js';
import { callsByCandidate } from '../phase-calls.js';
import { wordsOf } from '../recipe-words.js';
import type { MixChoice, PlanRow, SourceRow } from '../rows.js';
import { type Runs, type StoredRecipe, skillMixOf } from '../run-data.js';
import { roundFiles, runFiles } from '../run-files.js';
import type { Candidate, ExtractionPhase, RoundInput, SkillMixPhase } from '../types.js';
import {
  type Conversation,
  isAnswered,
  isTurn,
  readConversations,
  type TurnPhase,
  turnPhases,
} from './conversations.js';
import { drawnLists, listsBefore } from './skill-lists.js';

/** What the prompts of one phase are made of besides the plan's rows. */
export interface SkillMixSources {
  recipe: StoredRecipe;
  phase: ExtractionPhase | SkillMixPhase;
  known: { topics: string[]; queryTypes: QueryType[] };
  sourceRows: SourceRow[];
  queryTypes: Map<string, QueryType>;
  conversations: Conversation[];
  candidates: Map<string, Candidate>;
  /** Worse answers, by candidate. */
  shirked: Map<string, string>;
}

/** Reads no more than the phase needs. */
export async function skillMixSources(
  runs: Runs,
  { run, round }: RoundInput,
  phase: ExtractionPhase | SkillMixPhase,
): Promise<SkillMixSources> {
  const at = { run, round };
  const sources: SkillMixSources = {
    recipe: await runs.recipe(run),
    phase,
    known: { topics: [], queryTypes: [] },
    sourceRows: [],
    queryTypes: new Map(),
    conversations: [],
    candidates: new Map(),
    shirked: new Map(),
  };
  if (phase === 'topics' || phase === 'query-types') {
    sources.known = await listsBefore(runs, at);
  } else if (phase === 'row-skills') {
    sources.sourceRows = await readJsonlAt<SourceRow>(runs.store, runFiles(run.runId).given('source-rows'));
  } else if (isTurn(phase)) {
    const { queryTypes } = await drawnLists(runs, run);
    sources.queryTypes = new Map(queryTypes.map((type) => [type.name, type]));
    sources.conversations = await readConversations(runs, at, phase);
  } else if (phase === 'shirk' || phase === 'judge') {
    const assembled = await readJsonlAt<Candidate>(runs.store, roundFiles(run.runId, round).screened);
    sources.candidates = new Map(assembled.map((candidate) => [candidate.id, candidate]));
    if (phase === 'judge') {
      const shirked = await callsByCandidate(runs, { ...at, phase: 'shirk' });
      for (const [id, { call }] of shirked) sources.shirked.set(id, call.text ?? '');
    }
  }
  return sources;
}

/** The prompt of one call. Throws when the plan names something that the round does not have. */
export function skillMixPrompt(
  sources: SkillMixSources,
  choice: Pick<PlanRow, 'candidateId' | 'mix'>,
): Prompt {
  const { recipe, phase, known, sourceRows, shirked } = sources;
  const { skills: settings, queryTypes: typeSettings, shirkers } = skillMixOf(recipe);
  const { mix = {} } = choice;
  const options = optionsOf(recipe);
  if (isTurn(phase)) return turnPrompt(sources, { phase, mix, options });
  switch (phase) {
    case 'topics':
    case 'topic-skills':
      if (settings.from !== 'prompting') throw new Error(`${phase} is of skills by prompting`);
      return phase === 'topics'
        ? topicsPrompt({ count: settings.topics, known: known.topics, options })
        : topicSkillsPrompt({ topic: given(mix.topic), count: settings.perTopic, options });
    case 'query-types':
      if (typeSettings.from !== 'prompting') throw new Error('the query types are given');
      return queryTypesPrompt({ count: typeSettings.count, known: known.queryTypes, options });
    case 'row-skills':
      return rowSkillsPrompt({ ...given(sourceRows[given(mix.row)]), options });
    case 'embeddings':
      // A name in snake_case is read as words.
      return embeddingPrompt(given(mix.names).map((name) => name.replaceAll('_', ' ')));
    case 'synonyms':
      return synonymsPrompt({ skills: given(mix.names), options });
    case 'shirk':
      return shirkPrompt({
        instruction: candidateOf(sources, choice).instruction,
        kind: given(shirkers).kind,
        options,
      });
    case 'judge': {
      const { id, instruction, output } = candidateOf(sources, choice);
      return judgePrompt({ instruction, response: shirked.get(id) ?? output, options });
    }
  }
}

/** A turn's prompt shows the whole conversation so far, word for word. */
function turnPrompt(
  sources: SkillMixSources,
  { phase, mix, options }: { phase: TurnPhase; mix: MixChoice; options: SkillMixPromptOptions },
): Prompt {
  const { queryTypes, conversations } = sources;
  if (phase === 'draft') {
    const queryType = given(queryTypes.get(given(mix.queryType)));
    return draftPrompt({ skills: given(mix.skills), queryType, options });
  }
  const conversation = given(conversations[given(mix.draft)]);
  const turns: Turn[] = [];
  for (const earlier of turnPhases.slice(0, turnPhases.indexOf(phase))) {
    const row = conversation.turns[earlier];
    if (!isAnswered(row)) continue;
    const asked =
      earlier === 'draft'
        ? turnPrompt(sources, { phase: 'draft', mix: row.plan.mix ?? {}, options })
        : promptAfter[earlier]({ turns, options });
    turns.push({ user: lastMessage(asked), assistant: row.call.text ?? '' });
  }
  return promptAfter[phase]({ turns, options });
}

const promptAfter = {
  'draft-rewrite': rewriteDraftPrompt,
  critique: critiquePrompt,
  improve: improvePrompt,
  'improve-rewrite': rewriteImprovedPrompt,
} as const;

function lastMessage({ body }: Prompt): string {
  if (body.form !== 'chat') throw new Error('a conversation is a chat');
  return body.messages.at(-1)?.content ?? '';
}

/** What every prompt of a recipe has in common. */
export function optionsOf(recipe: StoredRecipe): SkillMixPromptOptions {
  return { answers: skillMixOf(recipe).answers, ...wordsOf(recipe) };
}

function candidateOf(
  { candidates }: SkillMixSources,
  { candidateId }: Pick<PlanRow, 'candidateId'>,
): Candidate {
  return given(candidateId === null ? undefined : candidates.get(candidateId));
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the plan names something that this round does not have');
  return value;
}
