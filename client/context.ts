/** What every command works with. */
export interface Context {
  /** Folder with the registry of processes, Temporal's database and logs. */
  stateDir: string;
  /** Path or URL as the person gave it. */
  storeUrl: string;
  /** One line for people. Goes to standard error when standard output carries JSON. */
  say: (line: string) => void;
  json: boolean;
  verbose: boolean;
}
