/**
 * Vectors of texts as calls to a teacher: the prompt that asks for them, and the text that a stored answer has in their
 * place. No method of a paper; what the vectors are used for says so where it does.
 */
import type { Sampling } from '../activities/types.js';
import { sha256Hex } from './identity.js';
import type { Prompt } from './prompt.js';

/** Most texts of one call. */
export const MOST_TEXTS = 256;

/** A vector is not sampled: nothing of this is sent, and no call's key depends on it. */
export const EMBEDDING_SAMPLING: Readonly<Sampling> = {
  temperature: 0,
  topP: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  maxTokens: 0,
  stop: [],
};

const BYTES_PER_NUMBER = 4;
const templateHash = sha256Hex('embedding: the texts as they are\n');

/**
 * Asks for the vectors of texts, in their order. Endpoints refuse empty texts, and with one of them the whole call.
 * @throws RangeError for no text, or more than `MOST_TEXTS`.
 */
export function embeddingPrompt(texts: readonly string[]): Prompt {
  if (texts.length < 1 || texts.length > MOST_TEXTS) {
    throw new RangeError(`a call takes 1 to ${MOST_TEXTS} texts, not ${texts.length}`);
  }
  return {
    template: 'embedding',
    templateHash,
    body: { form: 'embedding', input: [...texts] },
    sampling: { ...EMBEDDING_SAMPLING, stop: [] },
  };
}

/**
 * Vectors as the text of an answer: `{"dims", "count", "data"}`, with the numbers of all of them, one vector after the
 * other, as the base64 of little-endian float32.
 * @throws Error when a vector is empty, of another length than the first, or has a number that is not finite.
 */
export function encodeVectors(vectors: readonly Float32Array[]): string {
  const dims = vectors[0]?.length ?? 0;
  const bytes = Buffer.alloc(vectors.length * dims * BYTES_PER_NUMBER);
  vectors.forEach((vector, at) => {
    if (vector.length === 0) throw new Error(`vector ${at} has no numbers`);
    if (vector.length !== dims) {
      throw new Error(`vector ${at} has ${vector.length} numbers, the first one has ${dims}`);
    }
    vector.forEach((value, place) => {
      if (!Number.isFinite(value)) throw new Error(`number ${place} of vector ${at} is ${value}`);
      bytes.writeFloatLE(value, (at * dims + place) * BYTES_PER_NUMBER);
    });
  });
  return JSON.stringify({ dims, count: vectors.length, data: bytes.toString('base64') });
}

/**
 * The vectors of an answer that `encodeVectors` wrote, bit by bit.
 * @throws Error that says what is wrong with the text.
 */
export function decodeVectors(text: string): Float32Array[] {
  const { dims, count, data } = readEnvelope(text);
  const bytes = Buffer.from(data, 'base64');
  const wanted = dims * count * BYTES_PER_NUMBER;
  // What is no base64 is skipped by the decoder, and what comes after its end too: both lengths tell.
  if (bytes.length !== wanted || data.length !== 4 * Math.ceil(wanted / 3)) {
    throw new Error(
      `the vectors' data has ${bytes.length} bytes in ${data.length} characters; ${count} vectors of ${dims} numbers have ${wanted} bytes`,
    );
  }
  return Array.from({ length: count }, (_, at) => {
    const vector = new Float32Array(dims);
    for (let place = 0; place < dims; place += 1) {
      const value = bytes.readFloatLE((at * dims + place) * BYTES_PER_NUMBER);
      if (!Number.isFinite(value)) throw new Error(`number ${place} of vector ${at} is ${value}`);
      vector[place] = value;
    }
    return vector;
  });
}

function readEnvelope(text: string): { dims: number; count: number; data: string } {
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch (error) {
    throw new Error(`the vectors are no JSON: ${(error as Error).message}`);
  }
  const { dims, count, data } = (envelope ?? {}) as Record<string, unknown>;
  if (!isCount(dims) || !isCount(count) || typeof data !== 'string') {
    throw new Error('the vectors\' JSON needs "dims" and "count", whole numbers, and "data", a text');
  }
  if ((dims === 0) !== (count === 0)) throw new Error(`there are no ${count} vectors of ${dims} numbers`);
  return { dims, count, data };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
