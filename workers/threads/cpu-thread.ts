import type { ComputeElsewhere } from '../../activities/create-activities.js';
import type { CpuTask } from './cpu-work.js';
import { PinnedThread } from './pinned-thread.js';

/**
 * The thread of a worker process that does the work of the queue `cpu`. It starts with the first task. One is enough:
 * each round needs its run's index, which lies in one memory, and the queue gives a process one task at a time; for
 * more cores, more processes serve it.
 */
export function cpuThread(): PinnedThread {
  return new PinnedThread(new URL('./cpu-work.js', import.meta.url));
}

/** The activities of the queue `cpu` in a thread whose entry is `cpu-work.ts`; an activity's signal ends the thread. */
export function computeIn(thread: PinnedThread, { storeUrl }: { storeUrl: string }): ComputeElsewhere {
  return (signal) => {
    const task = <Input>(input: Input): CpuTask<Input> => ({ storeUrl, input });
    return {
      screenCandidates: (input) => thread.run('screenCandidates', task(input), { signal }),
      decideCandidates: (input) => thread.run('decideCandidates', task(input), { signal }),
      composeBatches: (input) => thread.run('composeBatches', task(input), { signal }),
      refineSeeds: (input) => thread.run('refineSeeds', task(input), { signal }),
      gatherSkills: (input) => thread.run('gatherSkills', task(input), { signal }),
      proposeSynonyms: (input) => thread.run('proposeSynonyms', task(input), { signal }),
      mergeSynonyms: (input) => thread.run('mergeSynonyms', task(input), { signal }),
      assembleExamples: (input) => thread.run('assembleExamples', task(input), { signal }),
      decideExamples: (input) => thread.run('decideExamples', task(input), { signal }),
      openRows: (input) => thread.run('openRows', task(input), { signal }),
      gatherScores: (input) => thread.run('gatherScores', task(input), { signal }),
      selectRows: (input) => thread.run('selectRows', task(input), { signal }),
      exportDataset: (input) => thread.run('exportDataset', task(input), { signal }),
      gatherVariants: (input) => thread.run('gatherVariants', task(input), { signal }),
      decideVariants: (input) => thread.run('decideVariants', task(input), { signal }),
      gatherRankings: (input) => thread.run('gatherRankings', task(input), { signal }),
    };
  };
}
