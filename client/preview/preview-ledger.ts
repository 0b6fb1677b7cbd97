/** Where previews lie in a store, and what they have cost. */
import { type Attempt, readAttempts } from '../../store/ledger.js';
import { type LedgerSums, sumLedger } from '../../store/ledger-sums.js';
import type { Store } from '../../store/types.js';

/** Below the store's root: a preview is no run, and no list of runs has it. */
export const previewsFolder = 'previews';

/** Where the previews of a recipe with these inputs lie: files and ledger of a run that makes one call of each kind. */
export function previewFolder(hash: string): string {
  return `${previewsFolder}/${hash.slice(0, 32)}`;
}

/** Every attempt in a preview's folder. */
export async function previewAttempts(store: Store, folder: string): Promise<Attempt[]> {
  const names = await store.list(`${folder}/rounds`);
  const ledgers = names.flatMap((name) => /^(.*\.ledger)(\.jsonl|\/.*)$/.exec(name)?.[1] ?? []);
  const attempts = await Promise.all([...new Set(ledgers)].map((ledger) => readAttempts(store, ledger)));
  return attempts.flat();
}

/** What previews of a recipe with this hash have sent and paid; null: there were none. */
export async function sumPreviews(store: Store, hash: string): Promise<LedgerSums | null> {
  const attempts = await previewAttempts(store, previewFolder(hash));
  return attempts.length > 0 ? sumLedger(attempts) : null;
}
