/** How a command speaks to whoever runs it. */
export interface Output {
  /** One line for people. Goes to standard error when standard output carries JSON. */
  say: (line: string) => void;
  json: boolean;
  verbose: boolean;
}

/** What every command works with that has to do with runs. */
export interface Context extends Output {
  /** Folder with the registry of processes, Temporal's database and logs. */
  stateDir: string;
  /** Path or URL as the person gave it. */
  storeUrl: string;
}
