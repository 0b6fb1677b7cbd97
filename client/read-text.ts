import { constants, isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { explainSystemError, UserError } from '../store/errors.js';

/**
 * The text of a file that must be UTF-8.
 * @throws UserError when it cannot be read, is too large for one text or is in another encoding.
 */
export async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw explainReadError(error, path);
  }
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new UserError(`${path}: too large to be read as a whole; JSON Lines are read row by row`);
  }
  // Another encoding would otherwise become texts full of replacement characters.
  if (!isUtf8(bytes)) {
    throw new UserError(
      `${path}:${firstBadLine(bytes)}: not UTF-8; convert it, for example with iconv -t UTF-8`,
    );
  }
  return new TextDecoder().decode(bytes);
}

/** Why a file cannot be read, as a `UserError` where a person can do something about it. */
export function explainReadError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new UserError(`${path}: no such file`);
  if (code === 'EISDIR') return new UserError(`${path}: is a folder`);
  if (code === 'ERR_FS_FILE_TOO_LARGE')
    return new UserError(`${path}: too large to be read as a whole; JSON Lines are read row by row`);
  return explainSystemError(error, path);
}

function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end;
  }
  return line;
}
