/** A student that measures by hashing: the same examples always measure the same, and nothing is trained. */
import type {
  BatchSignal,
  ScorerPair,
  TrainingBatch,
  TrainRoundInput,
  TrainScorerInput,
  TrainScorerResult,
} from '../activities/student-messages.js';
import type { TrainRoundResult } from '../activities/types.js';
import { readJsonl, sha256Hex, writeJson, writeJsonl } from '../store/artifacts.js';
import type { Store } from '../store/types.js';

export async function trainRound(store: Store, input: TrainRoundInput): Promise<TrainRoundResult> {
  const batches = await readJsonl<TrainingBatch>(store, input.batches);
  const rows: BatchSignal[] = batches.map(({ batch, examples }) => ({
    batch,
    gain: fraction(examples.map(({ id }) => id).join()) - 0.3,
    standardError: 0.01,
    examples: examples.map(({ id }) => ({
      id,
      answerLoss: 1 + fraction(id),
      score: fraction(`score ${id}`),
    })),
  }));
  const folder = `${input.run.runId}/rounds/${String(input.round).padStart(3, '0')}`;
  const signal = await writeJsonl(store, `${folder}/signal.jsonl`, rows);
  const checkpoint = await writeJson(store, `${folder}/student/checkpoint.safetensors`, {
    round: input.round,
  });
  const loss = { before: 3 - input.round * 0.1, after: 2.9 - input.round * 0.1, rows: input.heldOut.count };
  return {
    signal,
    checkpoint,
    adapter: checkpoint,
    steering: loss,
    reporting: loss,
    device: 'scripted',
    seconds: 0,
  };
}

/** Says that it has learnt something; its adapter is no adapter, but made of the pairs. */
export async function trainScorer(store: Store, input: TrainScorerInput): Promise<TrainScorerResult> {
  const pairs = await readJsonl<ScorerPair>(store, input.pairs);
  const adapter = await writeJson(store, `${input.out}/adapter_model.safetensors`, pairs.length);
  await writeJson(store, `${input.out}/adapter_config.json`, { r: input.student.loraRank });
  return {
    adapter,
    before: { loss: 2, meanAbsoluteError: 1.5, ordered: 0.5 },
    after: { loss: 1, meanAbsoluteError: 0.5, ordered: 0.9 },
    pairs: { trained: pairs.length - 1, heldOut: 1, tooLong: 0 },
    device: 'scripted',
    seconds: 0,
  };
}

function fraction(text: string): number {
  return Number.parseInt(sha256Hex(text).slice(0, 8), 16) / 2 ** 32;
}
