/** Vectors for `openai-server.ts`, made from a text alone: what is spelled alike lies near each other. */
import { createHash } from 'node:crypto';

const dims = 64;

/** 64 numbers of length 1: the text's trigrams, lower-case, each counted in the place that its hash names. */
export function spellingVector(text: string): number[] {
  const vector = new Array<number>(dims).fill(0);
  const padded = `  ${text.toLowerCase()}  `;
  for (let at = 0; at + 3 <= padded.length; at += 1) {
    const place =
      (createHash('sha256')
        .update(padded.slice(at, at + 3))
        .digest()[0] as number) % dims;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
