/** More texts than there are: real ones first, then seeded variations of them. */
import { type SeededRandom, seededRandom } from '../../methods/random.js';

/** Share of the added texts that are an earlier text with some words changed; the others are put together anew. */
const nearCopies = 0.4;
/** A near copy changes each word with a probability that is drawn from 0 to this. */
const mostChanged = 0.5;
/** Words that are taken together from one real text. */
const shortestSpan = 3;
const longestSpan = 12;

/**
 * `count` texts, the same for the same arguments: the real ones in random order (a sample when there are more), then
 * variations. 4 of 10 variations are near copies of any earlier text, with up to half of the words replaced, inserted
 * or left out; 6 of 10 are spans of 3 to 12 words from several real texts, as long as some real text. Words come from
 * the real texts as often as they occur there, so that lengths and frequencies stay what they are.
 */
export function* variedTexts(real: readonly string[], count: number): Generator<string> {
  const random = seededRandom('bench varied texts', real.length, count);
  const words = real.map((text) => text.split(/\s+/).filter((word) => word !== ''));
  const anyWords = () => words[random.int(words.length)] as string[];
  const written = random.sample(real, count);
  yield* written;
  while (written.length < count) {
    const text =
      random.next() < nearCopies
        ? nearCopy(written[random.int(written.length)] as string, { random, anyWords })
        : recombined(anyWords().length, { random, anyWords });
    // Where every word with a token was replaced or left out.
    if (!/[a-z0-9]/i.test(text)) continue;
    written.push(text);
    yield text;
  }
}

interface Source {
  random: SeededRandom;
  /** The words of a random real text. */
  anyWords: () => string[];
}

function nearCopy(text: string, { random, anyWords }: Source): string {
  const changed = random.next() * mostChanged;
  const anyWord = () => {
    const words = anyWords();
    return words[random.int(words.length)] as string;
  };
  return text
    .split(' ')
    .flatMap((word) => {
      if (random.next() >= changed) return [word];
      return [[anyWord()], [word, anyWord()], []][random.int(3)] as string[];
    })
    .join(' ');
}

function recombined(length: number, { random, anyWords }: Source): string {
  const text: string[] = [];
  while (text.length < length) {
    const words = anyWords();
    const span = Math.min(shortestSpan + random.int(longestSpan - shortestSpan + 1), length - text.length);
    const start = random.int(Math.max(1, words.length - span + 1));
    text.push(...words.slice(start, start + span));
  }
  return text.join(' ');
}
