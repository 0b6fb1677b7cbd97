/** What a run is expected to need: by its method's plan, and by the rows that its rounds are about. */
import { evolveOf } from '../../activities/deita/evolution.js';
import { isScoring } from '../../activities/phases.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import { scoringPhasesOf } from '../../activities/recipe-phases.js';
import type { GivenRow } from '../../activities/rows.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { type GivenName, roundFiles, runFiles } from '../../activities/run-files.js';
import type { ConversationRow } from '../../activities/student-messages.js';
import type { CallPhase, Seed } from '../../activities/types.js';
import { readJsonlAt } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import type { ScoringPart } from '../plan/assume-scoring.js';
import { type Calls, type PhaseExpectation, sum, total } from '../plan/expect.js';
import type { GivenRows } from '../run-identity.js';
import type { Expected, ExpectedCalls } from './outlook.js';

const givenLists: readonly GivenName[] = ['skills', 'query-types', 'source-rows', 'benchmark'];

/** Rows of a part that prices are reckoned from; of all rows at once a run can have hundreds of thousands. */
const sampled = 200;

/** Before anything is known: a recipe without stages has no calls behind its generation. */
export function nothingExpected(recipe: StoredRecipe): Expected {
  const hasCallsLater = startsFromData(recipe.method) || scoringPhasesOf(recipe).length > 0;
  return { generation: null, perExample: hasCallsLater ? null : [], rounds: [] };
}

/**
 * Reads what the run was given, and the rows of its rounds from `fromRound` on, which costs time where they are many. Rounds
 * of stages have rows, those that generate have none.
 */
export async function expectRun(options: {
  store: Store;
  runId: string;
  recipe: StoredRecipe;
  /** null: no round has any yet. */
  fromRound: number | null;
}): Promise<Expected> {
  const { store, runId, recipe } = options;
  const { makePlan } = await import('../plan/make-plan.js');
  const { nothingMeasured } = await import('../plan/measure.js');
  const { expectScoring } = await import('../plan/assume-scoring.js');
  const files = runFiles(runId);
  const seeds = await readJsonlAt<Seed>(store, files.seeds, { missing: 'empty' });
  const { parts, sample } = await readParts(options);
  const given = { ...(await readLists(store, runId)), ...(sample.length > 0 && { data: sample }) };
  const { phases } = await makePlan({ recipe, seeds, given, measured: nothingMeasured() });

  const priced = (calls: Calls) => pricedCalls(phases, calls);
  const generating = phases.filter(({ phase }) => !isScoring(phase));
  return {
    generation: startsFromData(recipe.method) ? null : generationOf(generating),
    perExample: startsFromData(recipe.method)
      ? null
      : priced(expectScoring({ recipe, given: {} }, recipe.target)).map(({ calls, usdEach }) => ({
          calls: calls / recipe.target,
          usdEach,
        })),
    rounds: (await roundsOf(recipe, parts)).map(({ round, calls }) => ({ round, calls: priced(calls) })),
  };
}

interface Part {
  round: number;
  part: ScoringPart;
}

/** Part after part, so that never more than one of them is held. */
async function readParts({ store, runId, recipe, fromRound }: Parameters<typeof expectRun>[0]): Promise<{
  parts: Part[];
  sample: GivenRow[];
}> {
  const { partOf, spread } = await import('../plan/assume-scoring.js');
  const parts: Part[] = [];
  const sample: GivenRow[] = [];
  if (fromRound === null) return { parts, sample };
  for (let round = fromRound; ; round += 1) {
    const name = roundFiles(runId, round).rows;
    const rows = await readJsonlAt<ConversationRow>(store, name, { missing: 'empty' });
    if (rows.length === 0) return { parts, sample };
    parts.push({ round, part: partOf(recipe, rows) });
    for (const row of spread(rows, sampled)) sample.push({ ...row, row: sample.length + 1, example: {} });
  }
}

async function readLists(store: Store, runId: string): Promise<GivenRows> {
  const lists = await Promise.all(
    givenLists.map(async (name) => {
      const rows = await readJsonlAt<unknown>(store, runFiles(runId).given(name), { missing: 'empty' });
      return [name, rows] as const;
    }),
  );
  return Object.fromEntries(lists.filter(([, rows]) => rows.length > 0));
}

/** A part of the rows is scored in a round of its own; every round of an evolution is about all of them. */
async function roundsOf(
  recipe: StoredRecipe,
  parts: readonly Part[],
): Promise<{ round: number; calls: Calls }[]> {
  const { callsAbout } = await import('../plan/assume-scoring.js');
  if (recipe.method !== 'evolve')
    return parts.map(({ round, part }) => ({ round, calls: callsAbout(recipe, [part]) }));
  const { rounds } = evolveOf(recipe);
  const origins = sum(parts.map(({ part }) => part.rows));
  return Array.from({ length: rounds + 1 }, (_, n) => ({
    round: n + 1,
    calls: n < rounds ? { evolve: origins, gain: origins } : { rank: origins },
  }));
}

function pricedCalls(phases: readonly PhaseExpectation[], calls: Calls): ExpectedCalls[] {
  return (Object.entries(calls) as [CallPhase, number][]).map(([phase, count]) => {
    const planned = phases.find((one) => one.phase === phase);
    const isPriced = planned !== undefined && planned.usd !== null && planned.calls > 0;
    return { calls: count, usdEach: isPriced ? Number(planned.usd) / planned.calls : null };
  });
}

/** Dollars are null where one of them has calls whose price is unknown. */
function generationOf(phases: readonly PhaseExpectation[]): Expected['generation'] {
  const { calls, usd } = total(phases);
  return { calls, usd };
}
