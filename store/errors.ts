/**
 * A problem that a person must solve: its message says what is wrong, where, and what to do. Shown without a
 * stack trace.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Stored bytes that are not what their reference says: another checksum, or rows that do not parse. */
export class CorruptDataError extends Error {
  override readonly name = 'CorruptDataError';
}

/** A name that a store does not take; `conformance.json` calls it `{"error": "name"}`. */
export class InvalidNameError extends Error {
  override readonly name = 'InvalidNameError';
}

/** What to do about the system errors that only a person can end. */
const REMEDIES: Record<string, string> = {
  ENOSPC: 'the disk is full: free some space, or use another place; a running run then goes on by itself',
  EDQUOT: 'the disk quota is used up: free some space, or use another place',
  EACCES: 'permission denied: make it readable and writable for this user, or use another place',
  EPERM: 'the operation is not permitted: make it writable for this user, or use another place',
  EROFS: 'the file system is read-only: use a place that can be written',
  EMFILE: 'too many open files: raise the limit (ulimit -n)',
};

/** The system error as a `UserError` when only a person can end it; anything else as it came. */
export function explainSystemError(error: unknown, where: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const remedy = code === undefined ? undefined : REMEDIES[code];
  return remedy === undefined ? error : new UserError(`${where}: ${remedy} (${code})`, { cause: error });
}
