/** What reading an answer gives: shared by the readers of every form. */
import type { Instance } from '../../activities/types.js';

/** One item of an answer: what it says, or why it is none. Positions count from 0 over both kinds. */
export type Parsed<T> =
  | { position: number; value: T; rejected: null }
  | { position: number; value: null; rejected: { reason: 'unparsable' | 'truncated'; detail: string } };

export interface Task extends Instance {
  instruction: string;
}
