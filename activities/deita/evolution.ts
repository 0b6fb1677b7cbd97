/** What DEITA's evolution starts from, and how far each origin has come: read from what rounds have left in the store. */
import { ApplicationFailure } from '@temporalio/common';
import { readJsonlAt } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import { type EvolveSettings, maxOrigins } from '../recipe-deita.js';
import type { Recipe } from '../recipe.js';
import { roundFiles } from '../run-files.js';
import type { ConversationRow } from '../student-messages.js';
import type { Candidate } from '../types.js';

/** What is evolved: the first turn of a given row. */
export interface Origin {
  id: string;
  instruction: string;
  response: string;
}

/** A variant that was not eliminated, or, with `variant` 0, the origin itself. */
export interface Survivor {
  /** Round that made it. */
  variant: number;
  text: string;
}

/** The keys of a run of evolution. */
export function evolveOf({ evolve, name }: Recipe): EvolveSettings {
  if (!evolve) throw new Error(`the recipe "${name}" evolves nothing`);
  return evolve;
}

/** Behind the rounds that evolve: the one that ranks. */
export function rankRoundOf(recipe: Recipe): number {
  return evolveOf(recipe).rounds + 1;
}

/**
 * All rows that the run was given, in their order.
 * @throws ApplicationFailure when there are more than one run can hold.
 */
export async function readOrigins(store: Store, runId: string): Promise<Origin[]> {
  const origins: Origin[] = [];
  for (let part = 1; ; part += 1) {
    const rows = await readJsonlAt<ConversationRow>(store, roundFiles(runId, part).rows, {
      missing: 'empty',
    });
    for (const { id, turns } of rows) {
      const [first] = turns;
      if (!first) throw new Error(`row ${id} has no turn`);
      origins.push({ id, instruction: first.instruction, response: first.response });
    }
    if (origins.length > maxOrigins)
      throw ApplicationFailure.nonRetryable(
        `data has more than the ${maxOrigins} rows that one run evolves: cut the file and evolve its parts`,
        'TooManyOrigins',
      );
    if (rows.length === 0) return origins;
  }
}

/** Of the origin's turn: what varies. */
export function textOf(origin: Origin, { aspect }: Pick<EvolveSettings, 'aspect'>): string {
  return aspect === 'complexity' ? origin.instruction : origin.response;
}

/** Of a candidate that evolution has made: what varies. */
export function variantText(
  { instruction, output }: Candidate,
  { aspect }: Pick<EvolveSettings, 'aspect'>,
): string {
  return aspect === 'complexity' ? instruction : output;
}

/** By origin: itself, then its variants of the rounds before this one that were not eliminated. */
export async function survivorsBefore(
  store: Store,
  {
    runId,
    round,
    origins,
    evolve,
  }: { runId: string; round: number; origins: Origin[]; evolve: EvolveSettings },
): Promise<Survivor[][]> {
  const survivors = origins.map((origin): Survivor[] => [{ variant: 0, text: textOf(origin, evolve) }]);
  for (let before = 1; before < round; before += 1) {
    for (const candidate of await readVariants(store, { runId, round: before })) {
      if (candidate.verdict.state !== 'accepted') continue;
      survivors[evolutionOf(candidate).row]?.push({
        variant: before,
        text: variantText(candidate, evolve),
      });
    }
  }
  return survivors;
}

/** The variants of one round, with their last verdicts. */
export async function readVariants(
  store: Store,
  { runId, round }: { runId: string; round: number },
): Promise<Candidate[]> {
  return await readJsonlAt(store, roundFiles(runId, round).candidates, { missing: 'empty' });
}

/** What a candidate says about its evolution. */
export function evolutionOf({ id, evolution }: Candidate): NonNullable<Candidate['evolution']> {
  if (!evolution) throw new Error(`candidate ${id} was not evolved`);
  return evolution;
}
