/** Entry of the thread that does what the queue `cpu` asks for: a worker's activities on a store of its own. */
import { composeBatches as compose } from '../../activities/compose-batches.js';
import { decideCandidates as decide } from '../../activities/decide-candidates.js';
import { refineSeeds as refine } from '../../activities/refine-seeds.js';
import { Runs } from '../../activities/run-data.js';
import { CandidateScreen } from '../../activities/screen-candidates.js';
import type {
  ComposeInput,
  ComposeResult,
  CpuActivities,
  RefineInput,
  RefineResult,
  RoundInput,
} from '../../activities/types.js';
import { openStore } from '../../store/open-store.js';

/** An activity's input, and the store that its run lies in. */
export interface CpuTask<Input> {
  storeUrl: string;
  input: Input;
}

/** Keeps the indexes of runs from one round to the next. */
let open: { runs: Runs; screen: CandidateScreen } | null = null;

async function opened({ storeUrl }: CpuTask<unknown>): Promise<NonNullable<typeof open>> {
  if (open === null) {
    const runs = new Runs(await openStore(storeUrl));
    open = { runs, screen: new CandidateScreen(runs) };
  }
  return open;
}

export async function screenCandidates(
  task: CpuTask<RoundInput>,
): ReturnType<CpuActivities['screenCandidates']> {
  const { screen } = await opened(task);
  return await screen.screenCandidates(task.input);
}

export async function decideCandidates(
  task: CpuTask<RoundInput>,
): ReturnType<CpuActivities['decideCandidates']> {
  const { runs } = await opened(task);
  return await decide(runs, task.input);
}

export async function composeBatches(task: CpuTask<ComposeInput>): Promise<ComposeResult> {
  const { runs } = await opened(task);
  return await compose(runs, task.input);
}

export async function refineSeeds(task: CpuTask<RefineInput>): Promise<RefineResult> {
  const { runs } = await opened(task);
  return await refine(runs, task.input);
}
