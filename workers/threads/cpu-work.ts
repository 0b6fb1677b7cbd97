/** Entry of the thread that does what the queue `cpu` asks for: a worker's activities on a store of its own. */
import { composeBatches as compose } from '../../activities/compose-batches.js';
import { decideCandidates as decide } from '../../activities/decide-candidates.js';
import { gatherScores as gatherDeitaScores } from '../../activities/deita/gather-scores.js';
import { gatherRankings as gatherDeitaRankings } from '../../activities/deita/gather-rankings.js';
import {
  decideVariants as decideDeitaVariants,
  gatherVariants as gatherDeitaVariants,
} from '../../activities/deita/gather-variants.js';
import { openRows as openDeitaRows } from '../../activities/deita/open-rows.js';
import { selectRows as selectDeitaRows } from '../../activities/deita/select-rows.js';
import { exportDataset as exportRun } from '../../activities/export-dataset.js';
import { refineSeeds as refine } from '../../activities/refine-seeds.js';
import { Runs } from '../../activities/run-data.js';
import { RunPool } from '../../activities/run-pool.js';
import { CandidateScreen } from '../../activities/screen-candidates.js';
import { ExampleAssembly } from '../../activities/skillmix/assemble-examples.js';
import { decideExamples as decideMix } from '../../activities/skillmix/decide-examples.js';
import { gatherSkills as gather } from '../../activities/skillmix/gather-skills.js';
import { mergeSynonyms as merge, proposeSynonyms as propose } from '../../activities/skillmix/synonyms.js';
import type {
  ComposeInput,
  ComposeResult,
  CpuActivities,
  ExportInput,
  ExportResult,
  GatheredRankings,
  GatheredSkills,
  OpenedRows,
  RefineInput,
  RefineResult,
  RoundInput,
  VerdictInput,
  SelectRowsInput,
} from '../../activities/types.js';
import { openStore } from '../../store/open-store.js';

/** An activity's input, and the store that its run lies in. */
export interface CpuTask<Input> {
  storeUrl: string;
  input: Input;
}

/** Keeps the indexes of runs from one round to the next. */
let open: { runs: Runs; screen: CandidateScreen; assembly: ExampleAssembly } | null = null;

async function opened({ storeUrl }: CpuTask<unknown>): Promise<NonNullable<typeof open>> {
  if (open === null) {
    const runs = new Runs(await openStore(storeUrl));
    const pool = new RunPool(runs);
    open = { runs, screen: new CandidateScreen(runs, pool), assembly: new ExampleAssembly(runs, pool) };
  }
  return open;
}

export async function screenCandidates(
  task: CpuTask<VerdictInput>,
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

export async function gatherSkills(task: CpuTask<RoundInput>): Promise<GatheredSkills> {
  const { runs } = await opened(task);
  return await gather(runs, task.input);
}

export async function proposeSynonyms(
  task: CpuTask<RoundInput>,
): ReturnType<CpuActivities['proposeSynonyms']> {
  const { runs } = await opened(task);
  return await propose(runs, task.input);
}

export async function mergeSynonyms(task: CpuTask<RoundInput>): Promise<GatheredSkills> {
  const { runs } = await opened(task);
  return await merge(runs, task.input);
}

export async function assembleExamples(
  task: CpuTask<VerdictInput>,
): ReturnType<CpuActivities['assembleExamples']> {
  const { assembly } = await opened(task);
  return await assembly.assembleExamples(task.input);
}

export async function openRows(task: CpuTask<RoundInput & { target: number }>): Promise<OpenedRows> {
  const { runs } = await opened(task);
  return await openDeitaRows(runs, task.input);
}

export async function gatherScores(task: CpuTask<RoundInput>): ReturnType<CpuActivities['gatherScores']> {
  const { runs } = await opened(task);
  return await gatherDeitaScores(runs, task.input);
}

export async function selectRows(task: CpuTask<SelectRowsInput>): ReturnType<CpuActivities['selectRows']> {
  const { runs } = await opened(task);
  return await selectDeitaRows(runs, task.input);
}

export async function gatherVariants(task: CpuTask<RoundInput>): ReturnType<CpuActivities['gatherVariants']> {
  const { runs } = await opened(task);
  return await gatherDeitaVariants(runs, task.input);
}

export async function decideVariants(task: CpuTask<RoundInput>): ReturnType<CpuActivities['decideVariants']> {
  const { runs } = await opened(task);
  return await decideDeitaVariants(runs, task.input);
}

export async function gatherRankings(task: CpuTask<RoundInput>): Promise<GatheredRankings> {
  const { runs } = await opened(task);
  return await gatherDeitaRankings(runs, task.input);
}

export async function exportDataset(task: CpuTask<ExportInput>): Promise<ExportResult> {
  const { runs } = await opened(task);
  return await exportRun(runs, task.input);
}

export async function decideExamples(
  task: CpuTask<VerdictInput>,
): ReturnType<CpuActivities['decideExamples']> {
  const { runs } = await opened(task);
  return await decideMix(runs, task.input);
}
