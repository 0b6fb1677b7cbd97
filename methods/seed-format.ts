/** Reads seed tasks: Self-Instruct's rows and Alpaca's rows, as JSON Lines or as one JSON array. */
import type { Seed } from '../activities/types.js';

export interface SeedProblem {
  /** Line in the file, from 1. */
  line: number;
  /** What is wrong, for example `instruction is empty`. */
  problem: string;
}

export interface ParsedSeeds {
  seeds: Seed[];
  /** In line order. A file with any problem is to be refused. */
  problems: SeedProblem[];
}

/** Parses the decoded text of a seed file. Never throws. */
export function parseSeeds(text: string): ParsedSeeds {
  throw new Error(`not written yet ${text.length}`);
}

/** The refusal of a file: up to 5 problems as `file:line: what`, and how many more there are. */
export function describeProblems(input: { file: string; problems: readonly SeedProblem[] }): string {
  throw new Error(`not written yet ${input.file}`);
}
