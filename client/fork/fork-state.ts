/** Where a fork's loop begins, from nothing but its copied rounds. */
import { countRound, readPhases } from '../../activities/count-round.js';
import type { RefinedRound } from '../../activities/refine-seeds.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { CallPhase, Counts, GatheredSkills } from '../../activities/types.js';
import { readJsonIfAny, refTo } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import { addCounts, noCounts } from '../../workflows/counts.js';
import type { ForkState, MixState, StagesState } from '../../workflows/inputs.js';
import type { RoundRow } from '../../workflows/messages.js';
import { stalledRounds } from '../../workflows/stop-rule.js';
import { planOf } from '../run-plan.js';

/** Phases that ask for something new. */
const askPhases: readonly CallPhase[] = ['instructions', 'tasks', 'draft'];
/** As many as a loop keeps. */
const roundsShown = 20;

/** The state behind `round` of a fork, and the accounts of the rounds before that one. */
export async function forkStateAfter(
  store: Store,
  { runId, recipe, round }: { runId: string; recipe: StoredRecipe; round: number },
): Promise<{ state: ForkState; before: Counts }> {
  const { stop, skillMix } = planOf(recipe);
  let before = noCounts();
  let totals = noCounts();
  const state: ForkState = {
    round: round + 1,
    checkpoint: null,
    totals,
    askCalls: 0,
    rounds: [],
    stalledRounds: 0,
  };
  const mix: MixState = { isExtracted: skillMix?.extraction === null, rounds: 0, calls: 0 };
  for (let done = 1; done <= round; done += 1) {
    const files = roundFiles(runId, done);
    const counts = await countRound(store, { runId, round: done });
    const refined = await readJsonIfAny<RefinedRound>(store, files.refined);
    const extracted = await readJsonIfAny<GatheredSkills>(store, files.extracted);
    before = totals;
    totals = addCounts(totals, counts);
    for (const { phase, plan } of await readPhases(store, { runId, round: done })) {
      if (askPhases.includes(phase)) state.askCalls += plan.length;
    }
    if ((await store.read(files.checkpoint)) !== undefined) {
      state.checkpoint = { ...(await refTo(store, files.checkpoint)), count: 1 };
    }
    if (extracted) {
      mix.rounds += 1;
      mix.calls += counts.calls.planned;
    } else if (recipe.method !== 'deita') {
      const { parsed, accepted } = counts.candidates;
      const { stallYield, stallRounds } = stop;
      const stalled = stalledRounds({ before: state.stalledRounds, parsed, accepted, stallYield });
      // So many have paused the parent, and somebody has resumed it.
      state.stalledRounds = stalled >= stallRounds ? 0 : stalled;
    }
    state.rounds.push(rowOf(done, { counts, refined, note: extracted?.note ?? '' }));
  }
  if (skillMix?.extraction) mix.isExtracted = (await store.read(runFiles(runId).skills)) !== undefined;
  return {
    before,
    state: {
      ...state,
      totals,
      rounds: state.rounds.slice(-roundsShown),
      ...(skillMix && { mix }),
      ...(recipe.method === 'deita' && { stages: await stagesOf(store, runId) }),
    },
  };
}

function rowOf(
  round: number,
  { counts, refined, note }: { counts: Counts; refined: RefinedRound | undefined; note: string },
): RoundRow {
  const { parsed, accepted } = counts.candidates;
  const row = { round, calls: counts.calls.planned, candidates: parsed, accepted };
  if (!refined) return { ...row, attractiveBatches: null, heldOutLoss: null, note };
  const { loss, attractiveBatches } = refined;
  // Without a loss nothing was measured.
  return { ...row, attractiveBatches: loss && attractiveBatches, heldOutLoss: loss, note: refined.note };
}

async function stagesOf(store: Store, runId: string): Promise<StagesState> {
  const { parts, rows } = await givenRows(store, runId);
  return { reason: '', firstRound: 1, parts, rows };
}

/** Rows of `data`, and the rounds that they take. */
export async function givenRows(store: Store, runId: string): Promise<{ rows: number; parts: number }> {
  let rows = 0;
  for (let parts = 0; ; parts += 1) {
    const file = roundFiles(runId, parts + 1).rows;
    const count = (await store.read(file)) === undefined ? 0 : (await refTo(store, file)).count;
    if (count === 0) return { rows, parts };
    rows += count;
  }
}
