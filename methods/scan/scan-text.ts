/** Which kinds of personal data and secrets a text has. Says that there are any, never which. */
import { hasAccount } from './accounts.js';
import { hasEmail } from './emails.js';
import { type ScanKind, scanKinds } from './scan-kinds.js';

/** Those of `kinds` that the text has, in the order of `scanKinds`. The same text gives the same, whenever it is asked. */
export async function scanText(text: string, kinds: readonly ScanKind[]): Promise<ScanKind[]> {
  const found: ScanKind[] = [];
  for (const kind of scanKinds) if (kinds.includes(kind) && (await has[kind](text))) found.push(kind);
  return found;
}

const has: Record<ScanKind, (text: string) => boolean | Promise<boolean>> = {
  email: hasEmail,
  accounts: hasAccount,
  // Both come with large tables, for whoever scans for them.
  phone: async (text) => (await import('./phones.js')).hasPhone(text),
  keys: async (text) => await (await import('./keys.js')).hasKey(text),
};
