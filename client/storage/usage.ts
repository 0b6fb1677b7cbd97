import type { Store } from '../../store/types.js';
import { type Amount, amountOf } from './bytes.js';

/** What lies in a store, and whose it is. */
export interface StoreUsage {
  /** By run id; also what a removal that was interrupted has left. */
  runs: Map<string, Amount>;
  /** Stored answers, which all runs share. */
  answers: Amount;
  /** What the student has found out about texts, for all runs. */
  caches: Amount;
  /** With pointers and the store's own files. */
  total: Amount;
}

/** Folders of what the student has found out about texts. */
export const cacheFolders = ['embeddings', 'student-scores'] as const;
const own = new Set(['calls', 'index', 'previews', 'store-id', ...cacheFolders]);

/** Looks at every file of the store once. */
export async function storeUsage(store: Store): Promise<StoreUsage> {
  const files = await store.sizes('');
  const byFolder = new Map<string, Amount>();
  for (const { name, bytes } of files) {
    const [folder = ''] = name.split('/', 1);
    const amount = byFolder.get(folder) ?? { files: 0, bytes: 0 };
    amount.files += 1;
    amount.bytes += bytes;
    byFolder.set(folder, amount);
  }
  const of = (folder: string) => byFolder.get(folder) ?? { files: 0, bytes: 0 };
  const caches = cacheFolders.map(of);
  return {
    runs: new Map([...byFolder].filter(([folder]) => !own.has(folder))),
    answers: of('calls'),
    caches: { files: sum(caches, 'files'), bytes: sum(caches, 'bytes') },
    total: amountOf(files),
  };
}

function sum(amounts: readonly Amount[], key: keyof Amount): number {
  return amounts.reduce((total, amount) => total + amount[key], 0);
}
