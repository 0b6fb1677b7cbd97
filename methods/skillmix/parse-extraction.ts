/** Reads the lists that extraction asks for: topics, skills, query types, and groups of names that mean one skill. */
import { z } from 'zod';
import type { ExtractionPhase } from '../../activities/types.js';
import type { Found } from '../found.js';
import { type AnswerList, listProblem, readItems, wants } from '../json-answer.js';
import { cleanText, oneLine } from '../text.js';
import type { QueryType } from './skill-lists.js';

const line = z.string(wants('a text')).transform(oneLine);

/** A name, or an object that has it: `{"skill": "knots"}`. */
const nameItem = z
  .union(
    [
      z.string(),
      ...['name', 'skill', 'topic'].map((key) =>
        z.object({ [key]: z.string() }).transform((item) => item[key] as string),
      ),
    ],
    wants('a text'),
  )
  .transform(asName)
  .refine((text) => text !== '', 'is empty')
  .refine((text) => /[\p{L}\p{N}]/u.test(text), 'is no name');

/** On one line, without the list's own mark and Markdown's: `2. **Knots and sails**` names `Knots and sails`. */
function asName(text: string): string {
  return oneLine(text)
    .replace(/^(?:\d{1,3}[.)]|[-*•])\s+/, '')
    .replaceAll(/\*\*|`/g, '')
    .trim();
}

const queryTypeItem = z.object(
  {
    name: line.transform(asName).refine((text) => text !== '', 'is empty'),
    definition: z
      .string(wants('a text'))
      .nullish()
      .transform((text) => cleanText(text ?? '').trim()),
  },
  wants('an object'),
);

const groupItem = z
  .array(line, wants('a list'))
  .transform((names) => [...new Set(names.filter((name) => name !== ''))]);

const lists = {
  topics: { name: 'topics', item: nameItem, form: '{"topics": ["…", "…"]}' },
  skills: { name: 'skills', item: nameItem, form: '{"skills": ["…", "…"]}' },
  queryTypes: {
    name: 'queryTypes',
    item: queryTypeItem,
    form: '{"queryTypes": [{"name": "…", "definition": "…"}]}',
  },
  groups: { name: 'groups', item: groupItem, form: '{"groups": [["…", "…"]]}' },
} as const satisfies Record<string, AnswerList<unknown>>;

/** Names as they were given, on one line each. */
export function readNames(text: string, key: 'topics' | 'skills'): Found<string>[] {
  return readItems(cleanText(text), lists[key]);
}

export function readQueryTypes(text: string): Found<QueryType>[] {
  return readItems(cleanText(text), lists.queryTypes);
}

/** Groups of names without repetitions. One with fewer than two names says nothing, and is no error either. */
export function readGroups(text: string): Found<string[]>[] {
  return readItems(cleanText(text), lists.groups);
}

/** The list that a phase asks for. Throws for `embeddings`, which are no text. */
export function listOfPhase(phase: ExtractionPhase): AnswerList<unknown> {
  switch (phase) {
    case 'topics':
      return lists.topics;
    case 'topic-skills':
    case 'row-skills':
      return lists.skills;
    case 'query-types':
      return lists.queryTypes;
    case 'synonyms':
      return lists.groups;
    case 'embeddings':
      throw new Error('embeddings are not answered in JSON');
  }
}

/**
 * Whether an answer has at least one good item. For `synonyms` a list without groups is an answer too: no two names mean the
 * same.
 */
export function isUsableList(phase: ExtractionPhase, text: string): boolean {
  const items = readItems(cleanText(text), listOfPhase(phase));
  if (items.some((item) => 'value' in item)) return true;
  return phase === 'synonyms' && items.length === 0 && text.trim() !== '';
}

/** What is wrong with an answer that has no good item: words for the model that gave it, with none of its own in them. */
export function listProblemOf(text: string, phase: ExtractionPhase): string {
  return listProblem(text, listOfPhase(phase));
}

/** The keys that a wanted answer begins with. */
export const listKeys: readonly string[] = Object.keys(lists);
