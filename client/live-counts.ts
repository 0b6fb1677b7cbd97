/** What a round's calls have come to by now, read as sparingly as a look every second must be. */
import {
  type CallCounts,
  callsPerShard,
  countCalls,
  type PhaseFiles,
  type RoundId,
} from '../activities/count-round.js';
import { callPhases } from '../activities/phases.js';
import type { CallRow } from '../activities/rows.js';
import { roundFiles } from '../activities/run-files.js';
import type { CallPhase, Counts, Progress } from '../activities/types.js';
import { countRows, readJson, readJsonlAt } from '../store/artifacts.js';
import { compactedName, readAttempts } from '../store/ledger.js';
import type { Store } from '../store/types.js';
import { addCounts, noCounts } from '../workflows/counts.js';

/** Shards read at once. */
const lanes = 16;

/** The round's counts now: while calls are made, the ledgers of open shards are ahead of `progress.json`. */
export async function liveCounts(store: Store, runId: string, progress: Progress): Promise<Counts> {
  if (progress.phase === null) return progress.current;
  // While calls are made nothing else changes: what was screened was so before they began.
  return { ...progress.current, ...(await countCallsNow(store, { runId, round: progress.round })) };
}

/** Of every shard that has closed its own counts, of the others their rows. */
async function countCallsNow(store: Store, { runId, round }: RoundId): Promise<CallCounts> {
  const files = roundFiles(runId, round);
  const names = await store.list(files.folder);
  const present = new Set(names);
  let planned = 0;
  const shards: { phase: CallPhase; shard: number }[] = [];
  for (const phase of callPhases) {
    const { plan } = files.phase(phase);
    if (!present.has(plan)) continue;
    const calls = await countRows(store, plan);
    planned += calls;
    for (let shard = 0; shard * callsPerShard < calls; shard += 1) shards.push({ phase, shard });
  }
  let sum = noCounts();
  const add = (counts: CallCounts) => {
    sum = addCounts(sum, { ...noCounts(), ...counts });
  };
  // A closed shard has a log only where an answer came after its time.
  const logged = new Set(names.map((name) => name.slice(0, name.lastIndexOf('/'))));
  const lane = async () => {
    for (let next = shards.pop(); next !== undefined; next = shards.pop()) {
      const { calls, counts, ledger } = filesOf(files, next);
      const hasLog = logged.has(ledger);
      if (present.has(counts) && !hasLog) add(await readJson<CallCounts>(store, counts));
      else if (hasLog || present.has(calls) || present.has(compactedName(ledger)))
        add(await countShard(store, next.phase, { calls, ledger }));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { ...sum, calls: { ...sum.calls, planned } };
}

function filesOf(
  files: ReturnType<typeof roundFiles>,
  { phase, shard }: { phase: CallPhase; shard: number },
) {
  const { calls, counts, ledger } = files.phase(phase);
  return { calls: calls(shard), counts: counts(shard), ledger: ledger(shard) };
}

async function countShard(
  store: Store,
  phase: CallPhase,
  files: { calls: string; ledger: string },
): Promise<CallCounts> {
  const calls = await readJsonlAt<CallRow>(store, files.calls, { missing: 'empty' });
  const attempts = await readAttempts(store, files.ledger);
  const shard: PhaseFiles = { phase, plan: [], calls, attempts };
  const counts = countCalls([shard]);
  if (calls.length === 0) counts.calls.answered = answeredCalls(shard);
  return counts;
}

/** Of a shard that is open: calls whose answer is stored. */
function answeredCalls({ attempts }: PhaseFiles): number {
  const answered = attempts.filter(({ outcome }) => outcome?.kind === 'answered');
  return new Set(answered.map(({ intent }) => intent.callIndex)).size;
}
