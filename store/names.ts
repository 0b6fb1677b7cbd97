import { InvalidNameError, UserError } from './errors.js';

/** Longest name in characters: S3 keys end at 1,024 bytes, and the store's own prefix comes before. */
const MAX_NAME_LENGTH = 800;
const MAX_PART_LENGTH = 200;

/** Letters, digits and `._=-`, not beginning with a dot: those are temporary files. */
const PART = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/;

/** What a file looks like that `write-file-atomic` had not yet renamed when its process died. */
export const TEMPORARY_FILE = /\.\d+$/;

/** Younger ones may still be somebody's. */
export const LEFTOVER_AGE_MS = 3_600_000;

const RUN_ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/** Names at the store's root that are the store's own. */
const RESERVED_RUN_IDS = new Set(['calls', 'embeddings', 'index', 'previews', 'store-id', 'student-scores']);

/** Returns the name when a store takes it. Throws `InvalidNameError` when it does not, saying why. */
export function checkName(name: string): string {
  const last = checkParts(name).at(-1) ?? '';
  if (TEMPORARY_FILE.test(last)) {
    throw new InvalidNameError(`"${name}" ends in a dot and digits, as only temporary files do`);
  }
  return name;
}

/** Returns the folder when a store takes it; '' is the whole store. Throws `InvalidNameError` otherwise. */
export function checkFolder(prefix: string): string {
  if (prefix !== '') checkParts(prefix);
  return prefix;
}

/** The same for what is to be removed as a whole: never all that there is. */
export function checkFolderToRemove(prefix: string): string {
  if (prefix === '') throw new InvalidNameError('a store is not removed as a whole');
  return checkFolder(prefix);
}

function checkParts(name: string): string[] {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
    throw new InvalidNameError(`a name has 1 to ${MAX_NAME_LENGTH} characters, this one ${name.length}`);
  }
  const parts = name.split('/');
  for (const part of parts) {
    if (!PART.test(part) || part.length > MAX_PART_LENGTH) {
      throw new InvalidNameError(
        `"${name}" is no name in a store: parts between slashes have 1 to ${MAX_PART_LENGTH} letters, digits or ._=- and do not begin with a dot`,
      );
    }
  }
  return parts;
}

/** Returns the run id when it is one. Throws `UserError` that says what an id looks like. */
export function checkRunId(id: string): string {
  if (!RUN_ID.test(id)) {
    throw new UserError(
      `"${id}" cannot be a run id: use 1 to 100 lower-case letters, digits, dots, dashes and underscores, beginning with a letter or digit`,
    );
  }
  if (RESERVED_RUN_IDS.has(id)) {
    throw new UserError(`"${id}" cannot be a run id: the store uses that name itself`);
  }
  return id;
}
