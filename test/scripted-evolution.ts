/**
 * A teacher of DEITA's evolution, made from the request alone: variants that are mostly of use, judges that see through those
 * which say nothing new, and ranks by length.
 */
import { createHash } from 'node:crypto';
import type { GivenRow } from '../activities/rows.js';
import type { Script, ScriptAnswer, ScriptRequest } from './openai-server.js';

export interface ScriptedEvolutionOptions {
  /** Share of variants of each bad kind. */
  bad?: Partial<Record<BadVariant, number>>;
  /** Share of rankings without one of the scores, in either form. */
  unreadable?: number;
}

export type BadVariant = 'no-gain' | 'unchanged' | 'refusal' | 'only-stop-words' | 'leaked-prompt';

/** Words that a variant has which says the same as the text before it. */
const sameAgain = 'in other words';

/** What a model says that does not want to. */
const variants: Record<BadVariant, (text: string) => string> = {
  'no-gain': (text) => `${text} Or ${sameAgain} the same.`,
  unchanged: (text) => text,
  refusal: () => 'I am sorry, but this is nothing that I can help with.',
  'only-stop-words': () => 'And so it is, of the.',
  'leaked-prompt': (text) => `The rewritten prompt would be: ${text} With more.`,
};

/** Rows whose first turn is evolved; one of them has another turn. */
export function rowsToEvolve(count: number): GivenRow[] {
  return Array.from({ length: count }, (_, n) => {
    const turn = { instruction: `What is thing ${n} good for?`, response: `Thing ${n} helps at home.` };
    return { id: `row-${n + 1}`, turns: n === 1 ? [turn, turn] : [turn], row: n + 1, example: {} };
  });
}

export function scriptedEvolution(options: ScriptedEvolutionOptions = {}): Script {
  const { bad = {}, unreadable = 0 } = options;
  return (request) => {
    const chance = share(`${request.hash} chance`);
    switch (kindOf(request)) {
      case 'evolve':
        return inForm(request, { rewritten: evolved(request, { chance, bad }) });
      case 'gain': {
        const isEqual = between(request.messages[0]?.content ?? request.prompt, 'second').includes(sameAgain);
        return inForm(request, { judgement: isEqual ? 'Equal' : 'Not equal' });
      }
      case 'rank':
        return ranked(request, { isUnreadable: chance < unreadable });
    }
  };
}

/** Which call a request is, by the words of its template. */
export function kindOf({
  prompt,
  messages,
}: Pick<ScriptRequest, 'prompt' | 'messages'>): 'evolve' | 'gain' | 'rank' {
  // A request that shows the model its error begins with the same message.
  const asked = messages.find(({ role }) => role === 'user')?.content ?? prompt;
  if (asked.includes('Are the two equal?')) return 'gain';
  if (asked.includes('rank them, and give each a score')) return 'rank';
  if (asked.includes('You rewrite')) return 'evolve';
  throw new Error(`no call of evolution: ${asked.slice(0, 80)}`);
}

function evolved(
  request: ScriptRequest,
  { chance, bad }: { chance: number; bad: Partial<Record<BadVariant, number>> },
): string {
  const text = request.prompt.includes('<response>')
    ? between(request.prompt, 'response')
    : between(request.prompt, 'instruction');
  let from = 0;
  for (const kind of Object.keys(variants) as BadVariant[]) {
    from += bad[kind] ?? 0;
    if (chance < from) return variants[kind](text);
  }
  return `${text} Mind the ${words[Math.floor(share(request.hash) * words.length)]}.`;
}

const words = 'river market teacher winter bridge question harvest signal garden letter engine copper'.split(
  ' ',
);

/** The longest text has the highest score. */
function ranked(request: ScriptRequest, { isUnreadable }: { isUnreadable: boolean }): ScriptAnswer {
  const asked = request.messages.find(({ role }) => role === 'user')?.content ?? request.prompt;
  const texts = [...asked.matchAll(/<text number="(\d+)">\n([\s\S]*?)\n<\/text>/g)].map(
    (match) => match[2] ?? '',
  );
  const lengths = texts.map((text) => text.length).sort((a, b) => a - b);
  const scores = texts.map((text, place) => ({
    number: place + 1,
    score: 1 + Math.min(5, lengths.indexOf(text.length)),
  }));
  if (isUnreadable) scores.pop();
  if (request.schema) {
    const byNumber = scores.map(({ number, score }) => [number, score] as const);
    return { text: JSON.stringify({ scores: Object.fromEntries(byNumber) }) };
  }
  const lines = scores.map(({ number, score }) => `[${number}] Score: ${score}`).join('\n');
  // A completion goes on behind what the prompt ends with.
  return { text: lines.replace('[1] Score:', '') };
}

function inForm({ schema }: ScriptRequest, answer: Record<string, string>): ScriptAnswer {
  return { text: schema ? JSON.stringify(answer) : (Object.values(answer)[0] ?? '') };
}

function between(prompt: string, mark: string): string {
  return new RegExp(`<${mark}>\\n([\\s\\S]*?)\\n</${mark}>`).exec(prompt)?.[1] ?? '';
}

/** Uniform in [0, 1), the same for the same key. */
function share(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32;
}
