/**
 * Texts as weighted words (TF-IDF, unit length), and which of them are near others. It stands for an embedding where none is at
 * hand: it sees shared words and no shared meaning.
 */
import { rougeTokens } from '../../similarity/tokenise.js';

type Weights = Map<string, number>;

export class WordVectors {
  readonly size: number;
  private readonly rarity: Weights = new Map();
  /** By word: which texts have it, and with which weight. */
  private readonly postings = new Map<string, { text: number; weight: number }[]>();

  constructor(texts: readonly string[]) {
    this.size = texts.length;
    const tokenised = texts.map(rougeTokens);
    const holders = new Map<string, number>();
    for (const tokens of tokenised)
      for (const word of new Set(tokens)) holders.set(word, (holders.get(word) ?? 0) + 1);
    for (const [word, count] of holders)
      this.rarity.set(word, Math.log((1 + texts.length) / (1 + count)) + 1);
    for (const [text, tokens] of tokenised.entries()) {
      for (const [word, weight] of this.weigh(tokens)) {
        const list = this.postings.get(word) ?? [];
        list.push({ text, weight });
        this.postings.set(word, list);
      }
    }
  }

  /** Cosine of every text with the middle of the given ones, in the order of the texts. Unknown words count for nothing. */
  cosines(given: readonly string[]): Float64Array {
    const middle: Weights = new Map();
    for (const text of given)
      for (const [word, weight] of this.weigh(rougeTokens(text)))
        middle.set(word, (middle.get(word) ?? 0) + weight);
    const cosines = new Float64Array(this.size);
    for (const [word, weight] of unitLength(middle))
      for (const posting of this.postings.get(word) ?? [])
        cosines[posting.text] = (cosines[posting.text] as number) + weight * posting.weight;
    return cosines;
  }

  private weigh(tokens: readonly string[]): Weights {
    const weights: Weights = new Map();
    for (const word of tokens) {
      const rarity = this.rarity.get(word);
      if (rarity !== undefined) weights.set(word, (weights.get(word) ?? 0) + rarity);
    }
    return unitLength(weights);
  }
}

function unitLength(weights: Weights): Weights {
  const length = Math.sqrt([...weights.values()].reduce((sum, weight) => sum + weight * weight, 0));
  if (length === 0) return weights;
  return new Map([...weights].map(([word, weight]) => [word, weight / length]));
}
