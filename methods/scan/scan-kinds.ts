/** What can be looked for. */

/**
 * `email`: addresses. `phone`: telephone numbers, international or as they are dialled in North America. `keys`: tokens, passwords in
 * URLs, private keys. `accounts`: numbers of payment cards and IBANs.
 */
export const scanKinds = ['email', 'phone', 'keys', 'accounts'] as const;

export type ScanKind = (typeof scanKinds)[number];
