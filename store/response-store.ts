/**
 * Every answer that was ever paid for, by what was asked: `calls/ab/<key>.json`. The first writer wins, so all who ask
 * the same get the same answer, in any attempt, run or process.
 */
import type { TokenLogprob } from '../methods/prompt.js';
import { readJsonIfAny, toJson } from './artifacts.js';
import type { CallKeyParts } from './call-key.js';
import type { Usage } from './pricing.js';
import type { Store } from './types.js';

/**
 * What a teacher answered, without the rest of the response.
 * `refused`: `text` is the model's refusal. `content-filter`: stopped by the provider. `truncated`: cut off by
 * `max_tokens`. `empty`: no choices, or one without content; or vectors that are not those of the texts, and `text` says
 * what is wrong with them. `too-large`: over the limit, not kept.
 */
export interface TeacherAnswer {
  kind: 'text' | 'refused' | 'content-filter' | 'truncated' | 'empty' | 'too-large';
  text: string;
  /**
   * What its first token might have been, likeliest first, the chosen one among them: logprobs from 0 down to -9999;
   * absent when the endpoint gave none.
   */
  firstToken?: TokenLogprob[];
  /** As the provider gave it. */
  finishReason: string | null;
  /** null: the provider did not say, which is not 0. */
  usage: Usage | null;
  /** The model's name as the provider gave it. */
  model: string;
  requestId: string | null;
}

export interface StoredResponse {
  key: string;
  /** What the key is made of, and the `seed` that was sent. */
  request: CallKeyParts & { seed: number };
  answer: TeacherAnswer;
  /** The ledger's attempt that bought it. */
  attemptId: string;
  /** Time that the answer took, for that attempt's outcome. */
  latencyMs: number;
  status: number;
  /** ISO 8601. */
  at: string;
}

export class ResponseStore {
  readonly store: Store;
  /** Answers that were paid for and could not be written (a full disk): the next attempt writes, and does not ask. */
  private readonly unsaved = new Map<string, StoredResponse>();

  constructor(store: Store) {
    this.store = store;
  }

  /** The stored answer, or undefined. Throws `CorruptDataError` when the file is no JSON. */
  async get(key: string): Promise<StoredResponse | undefined> {
    const unsaved = this.unsaved.get(key);
    if (unsaved) return (await this.put(unsaved)).response;
    return await readJsonIfAny<StoredResponse>(this.store, responseName(key));
  }

  /** Stores an answer durably unless another one is there. Returns the one that stands, and whether it is this one. */
  async put(response: StoredResponse): Promise<{ response: StoredResponse; won: boolean }> {
    const { key } = response;
    this.unsaved.set(key, response);
    const won = await this.store.create(responseName(key), `${toJson(response)}\n`);
    this.unsaved.delete(key);
    if (won) return { response, won };
    const first = await this.get(key);
    if (!first)
      throw new Error(`${responseName(key)} was there and is gone: someone removes files from the store`);
    return { response: first, won: first.attemptId === response.attemptId };
  }
}

/** Name of the file that holds the answer. */
export function responseName(key: string): string {
  return `calls/${key.slice(0, 2)}/${key}.json`;
}
