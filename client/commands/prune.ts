import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { printJson } from '../terminal.js';
import { amountInWords, amountOf, bytesInWords } from '../storage/bytes.js';
import { isConfirmed } from '../storage/confirm.js';
import { findPrunable, removePrunable } from '../storage/prune.js';

export interface PruneOptions {
  /** Only says what would be removed. */
  dryRun: boolean;
  yes: boolean;
  /** Also what the student has found out about texts, whoever uses it: it can be computed again. */
  caches: boolean;
}

/** `seedmill prune`: removes what no run of the store uses. Returns the exit code. */
export async function prune(context: Context, { dryRun, yes, caches }: PruneOptions): Promise<number> {
  const { say, json } = context;
  const store = await findStore(context.storeUrl);
  const found = await findPrunable(store, { caches });
  const leftovers = await store.leftovers({ remove: false });
  const amounts = { answers: amountOf(found.answers), caches: amountOf(found.caches), leftovers };
  const words = {
    answers: 'stored answers that no run uses',
    caches: 'the student’s values of texts',
    leftovers: 'left by processes that died',
  };
  const parts = Object.entries(amounts).filter(([, { files }]) => files > 0);
  for (const [part, amount] of parts) say(`${words[part as keyof typeof words]}: ${amountInWords(amount)}`);
  const bytes = parts.reduce((sum, [, amount]) => sum + amount.bytes, 0);
  const tell = (isRemoved: boolean) => {
    if (json) printJson({ ...amounts, isRemoved });
  };
  if (parts.length === 0 || dryRun) {
    say(parts.length === 0 ? 'nothing to prune' : `${bytesInWords(bytes)} would be freed`);
    tell(false);
    return 0;
  }
  if (!(await isConfirmed(`Remove them (${bytesInWords(bytes)})?`, { yes }))) {
    say('nothing is removed');
    tell(false);
    return 1;
  }
  await removePrunable(store, found);
  await store.leftovers({ remove: true });
  say(`${bytesInWords(bytes)} freed`);
  tell(true);
  return 0;
}
