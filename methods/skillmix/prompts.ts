/** Builds the prompt of every Instruct-SkillMix call from its template. All are chats, as the authors' are. */
import type { Sampling } from '../../activities/types.js';
import { languageName } from '../language.js';
import { type ChatMessage, fillSlots, type Prompt, type Template, templateHash } from '../prompt.js';
import { about, inLanguage, type RecipeWords, systemText } from '../prompt-options.js';
import { cleanText, enclosed, oneLine } from '../text.js';
import {
  CHAIN_SAMPLING,
  EXTRACTION_SAMPLING,
  JUDGE_SAMPLING,
  ROW_SKILLS_SAMPLING,
  SHIRK_SAMPLING,
  SYNONYMS_SAMPLING,
} from './sampling.js';
import type { QueryType } from './skill-lists.js';
import { extractionTemplates } from './templates-extraction.js';
import { qualityTemplates } from './templates-quality.js';
import { critiqueTemplate, turnTemplates } from './templates-turns.js';

/** **Ours**: at most so many skills of one row of a data set are asked for. */
export const MOST_ROW_SKILLS = 5;
/** **Ours**: of a row's instruction and of its response, no more than this is shown. */
export const MOST_ROW_CHARACTERS = 6000;
/** **Ours**: of the topics or query types that are known already, the last so many are shown. */
export const MOST_KNOWN = 100;

/** Between which an instruction and a response are shown. */
const PAIR_MARKS = ['instruction', 'response'] as const;

export interface SkillMixPromptOptions extends RecipeWords {
  /**
   * How the turns with an instruction and a response are written: `marks` (`### Instruction:`, the authors' way and the
   * default), or `json` (**ours**), for models too small to keep to marks.
   */
  answers?: 'marks' | 'json' | undefined;
}

/** An earlier turn of an example's conversation. */
export interface Turn {
  user: string;
  assistant: string;
}

interface Filling {
  template: Template;
  sampling: Omit<Sampling, 'stop'>;
  options: SkillMixPromptOptions;
  slots?: Record<string, string>;
  turns?: readonly Turn[];
}

function fill({ template, sampling, options, slots = {}, turns = [] }: Filling): Prompt {
  const system = systemText(options, template.system);
  const user = fillSlots(template.user, {
    ...slots,
    about: about(options),
    language: inLanguage(options),
    nameLanguage: languageName(oneLine(options.language || 'English')),
  });
  const earlier = turns.flatMap((turn): ChatMessage[] => [
    { role: 'user', content: turn.user },
    { role: 'assistant', content: turn.assistant },
  ]);
  return {
    template: template.name,
    templateHash: templateHash(template),
    body: {
      form: 'chat',
      messages: [
        ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
        ...earlier,
        { role: 'user', content: user },
      ],
      schema: template.schema,
    },
    sampling: { ...sampling, stop: [] },
  };
}

/**
 * The first turn: asks for a query that needs all of the skills and is of the given type, and for its response. Without
 * skills (the ablation `skills: none`) nothing is said of them.
 */
export function draftPrompt(input: {
  skills: readonly string[];
  queryType: QueryType;
  options: SkillMixPromptOptions;
}): Prompt {
  const { queryType, options } = input;
  const skills = input.skills.map(oneLine);
  const name = oneLine(queryType.name);
  const definition = cleanText(queryType.definition).trim();
  const slots = { name, queryType: unmarked(definition === '' ? name : `${name}: ${definition}`) };
  const common = { sampling: CHAIN_SAMPLING, options };
  const { draft, draftWithoutSkills } = turnTemplatesFor(options);
  if (skills.length === 0) return fill({ ...common, template: draftWithoutSkills, slots });
  return fill({
    ...common,
    template: draft,
    slots: { ...slots, ...wordsForSkills(skills.length), list: skills.join(', ') },
  });
}

function turnTemplatesFor({ answers }: SkillMixPromptOptions) {
  return turnTemplates[answers ?? 'marks'];
}

const numbers = ['no', 'one', 'two', 'three', 'four'];

/** `one skill` and `this skill`, `three skills` and `all three of these skills`. */
function wordsForSkills(count: number): { skills: string; allSkills: string } {
  const number = numbers[count] ?? String(count);
  if (count === 1) return { skills: 'one skill', allSkills: 'this skill' };
  const all = count === 2 ? 'both' : `all ${number}`;
  return { skills: `${number} skills`, allSkills: `${all} of these skills` };
}

interface Conversation {
  /** All turns so far, the first included. */
  turns: readonly Turn[];
  options: SkillMixPromptOptions;
}

/** The second turn: the draft whole, and short enough. */
export function rewriteDraftPrompt({ turns, options }: Conversation): Prompt {
  return fill({ template: turnTemplatesFor(options).draftRewrite, sampling: CHAIN_SAMPLING, options, turns });
}

/** The third turn: strong and weak points of the response, as the person who asked sees them. */
export function critiquePrompt({ turns, options }: Conversation): Prompt {
  return fill({ template: critiqueTemplate, sampling: CHAIN_SAMPLING, options, turns });
}

/** The fourth turn: instruction and response, refined. */
export function improvePrompt({ turns, options }: Conversation): Prompt {
  return fill({ template: turnTemplatesFor(options).improve, sampling: CHAIN_SAMPLING, options, turns });
}

/** The fifth turn: the refined response whole, and short enough. */
export function rewriteImprovedPrompt({ turns, options }: Conversation): Prompt {
  return fill({
    template: turnTemplatesFor(options).improveRewrite,
    sampling: CHAIN_SAMPLING,
    options,
    turns,
  });
}

/** A worse answer on purpose: `brief` is about one paragraph, `junk` is long and says nothing. */
export function shirkPrompt(input: {
  instruction: string;
  kind: 'brief' | 'junk';
  options: SkillMixPromptOptions;
}): Prompt {
  return fill({
    template: qualityTemplates[input.kind === 'brief' ? 'shirkBrief' : 'shirkJunk'],
    sampling: SHIRK_SAMPLING,
    options: input.options,
    slots: { instruction: cleanText(input.instruction).trim() },
  });
}

/** **Ours**: asks how good an example is, on a scale from 1 to 6. */
export function judgePrompt(input: {
  instruction: string;
  response: string;
  options: SkillMixPromptOptions;
}): Prompt {
  return fill({
    template: qualityTemplates.judge,
    sampling: JUDGE_SAMPLING,
    options: input.options,
    slots: {
      instruction: enclosed(input.instruction, PAIR_MARKS),
      response: enclosed(input.response, PAIR_MARKS),
    },
  });
}

/** Asks for topics other than the known ones. */
export function topicsPrompt(input: {
  count: number;
  known: readonly string[];
  options: SkillMixPromptOptions;
}): Prompt {
  return fill({
    template: extractionTemplates.topics,
    sampling: EXTRACTION_SAMPLING,
    options: input.options,
    slots: { count: String(input.count), known: knownInWords(input.known) },
  });
}

/** Asks for the skills that one topic needs. */
export function topicSkillsPrompt(input: {
  topic: string;
  count: number;
  options: SkillMixPromptOptions;
}): Prompt {
  return fill({
    template: extractionTemplates.topicSkills,
    sampling: EXTRACTION_SAMPLING,
    options: input.options,
    slots: { topic: oneLine(input.topic), count: String(input.count) },
  });
}

/** Asks for kinds of request, with definitions, other than the known ones. */
export function queryTypesPrompt(input: {
  count: number;
  known: readonly QueryType[];
  options: SkillMixPromptOptions;
}): Prompt {
  return fill({
    template: extractionTemplates.queryTypes,
    sampling: EXTRACTION_SAMPLING,
    options: input.options,
    slots: { count: String(input.count), known: knownInWords(input.known.map(({ name }) => name)) },
  });
}

/** Asks which skills an instruction of a data set needs. */
export function rowSkillsPrompt(input: {
  instruction: string;
  response: string;
  options: SkillMixPromptOptions;
}): Prompt {
  return fill({
    template: extractionTemplates.rowSkills,
    sampling: ROW_SKILLS_SAMPLING,
    options: input.options,
    slots: {
      instruction: enclosed(shownPart(input.instruction), PAIR_MARKS),
      response: enclosed(shownPart(input.response), PAIR_MARKS),
      count: String(MOST_ROW_SKILLS),
    },
  });
}

/** Asks which of some skills' names mean the same skill. */
export function synonymsPrompt(input: { skills: readonly string[]; options: SkillMixPromptOptions }): Prompt {
  return fill({
    template: extractionTemplates.synonyms,
    sampling: SYNONYMS_SAMPLING,
    options: input.options,
    slots: { list: input.skills.map(oneLine).join('\n') },
  });
}

function knownInWords(names: readonly string[]): string {
  const shown = names.slice(-MOST_KNOWN).map(oneLine);
  return shown.length === 0 ? '' : ` These are in the list already, so give others: ${shown.join('; ')}.`;
}

/** Text that cannot be taken for the prompt's own `###` marks. */
function unmarked(text: string): string {
  return cleanText(text).trim().replaceAll('###', '# # #');
}

/** What is shown of a row's text. Of such a part it is the part itself. */
export function shownPart(text: string): string {
  const clean = cleanText(text).trim();
  return clean.length <= MOST_ROW_CHARACTERS
    ? clean
    : `${clean.slice(0, MOST_ROW_CHARACTERS).replace(/\p{Surrogate}$/u, '')}…`;
}
