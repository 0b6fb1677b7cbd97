/** What a fork takes over from its parent: copies of its own, so that neither needs the other afterwards. */
import { roundFiles, runFiles } from '../../activities/run-files.js';
import { readJsonIfAny } from '../../store/artifacts.js';
import { UserError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';
import type { RunManifest } from '../run-identity.js';

/** Files copied at once. */
const lanes = 16;

export interface CopiedRounds {
  /** Run ids. */
  from: string;
  to: string;
  /** The parent's, as it was when the fork was asked for. */
  hash: string;
  /** The last round that is copied; 0: only what the run was given. */
  round: number;
  /** The rounds hold parts of `data`: those of all rounds are needed. */
  hasData: boolean;
  /** Skills and query types that an extraction has ended with are copied too. */
  hasLists: boolean;
}

/**
 * Copies what a run was given, its rounds up to one of them, and the seeds that the next round begins with. Left out is what
 * belongs to the parent alone: its ledgers and its files of batches. Made once more it replaces the same bytes.
 * @throws UserError when the parent is removed meanwhile.
 */
export async function copyRounds(store: Store, rounds: CopiedRounds): Promise<void> {
  const { from, to } = rounds;
  const names = await store.list(from);
  const wanted = names.filter((name) => isWanted(name, rounds));
  const referring = new Set(upTo(rounds.round).flatMap((round) => referringFiles(from, round)));
  const lane = async () => {
    for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
      const bytes = await store.read(name);
      if (!bytes) throw new UserError(removedMeanwhile(rounds));
      const copied = referring.has(name) ? bytes.toString('utf8').replaceAll(`"${from}/`, `"${to}/`) : bytes;
      await store.write(`${to}/${name.slice(from.length + 1)}`, copied);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  // Whoever removes a run begins with its manifest: while that is there, nothing was missing from the list.
  const parent = await readJsonIfAny<RunManifest>(store, runFiles(from).manifest);
  if (parent?.hash !== rounds.hash) throw new UserError(removedMeanwhile(rounds));
}

function removedMeanwhile({ from, to }: CopiedRounds): string {
  return `run ${from} was removed while it was copied: "seedmill rm ${to}" takes away what there is of its fork`;
}

function isWanted(name: string, { from, round, hasData, hasLists }: CopiedRounds): boolean {
  const files = runFiles(from);
  if (name === files.seeds || name === files.heldOutGiven) return true;
  if (name.startsWith(`${from}/given/`) || name.startsWith(`${from}/added-seeds/`)) return true;
  if (name === files.skills || name === files.queryTypes) return hasLists;
  const number = roundOf(name, from);
  if (number === null) return false;
  const { rows, originals, seedPool, joinedSeeds } = roundFiles(from, number);
  if (hasData && (name === rows || name === originals)) return true;
  if (number === round + 1) return round > 0 && (name === seedPool || name === joinedSeeds);
  return number <= round && !isParents(name);
}

/** Those that refer to others by their names. */
function referringFiles(runId: string, round: number): string[] {
  const { trained, refined, review } = roundFiles(runId, round);
  return [trained, refined, review];
}

/** null: not of a round. */
function roundOf(name: string, runId: string): number | null {
  const found = /^rounds\/(\d+)\//.exec(name.slice(runId.length + 1));
  return found ? Number(found[1]) : null;
}

/**
 * Ledgers, what was counted with them, and files of batches: what was paid is on the parent's books. And where the student would
 * have gone on inside a round.
 */
function isParents(name: string): boolean {
  return /\/shard-\d+\.(ledger|counts)[./]|\/batch-\d+-\d+\.|\/student\/state\.safetensors$/.test(name);
}

function upTo(round: number): number[] {
  return Array.from({ length: round }, (_, n) => n + 1);
}
