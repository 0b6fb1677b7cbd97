/** A run's dataset as it lies in the store. */
import type { Candidate } from '../../activities/types.js';
import type { RunHarness } from '../run-harness.js';

export interface TrainRow {
  messages: { role: string; content: string }[];
}

export interface AlpacaRow {
  instruction: string;
  input: string;
  output: string;
  round: number | null;
  batch: string | null;
}

export interface LineageRow extends Candidate {
  run: string;
  place: { status: 'batched' | 'waiting' | 'surplus'; round?: number; batch?: string };
}

export interface Dataset {
  train: TrainRow[];
  alpaca: AlpacaRow[];
  lineage: LineageRow[];
  surplus: LineageRow[];
  /** Everything that is the same for the same recipe, seed and answers. */
  comparable: { train: string; alpaca: string; lineage: string; surplus: string };
}

export async function readDataset({ store }: RunHarness, runId: string): Promise<Dataset> {
  const read = async (name: string) => String(await store.read(`${runId}/dataset/${name}`));
  const train = await read('train.jsonl');
  const alpaca = await read('alpaca.json');
  const lineage = await read('lineage.jsonl');
  const surplus = await read('surplus.jsonl');
  return {
    train: rows(train),
    alpaca: JSON.parse(alpaca),
    lineage: rows(lineage),
    surplus: rows(surplus),
    comparable: { train, alpaca, lineage: withoutRunAndCost(lineage), surplus: withoutRunAndCost(surplus) },
  };
}

export function rows<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

function withoutRunAndCost(text: string): string {
  const kept = (key: string, value: unknown) => (key === 'run' || key === 'costUsd' ? undefined : value);
  return rows(text)
    .map((row) => JSON.stringify(row, kept))
    .join('\n');
}
