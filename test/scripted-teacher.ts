/**
 * Answers for `openai-server.ts` made from the request alone: the same request gets the same answer, whenever and
 * however often it is asked, and another `seed` another one. They read like a middling model's and parse as every
 * prompt form expects.
 */
import { createHash } from 'node:crypto';
import type { Script, ScriptRequest } from './openai-server.js';

export interface ScriptedTeacherOptions {
  /** Share of instructions (0 to 1) that are close copies of a few stock ones; a strict filter rejects most of them. */
  nearDuplicates?: number;
  /** Share of answers that nothing can be read from. */
  unreadable?: number;
  /** Changes every answer, as another model would. */
  salt?: string;
}

export function scriptedTeacher(options: ScriptedTeacherOptions = {}): Script {
  const { nearDuplicates = 0.3, unreadable = 0, salt = '' } = options;
  return (request) => {
    const draw = drawer(`${salt}\n${request.hash}`);
    if (draw.share() < unreadable) return { text: request.schema ? 'I would rather not.' : '\n' };
    const writer = new Writer(draw, nearDuplicates);
    return {
      text: request.path === '/v1/chat/completions' ? chat(request, writer) : completion(request, writer),
    };
  };
}

/** The default script. */
export const answer: Script = scriptedTeacher();

function completion({ prompt, maxTokens }: ScriptRequest, writer: Writer): string {
  const list = /Task (\d+):\s*$/.exec(prompt);
  if (list) {
    const items = Array.from({ length: 7 }, () => writer.instruction());
    return ` ${items.map((item, i) => (i === 0 ? item : `Task ${Number(list[1]) + i}: ${item}`)).join('\n')}`;
  }
  const tasks = /(\d+)\. Instruction:\s*$/.exec(prompt);
  if (tasks) {
    const first = Number(tasks[1]);
    return Array.from({ length: 8 }, (_, i) => {
      const { instruction, input, output } = writer.task();
      const head = i === 0 ? ' ' : `###\n${first + i}. Instruction: `;
      return `${head}${instruction}\n${first + i}. Input:\n${input || '<noinput>'}\n${first + i}. Output:\n${output}\n`;
    }).join('');
  }
  if (/Is it classification\?\s*$/.test(prompt) || maxTokens <= 3) return writer.yesOrNo();
  if (/Class label:/.test(prompt)) {
    return ['yes', 'no'].map((label) => `Class label: ${label}\nSentence: ${writer.sentence()}\n`).join('');
  }
  if (/Example 1\n/.test(prompt)) {
    return [1, 2]
      .map((n) => `Example ${n}\nInput: ${writer.sentence()}\nOutput: ${writer.output()}\n`)
      .join('');
  }
  return ` ${writer.output()}`;
}

function chat({ schema, prompt }: ScriptRequest, writer: Writer): string {
  const wants = (key: string) =>
    schema ? JSON.stringify(schema).includes(`"${key}"`) : prompt.includes(`{"${key}"`);
  if (wants('instructions')) {
    return JSON.stringify({ instructions: Array.from({ length: 7 }, () => writer.instruction()) });
  }
  if (wants('tasks')) return JSON.stringify({ tasks: Array.from({ length: 8 }, () => writer.task()) });
  if (wants('instances')) {
    return JSON.stringify({
      instances: [1, 2].map(() => ({ input: writer.sentence(), output: writer.output() })),
    });
  }
  if (/Answer with one word, Yes or No/.test(prompt)) return writer.yesOrNo().trim();
  return writer.output();
}

class Writer {
  private readonly draw: Drawer;
  private readonly nearDuplicates: number;

  constructor(draw: Drawer, nearDuplicates: number) {
    this.draw = draw;
    this.nearDuplicates = nearDuplicates;
  }

  instruction(): string {
    const { draw } = this;
    if (draw.share() < this.nearDuplicates) {
      return `${draw.pick(STOCK)} ${draw.pick(['Keep it short.', 'Be brief.', 'Use plain words.', 'Give one example.'])}`;
    }
    const shape = draw.pick(SHAPES);
    return shape.replace(/\{(\w+)\}/g, (_slot, name: keyof typeof WORDS) => draw.pick(WORDS[name]));
  }

  task(): { instruction: string; input: string; output: string } {
    const input = this.draw.share() < 0.5 ? this.sentence() : '';
    return { instruction: this.instruction(), input, output: this.output() };
  }

  sentence(): string {
    const { draw } = this;
    return `${draw.pick(WORDS.person)} ${draw.pick(['found', 'lost', 'bought', 'repaired', 'described', 'measured'])} ${draw.pick(WORDS.thing)} near ${draw.pick(WORDS.place)} ${draw.pick(WORDS.time)}.`;
  }

  output(): string {
    return `${this.sentence()} ${this.sentence()} In short, ${this.draw.pick(WORDS.topic)} matters ${this.draw.pick(WORDS.time)}.`;
  }

  yesOrNo(): string {
    return this.draw.share() < 0.2 ? ' Yes' : ' No';
  }
}

const STOCK = [
  'Explain to a child why the sky looks blue on a clear day and red at dusk.',
  'Describe how a small bakery could lose fewer loaves at the end of the day.',
  'Suggest three ways to remember the names of people one meets at a party.',
];

const SHAPES = [
  'Explain {topic} to {person} who has only ever seen {thing}.',
  'Write a {form} about {thing} that {person} left at {place} {time}.',
  'Compare {topic} with {topic} and say which helps {person} more.',
  'How could {person} learn {topic} {time} with nothing but {thing}?',
  'List {number} questions that {person} should ask before buying {thing} at {place}.',
  'Rewrite the given paragraph as a {form} for {person}.',
  'What would happen at {place} {time} if nobody understood {topic}?',
  'Give {person} {number} pieces of advice on {topic}, each beginning with another letter.',
  'Decide whether the statement about {thing} is a fact or an opinion.',
  'Invent a name and a slogan for {place} where {person} teaches {topic}.',
];

const WORDS = {
  topic: [
    ...['compound interest', 'soil erosion', 'the offside rule', 'photosynthesis', 'fair queueing', 'irony'],
    ...['bread fermentation', 'plate tectonics', 'the passive voice', 'herd immunity', 'chess openings'],
    ...['orbital periods', 'double-entry bookkeeping', 'tidal locking', 'sentence stress', 'probability'],
  ],
  person: [
    ...[
      'a retired sailor',
      'a new nurse',
      'an impatient cook',
      'a shy pupil',
      'a night guard',
      'my neighbour',
    ],
    ...['a young carpenter', 'a tired parent', 'the village mayor', 'a curious tourist', 'a strict editor'],
  ],
  thing: [
    ...[
      'a cracked teapot',
      'an old compass',
      'a bag of lentils',
      'a wool blanket',
      'a bicycle pump',
      'a brass key',
    ],
    ...['a paper lantern', 'a broken radio', 'a jar of honey', 'a folding ladder', 'a garden hose'],
  ],
  place: [
    ...['the harbour', 'a mountain hut', 'the town library', 'a railway station', 'the weekly market'],
    ...['a quiet museum', 'the school yard', 'a greenhouse', 'the ferry dock', 'a repair workshop'],
  ],
  time: [
    ...[
      'before sunrise',
      'during a heat wave',
      'on the last day of term',
      'after the storm',
      'in early spring',
    ],
    ...[
      'within ten minutes',
      'every other Sunday',
      'on a moonless night',
      'at lunch time',
      'in the dry season',
    ],
  ],
  form: [
    'limerick',
    'letter of complaint',
    'packing list',
    'news report',
    'riddle',
    'recipe',
    'short dialogue',
  ],
  number: ['two', 'three', 'four', 'five', 'six'],
} as const;

interface Drawer {
  /** Uniform in [0, 1). */
  share(): number;
  pick<T>(from: readonly T[]): T;
}

/** Numbers from a hash chain: enough for texts, and the same on every machine. */
function drawer(key: string): Drawer {
  let block = createHash('sha256').update(key).digest();
  let at = 0;
  const share = () => {
    if (at + 4 > block.length) {
      block = createHash('sha256').update(block).digest();
      at = 0;
    }
    at += 4;
    return block.readUInt32BE(at - 4) / 2 ** 32;
  };
  return { share, pick: (from) => from[Math.floor(share() * from.length)] as (typeof from)[number] };
}
