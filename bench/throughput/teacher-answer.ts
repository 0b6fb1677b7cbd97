/** Tasks that read like a middling model's, in the form that the one-call completion prompt asks for. */

const tasksPerAnswer = 4;

/** The continuation of a one-call prompt; the same prompt and seed get the same text, another seed another one. */
export function tasksAnswer(prompt: string, seed: number): string {
  const first = Number(/(\d+)\. Instruction:\s*$/.exec(prompt)?.[1] ?? 1);
  const pick = picker(hash(prompt) ^ seed);
  let text = '';
  for (let at = 0; at < tasksPerAnswer; at += 1) {
    const number = first + at;
    text += at === 0 ? ' ' : `###\n${number}. Instruction: `;
    text += `${instruction(pick)}\n${number}. Input:\n<noinput>\n${number}. Output:\n${output(pick)}\n`;
  }
  return text;
}

type Pick = (from: readonly string[]) => string;

function instruction(pick: Pick): string {
  return `${pick(VERBS)} ${pick(QUALITIES)} ${pick(THINGS)} ${pick(PLACES)} ${pick(READERS)}, ${pick(LIMITS)}.`;
}

function output(pick: Pick): string {
  const sentence = () =>
    `The ${pick(THINGS)} ${pick(PLACES)} is ${pick(QUALITIES)}, and it is told ${pick(READERS)}.`;
  return `${sentence()} ${sentence()} ${sentence()} All of this is said ${pick(LIMITS)}.`;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Mulberry32: enough for texts, and the same on every machine. */
function picker(seed: number): Pick {
  let state = seed >>> 0;
  return (from) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return from[((mixed ^ (mixed >>> 14)) >>> 0) % from.length] as string;
  };
}

function phrases(text: string): readonly string[] {
  return text.split('|').map((phrase) => phrase.trim());
}

const VERBS = phrases(
  `Write a short letter about the|Explain the history of the|List three uses of the|Compare two ways to repair the|
  Tell a bedtime story with the|Suggest a fair price of the|Compose a limerick on the|Summarise what is known about the|
  Invent a riddle whose answer is the|Describe the smell and weight of the|Plan a school lesson around the|
  Draft an advertisement that praises the|Argue for and against buying the|Ask five questions regarding the|
  Imagine a quarrel between owners of the|Give safety advice to users of the|Translate into plain words the label of the|
  Outline a newspaper report of the theft of the|Rank by usefulness four relatives of the|Recall a proverb that fits the`,
);
const QUALITIES = phrases(
  `rusty|borrowed|hand-painted|two-hundred-year-old|surprisingly light|broken|government-owned|half-finished|cheap|
  golden|waterproof|noisy|forgotten|home-made|oversized|fragile|stolen|solar-powered|folding|award-winning`,
);
const THINGS = phrases(
  `bicycle|water pump|wedding dress|violin|bread oven|weather station|chess set|fishing boat|telescope|sewing machine|
  umbrella|kite|greenhouse|church bell|rocking chair|typewriter|compass|beehive|rowing machine|lantern|wheelbarrow|
  saddle|coffee grinder|ladder`,
);
const PLACES = phrases(
  `from a fishing village|in the attic of a museum|behind the railway station|on a mountain farm|at the weekly market|
  beside a frozen lake|under the old bridge|in a crowded workshop|near the southern border|on a small island|
  inside a hospital|outside the town hall|along the canal|above the bakery|at a summer camp|in the desert|
  on the top floor of a hotel|within a botanical garden|across the valley|in my grandmother's cellar`,
);
const READERS = phrases(
  `for a ten-year-old reader|to an impatient customer|to a panel of judges|for somebody who has never seen one|
  to a sceptical engineer|for the members of a choir|to a new neighbour|for tourists with little time|
  to a retired teacher|for a radio audience|to the village council|for visually impaired listeners|
  to a homesick student|for busy nurses|to a court of law|for amateur historians|to a younger sibling|
  for an insurance company|to a visiting poet|for beginners in the craft`,
);
const LIMITS = phrases(
  `using no more than sixty words|in exactly four sentences|without the letter x|as a numbered sequence|
  with one concrete figure|in the present tense|ending on a question|with a touch of humour|in formal language|
  mentioning the weather twice|as if it happened yesterday|with an example from daily life|in the second person|
  while staying neutral|and name one disadvantage|and close by thanking the reader|with a warning at the start|
  as a dialogue between two friends|with only short words|and add a fitting title`,
);
