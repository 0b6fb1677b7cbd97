/** What a plan is made of, and what it says. */
import type { StoredRecipe } from '../../activities/run-data.js';
import type { Seed } from '../../activities/types.js';
import type { GivenRows } from '../run-identity.js';
import type { Amounts, PhaseExpectation } from './expect.js';
import type { Measured } from './measure.js';
import type { ExpectedTime } from './expect-time.js';
import type { Rate } from './rates.js';

/** What `seedmill plan` prints. */
export interface RunExpectation {
  recipe: string;
  method: StoredRecipe['method'];
  /** Accepted ones that the dataset is expected to have; 0 for a recipe that extracts only. */
  examples: number;
  /** In the order of a round. */
  phases: PhaseExpectation[];
  total: Amounts;
  /** For one example; null where there is none. */
  perAccepted: Amounts | null;
  /** Of the teacher's calls alone. */
  time: ExpectedTime;
  /** Shares and yields that the numbers of calls come from. */
  rates: Rate[];
  notes: string[];
}

export interface PlanInputs {
  recipe: StoredRecipe;
  /** Seed tasks that prompts are drawn from: without the held-out ones. */
  seeds: readonly Seed[];
  given: GivenRows;
  measured: Measured;
}
