/** Recomputes what a run of DEITA's evolution has written from its stored answers. */
import { evolutionDataset, type VariantRow } from '../activities/deita/export-evolution.js';
import { evolveOf, rankRoundOf } from '../activities/deita/evolution.js';
import { rankedOrigins } from '../activities/deita/gather-rankings.js';
import { decidedVariants, type EvolvedRound, madeVariants } from '../activities/deita/gather-variants.js';
import type { RunResult } from '../activities/export-dataset.js';
import type { StoredRecipe } from '../activities/run-data.js';
import { roundFiles, runFiles } from '../activities/run-files.js';
import type { TrainScorerResult } from '../activities/student-messages.js';
import type { Candidate } from '../activities/types.js';
import { readJson, readJsonIfAny, readJsonl, readJsonlAt, sha256Hex } from '../store/artifacts.js';
import { CorruptDataError } from '../store/errors.js';
import type { StatedOrigin } from '../methods/stated-origin.js';
import type { Store } from '../store/types.js';
import { compareRows } from './compare-rows.js';

/** Whether each variant, or score, of a round is what the answers say. */
export async function verifyEvolvedRound(
  at: EvolvedRound,
  candidates: readonly Candidate[],
): Promise<string[]> {
  return await orProblem(async () => {
    if (at.round < rankRoundOf(at.recipe)) {
      const made = await decidedVariants(at, await madeVariants(at));
      return compareRows(candidates, made, 'variants are not what their answers say');
    }
    const files = roundFiles(at.runId, at.round);
    const { rankings, pairs } = await rankedOrigins(at);
    return [
      ...compareRows(
        await readJsonlAt(at.store, files.rankings),
        rankings,
        'rankings are not what their answers say',
      ),
      ...compareRows(
        await readJsonlAt(at.store, files.scorerPairs),
        pairs,
        'scorer pairs are not what was ranked',
      ),
    ];
  });
}

/** Whether the exported files are what the rounds have come to. */
export async function verifyEvolution(
  { store, recipe, runId }: { store: Store; recipe: StoredRecipe; runId: string },
  result: RunResult,
): Promise<{ examples: number; surplus: number; problems: string[] }> {
  const { dataset: folder, train, surplus } = result.dataset;
  const problems = await orProblem(async () => {
    const made = await evolutionDataset(store, { recipe, runId });
    const read = (name: string) => readJsonlAt<unknown>(store, `${folder}/${name}`);
    const lineage = await readJsonlAt<VariantRow & StatedOrigin & { run: string; method: string }>(
      store,
      `${folder}/lineage.jsonl`,
    );
    const isQuality = evolveOf(recipe).aspect === 'quality';
    return [
      ...compareRows(
        await readJsonl(store, train),
        made.train,
        'rows of train.jsonl are not the best variants',
      ),
      ...compareRows(
        await read('variants.jsonl'),
        made.variants,
        'rows of variants.jsonl are not what was made',
      ),
      ...compareRows(
        await read('scorer-pairs.jsonl'),
        made.pairs,
        'rows of scorer-pairs.jsonl are not what was ranked',
      ),
      ...(isQuality
        ? compareRows(await read('dpo.jsonl'), made.dpo, 'rows of dpo.jsonl are not what was ranked')
        : []),
      ...compareRows(
        lineage.map(({ run: _run, method: _method, source: _source, licence: _licence, ...row }) => row),
        made.lineage,
        'rows of lineage.jsonl are not those of train.jsonl',
      ),
      ...compareRows(
        [await readJson(store, `${folder}/evolution.json`)],
        [made.report],
        'report is not what was made',
      ),
      ...(await verifyScorer(store, runId, folder)),
    ];
  });
  return { examples: train.count, surplus: surplus.count, problems };
}

/** Its adapter lies in the dataset as it was trained. */
async function verifyScorer(store: Store, runId: string, folder: string): Promise<string[]> {
  const trained = await readJsonIfAny<TrainScorerResult>(store, runFiles(runId).scorerReport);
  if (trained === undefined) return [];
  const bytes = await store.read(`${folder}/scorer/adapter_model.safetensors`);
  const isSame = bytes !== undefined && sha256Hex(bytes) === trained.adapter.sha256;
  return isSame ? [] : ['scorer/adapter_model.safetensors is not what was trained'];
}

/** A file that is missing or damaged is a problem like others. */
async function orProblem(work: () => Promise<string[]>): Promise<string[]> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return [error.message];
  }
}
