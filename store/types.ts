/**
 * Where data lies. One small interface, two drivers (`file-store.ts`, `s3-store.ts`); the student worker has the
 * same two in Python (`models/student/store.py`), held to the same conformance cases.
 *
 * Names are paths below the store's root: `/`-separated, no `.`/`..` parts, characters `[A-Za-z0-9._=-]`.
 */
export interface Store {
  /** `file:///…` or `s3://bucket/prefix`, never with credentials. */
  readonly url: string;
  /** The bytes, or undefined when there is no such name. */
  read(name: string): Promise<Buffer | undefined>;
  /** Atomic and durable; replaces what was there. */
  write(name: string, bytes: Uint8Array | string): Promise<void>;
  /** Atomic and durable; the first writer wins. Returns false, and changes nothing, when the name exists. */
  create(name: string, bytes: Uint8Array | string): Promise<boolean>;
  /** Names below `prefix` (a folder), sorted by code unit. */
  list(prefix: string): Promise<string[]>;
  remove(name: string): Promise<void>;
  /**
   * Adds lines (each without its newline) to the log `name`, durably before it resolves. Calls that overlap are
   * grouped into one flush. `writer` is unique per process, so that two processes never write one file.
   */
  append(options: { name: string; writer: string; lines: string[] }): Promise<void>;
  /** Every whole line that any writer appended to the log, writer by writer; a torn last line is left out. */
  readLog(name: string): Promise<string[]>;
  removeLog(name: string): Promise<void>;
}
