/** The recipe key `scan`: what of personal data and secrets is looked for, and what becomes of a candidate that has it. */
import { z } from 'zod';
import { type ScanKind, scanKinds } from '../methods/scan/scan-kinds.js';

const action = z.enum(['flag', 'reject', 'off']).default('off');

export const scan = z
  .preprocess(
    (value) =>
      value === 'flag' || value === 'reject'
        ? Object.fromEntries(scanKinds.map((kind) => [kind, value]))
        : value,
    z.strictObject({
      email: action.describe('E-mail addresses.'),
      phone: action.describe('Telephone numbers, international or as in North America.'),
      keys: action.describe('Tokens, private keys, and passwords in URLs.'),
      accounts: action.describe('Numbers of payment cards and IBANs, by their check digits.'),
    }),
  )
  .meta({
    description:
      'Accepted candidates are scanned for personal data and secrets; any method that generates. `flag` or `reject` alone means all kinds.',
    shorthand: { enum: ['flag', 'reject'] },
  });

export type ScanSettings = z.infer<typeof scan>;

/** Kinds with this action, in their order. */
export function kindsTo(action: 'flag' | 'reject', settings: ScanSettings): ScanKind[] {
  return scanKinds.filter((kind) => settings[kind] === action);
}
