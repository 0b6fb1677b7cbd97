import { CosineIndex } from './cosine-index.js';
import type { NearestIndex } from './nearest-index.js';
import { RougeLPool } from './rouge-l-pool.js';
import type { Tokenisation } from './tokenise.js';

/** What kind of index, as plain data that a thread can be told. */
export type IndexKind =
  | { metric: 'rouge-l'; tokenisation: Tokenisation }
  | { metric: 'cosine'; dimensions: number };

/** An empty index; its items are texts (rouge-l) or vectors (Float32Array, cosine), as the caller knows. */
export function newIndex<Item>(kind: IndexKind): NearestIndex<Item> {
  const index = kind.metric === 'rouge-l' ? new RougeLPool(kind) : new CosineIndex(kind);
  return index as unknown as NearestIndex<Item>;
}
