/**
 * Where data lies. One small interface, two drivers (`file-store.ts`, `s3-store.ts`); the student worker has the
 * same two in Python, and `conformance.json` holds all of them to the same behaviour.
 *
 * A name is a path below the store's root, by the rules of `names.ts`. No name may be a folder of another one.
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
  /** Names below the folder `prefix` ('' for all), sorted by code unit; empty when there is no such folder. */
  list(prefix: string): Promise<string[]>;
  /** As `list`, with the bytes of each. */
  sizes(prefix: string): Promise<StoredFile[]>;
  /** Removes a folder with everything below it; one that does not exist is no error. */
  removeFolder(prefix: string): Promise<void>;
  /**
   * What writers that died have left behind, an hour old at least; `remove` removes it. A service that keeps old versions or parts
   * of uploads does so by its own rules: they are not seen here.
   */
  leftovers(options: { remove: boolean }): Promise<{ files: number; bytes: number }>;
  /** Removes one name; one that does not exist is no error. */
  remove(name: string): Promise<void>;
  /**
   * Adds lines (each without its newline) to the log `name`, durably before it resolves. Calls that overlap are
   * grouped into one flush. `writer` is unique per process, so that two processes never write one file. An append
   * that fails may have left some of its lines behind: a reader must tell repeated rows by their id.
   */
  append(options: Append): Promise<void>;
  /** Every whole line that any writer appended to the log, writer by writer; a torn last line is left out. */
  readLog(name: string): Promise<string[]>;
  /**
   * Removes the lines in `seen` (as `readLog` gave them) from the log. A line that any writer added since then
   * survives, so whoever has put the lines elsewhere can let go of the log while others still write to it.
   */
  removeLog(options: { name: string; seen: readonly string[]; writer: string }): Promise<void>;
}

export interface StoredFile {
  name: string;
  bytes: number;
}

export interface Append {
  name: string;
  writer: string;
  lines: string[];
  /** The lines may wait up to a tenth of a second for others to go along with; for who does not wait for them. */
  mayWait?: boolean;
}
