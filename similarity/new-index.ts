import type { NearestIndex } from './nearest-index.js';
import { RougeLPool } from './rouge-l-pool.js';
import type { Tokenisation } from './tokenise.js';

/** What kind of index, as plain data that a thread can be told. */
export type IndexKind = { metric: 'rouge-l'; tokenisation: Tokenisation };

/** An empty index. Its items are texts. */
export function newIndex<Item>(kind: IndexKind): NearestIndex<Item> {
  return new RougeLPool({ tokenisation: kind.tokenisation }) as unknown as NearestIndex<Item>;
}
