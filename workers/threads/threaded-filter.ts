import { GreedyFilter, type ItemFilter } from '../../similarity/greedy-filter.js';
import { type IndexKind, newIndex } from '../../similarity/new-index.js';
import { type Share, SharedFilter } from '../../similarity/shared-filter.js';
import { PinnedThread } from './pinned-thread.js';

/** A greedy filter, and how its threads are ended. */
export interface OpenFilter<Item> {
  filter: ItemFilter<Item>;
  close(): Promise<void>;
}

/** A filter whose pool lies in so many threads; with one, in this thread. The verdicts are the same. */
export function openFilter<Item>(options: {
  kind: IndexKind;
  threshold: number;
  threads: number;
}): OpenFilter<Item> {
  const { kind, threshold, threads } = options;
  const emptyIndex = () => newIndex<Item>(kind);
  if (threads === 1) {
    return { filter: new GreedyFilter({ index: emptyIndex(), threshold }), close: async () => {} };
  }
  const entry = new URL('./filter-share.js', import.meta.url);
  const pinned = Array.from({ length: threads }, () => new PinnedThread(entry));
  const shares = pinned.map(
    (thread): Share<Item> =>
      (question) =>
        thread.run('answer', { kind, question }),
  );
  return {
    filter: new SharedFilter({ shares, newIndex: emptyIndex, threshold }),
    close: async () => void (await Promise.all(pinned.map((thread) => thread.close()))),
  };
}
