/**
 * A teacher of Instruct-SkillMix, made from the request alone: conversations that end in an example, lists of skills, and
 * a judge that knows a bad answer from a good one nearly always.
 */
import { createHash } from 'node:crypto';
import { extractionTemplates } from '../methods/skillmix/templates-extraction.js';
import { generationTemplates } from '../methods/skillmix/templates-generation.js';
import { turnTemplates } from '../methods/skillmix/templates-turns.js';
import type { Script, ScriptAnswer, ScriptRequest } from './openai-server.js';

export interface ScriptedSkillMixOptions {
  /** Share of drafts, and of improved pairs, that are cut off by length. */
  cutOff?: number;
  /** Share of bad answers that the judge lets pass, and of good ones that it scores low. */
  misjudged?: number;
  /** Share of answers to any turn that are empty of use. */
  unreadable?: number;
}

/** Words that only an answer has which was asked to be bad. */
export const badAnswer = 'It really depends on many things, and there is much that one could say.';

/** Distinct pieces of the templates: which call a request is. */
const marks = [
  ...Object.entries({ ...generationTemplates, ...extractionTemplates }),
  ...Object.entries(turnTemplates.json),
].map(([kind, template]) => [kind, longestFixedPart(template.user)] as const);

export function scriptedSkillMix(options: ScriptedSkillMixOptions = {}): Script {
  const { cutOff = 0.1, misjudged = 0.05, unreadable = 0 } = options;
  return (request) => {
    const kind = kindOf(request);
    const chance = (of: string) => share(`${request.hash} ${of}`);
    if (chance('unreadable') < unreadable) return { text: ' ' };
    const isCutOff = chance('cut off') < cutOff;
    return answerOf(kind, request, { chance, isCutOff, misjudged });
  };
}

interface Ways {
  chance(of: string): number;
  isCutOff: boolean;
  misjudged: number;
}

function answerOf(kind: string, request: ScriptRequest, ways: Ways): ScriptAnswer {
  const { chance, isCutOff, misjudged } = ways;
  const { prompt, hash } = request;
  const instruction = question(hash);
  const response = sentences(hash, 12);
  const pair = request.schema
    ? JSON.stringify({ instruction, response })
    : `### Instruction:\n${instruction}\n### Response:\n${response}`;
  switch (kind) {
    case 'draft':
    case 'draftWithoutSkills':
    case 'improve':
      return isCutOff ? { text: pair.slice(0, -40), finishReason: 'length' } : { text: pair };
    case 'draftRewrite':
      return { text: pair };
    case 'critique':
      return { text: `Strong: it is clear.\nWeak: it has few figures. ${sentences(hash, 4)}` };
    case 'improveRewrite':
      return { text: request.schema ? pair : sentences(hash, 10) };
    case 'shirkBrief':
    case 'shirkJunk':
      return { text: `${badAnswer} ${sentences(hash, kind === 'shirkJunk' ? 8 : 1)}` };
    case 'judge': {
      const isBad = prompt.includes(badAnswer);
      const isWrong = chance('misjudged') < misjudged;
      const score = isBad === isWrong ? 5 : 2;
      return { text: JSON.stringify({ score, reason: 'As it is.' }) };
    }
    case 'topics':
      return list('topics', 8, (n) => `Topic ${Math.floor(share(`${hash} ${n}`) * 24)}`);
    case 'topicSkills': {
      const topic = /Topic (\d+)/.exec(prompt)?.[1] ?? '0';
      return list('skills', 5, (n) => `Skill ${topic} ${Math.floor(share(`${hash} ${n}`) * 6)}`);
    }
    case 'rowSkills':
      return list(
        'skills',
        3,
        (n) => `${n === 0 ? 'data analysis' : 'analysis of data'} ${Math.floor(chance(`row ${n}`) * 9)}`,
      );
    case 'queryTypes':
      return list('queryTypes', 4, (n) => ({
        name: `Kind ${n}`,
        definition: `People ask for the ${n}th thing.`,
      }));
    case 'synonyms': {
      const names = [...prompt.matchAll(/^- (\S+)|^([a-z_0-9]+)$/gm)].map((match) => match[1] ?? match[2]);
      return { text: JSON.stringify({ groups: names.length > 1 ? [names.slice(0, 2)] : [] }) };
    }
    default:
      throw new Error(`no answer for ${kind}`);
  }
}

function list(key: string, count: number, item: (n: number) => unknown): ScriptAnswer {
  return { text: JSON.stringify({ [key]: Array.from({ length: count }, (_, n) => item(n)) }) };
}

/** Which call a request is, by the words of its template. */
export function kindOf({ prompt }: Pick<ScriptRequest, 'prompt'>): string {
  const found = marks.find(([, mark]) => prompt.includes(mark));
  if (!found) throw new Error(`no call of SkillMix: ${prompt.slice(0, 80)}`);
  return found[0];
}

function longestFixedPart(template: string): string {
  const parts = template.split(/\{\{\w+\}\}/);
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest));
}

const words =
  'river market teacher winter bridge question careful harvest signal garden letter engine quiet measure copper ticket morning border answer simple station pepper window record gentle island kettle number forest weather'.split(
    ' ',
  );

function question(hash: string): string {
  return `How would you ${sentence(`${hash} question`).toLowerCase().replace('.', '?')}`;
}

function sentences(hash: string, count: number): string {
  return Array.from({ length: count }, (_, n) => sentence(`${hash} ${n}`)).join(' ');
}

function sentence(key: string): string {
  const picked = Array.from({ length: 12 }, (_, n) => words[Math.floor(share(`${key} ${n}`) * words.length)]);
  const text = picked.join(' ');
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

/** Uniform in [0, 1), the same for the same key. */
function share(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32;
}
