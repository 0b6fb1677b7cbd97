/**
 * A teacher whose answers are real rows of a corpus, near the seeds of its prompt: a whole run can be studied free of charge and
 * repeated exactly. The same request gets the same answer.
 *
 * What its figures can show and what not: the texts are people's and models' real ones, but a prompt moves the draw only by shared
 * words, the rows that there are come to an end, and how repetitive it is is set, not found. It tells how policies compare on the same
 * stream of answers, never how good a real teacher's answers to them would be.
 */
import { seededRandom, type SeededRandom } from '../../methods/random.js';
import type { ScriptAnswer, ScriptRequest } from '../../test/openai-server.js';
import { WordVectors } from './word-vectors.js';

export interface CorpusRow {
  instruction: string;
  input: string;
  output: string;
}

export interface CorpusTeacherOptions {
  rows: readonly CorpusRow[];
  /** Of the draw: cosines are divided by it. Low: the nearest rows always; high: any row. */
  temperature: number;
  /** Share of items (0 to 1) that are near copies of a few favourite rows. */
  copies: number;
  /** How many favourites there are. */
  favourites: number;
  /** Of a near copy's words up to this share is replaced; how much is drawn for each copy. */
  changed: number;
  /** Makes another teacher of the same corpus. */
  seed: number;
}

/** Items of one answer that asks for more; the prompts say how many they want. */
const mostItems = 20;

export class CorpusTeacher {
  private readonly options: CorpusTeacherOptions;
  private readonly vectors: WordVectors;
  private readonly favourites: readonly CorpusRow[];
  private readonly words: readonly string[];

  /** @throws RangeError when there are no rows, or a share is none. */
  constructor(options: CorpusTeacherOptions) {
    const { rows, temperature, copies, changed, favourites, seed } = options;
    if (rows.length === 0) throw new RangeError('a corpus needs rows');
    if (!(temperature > 0)) throw new RangeError(`a temperature above 0 is needed, not ${temperature}`);
    for (const share of [copies, changed])
      if (!(share >= 0 && share <= 1)) throw new RangeError(`a share is from 0 to 1, not ${share}`);
    this.options = options;
    this.vectors = new WordVectors(rows.map(({ instruction }) => instruction));
    this.favourites = seededRandom(seed, 'favourites').sample(rows, Math.max(1, favourites));
    this.words = [...new Set(rows.flatMap(({ instruction }) => instruction.split(/\s+/)))].sort();
  }

  /** Answers the chat prompts of Self-Instruct and SeDi-Instruct: `tasks`, `instructions`, `answers`, `instances`, `classify`. */
  readonly answer = (request: ScriptRequest): ScriptAnswer => {
    if (request.path !== '/v1/chat/completions') {
      return { text: 'The corpus teacher speaks chat: set teacher.form to chat.', finishReason: 'stop' };
    }
    return { text: this.text(request) };
  };

  private text({ prompt, schema, hash }: ScriptRequest): string {
    const random = seededRandom(this.options.seed, hash);
    const wants = (key: string) =>
      schema ? JSON.stringify(schema).includes(`"${key}"`) : prompt.includes(`{"${key}"`);
    const count = Math.min(mostItems, Number(/^Write (\d+) new/m.exec(prompt)?.[1] ?? 1));
    if (wants('tasks')) return JSON.stringify({ tasks: this.draw(shownTasks(prompt), count, random) });
    if (wants('instructions')) {
      const drawn = this.draw(shownInstructions(prompt), count, random);
      return JSON.stringify({ instructions: drawn.map(({ instruction }) => instruction) });
    }
    if (wants('instances')) {
      const { input, output } = this.nearest(between(prompt, /:\n\n/, /\n\n- An? /));
      return JSON.stringify({ instances: [{ input, output }] });
    }
    const classified = /Task: ([^\n]*)\n\nAnswer with one word, Yes or No/.exec(prompt)?.[1];
    if (classified !== undefined)
      return this.nearest(classified).output.split(/\s+/).length <= 2 ? 'Yes' : 'No';
    return this.nearest(prompt).output;
  }

  /** Different rows, each drawn by its cosine to the shown instructions, or a near copy of a favourite. */
  private draw(shown: readonly string[], count: number, random: SeededRandom): CorpusRow[] {
    const { rows, temperature, copies } = this.options;
    const weights = this.vectors.cosines(shown).map((cosine) => Math.exp((cosine - 1) / temperature));
    let total = weights.reduce((sum, weight) => sum + weight, 0);
    const drawn: CorpusRow[] = [];
    while (drawn.length < Math.min(count, rows.length)) {
      if (random.next() < copies) {
        drawn.push(this.nearCopy(random));
        continue;
      }
      const at = chosen(weights, random.next() * total);
      if (at < 0) break;
      drawn.push(rows[at] as CorpusRow);
      total -= weights[at] as number;
      weights[at] = 0;
    }
    return drawn;
  }

  private nearCopy(random: SeededRandom): CorpusRow {
    const row = this.favourites[random.int(this.favourites.length)] as CorpusRow;
    const share = random.next() * this.options.changed;
    const instruction = row.instruction
      .split(/\s+/)
      .map((word) => (random.next() < share ? (this.words[random.int(this.words.length)] as string) : word))
      .join(' ');
    return { ...row, instruction };
  }

  /** The row whose instruction shares most with a text. */
  private nearest(text: string): CorpusRow {
    const cosines = this.vectors.cosines([text]);
    let best = 0;
    for (const [at, cosine] of cosines.entries()) if (cosine > (cosines[best] as number)) best = at;
    return this.options.rows[best] as CorpusRow;
  }
}

/** The index at which the sum of the weights exceeds `part`; what rounding leaves over falls to the last that is there. */
function chosen(weights: Float64Array, part: number): number {
  let sum = 0;
  for (const [at, weight] of weights.entries()) {
    sum += weight;
    if (sum > part) return at;
  }
  return weights.findLastIndex((weight) => weight > 0);
}

function shownTasks(prompt: string): string[] {
  return prompt.split('\n').flatMap((line) => {
    if (!line.startsWith('{"instruction":')) return [];
    return [(JSON.parse(line) as CorpusRow).instruction];
  });
}

function shownInstructions(prompt: string): string[] {
  return [...prompt.matchAll(/^Task \d+: (.*)$/gm)].map(([, text]) => text as string);
}

function between(text: string, after: RegExp, before: RegExp): string {
  const start = after.exec(text);
  const rest = start ? text.slice(start.index + start[0].length) : text;
  const end = before.exec(rest);
  return end ? rest.slice(0, end.index) : rest;
}
