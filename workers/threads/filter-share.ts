/** Entry of a thread that holds one share of a filter's pool. */
import { newIndex, type IndexKind } from '../../similarity/new-index.js';
import type { NearestIndex } from '../../similarity/nearest-index.js';
import { answerFromIndex, type ShareAnswer, type ShareQuestion } from '../../similarity/shared-filter.js';

let index: NearestIndex<unknown> | null = null;

/** The first question makes the index. */
export function answer(options: { kind: IndexKind; question: ShareQuestion<unknown> }): ShareAnswer {
  index ??= newIndex<unknown>(options.kind);
  return answerFromIndex(index, options.question);
}
