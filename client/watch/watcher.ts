import type { Client } from '@temporalio/client';
import { startsFromData } from '../../activities/recipe-deita.js';
import { scoringPhasesOf } from '../../activities/recipe-phases.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { runFiles } from '../../activities/run-files.js';
import { readJson } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import { look } from '../look.js';
import type { StatusReport } from '../status.js';
import { expectRun, nothingExpected } from './expect-run.js';
import { callsDone, type Expected, outlookOf } from './outlook.js';
import { Paces } from './pace.js';
import { stageOf, stagesOf } from './stages.js';
import type { Sight } from './view.js';

/** Looks at a run again and again, and remembers what it saw: how fast it goes is known from nothing else. */
export class Watcher {
  private readonly of: { store: Store; runId: string };
  private readonly paces = new Paces();
  private recipe: StoredRecipe | null = null;
  private expected: Expected | null = null;
  /** Whether the rows of the stages were there when what is expected was asked for. */
  private readonly expectedOf = new Set<boolean>();

  constructor(of: { store: Store; runId: string }) {
    this.of = of;
  }

  /** `client`: null where no server answers, or none has been asked yet. */
  async look(client: Client | null): Promise<Sight> {
    const { store, runId } = this.of;
    this.recipe ??= await readJson<StoredRecipe>(store, runFiles(runId).recipe);
    const { status, problems, rounds } = await look({ store, client, runId });
    const isMoving = status.state === 'running' && status.paused === null;
    this.paces.see({ calls: callsDone(status.calls), isPaused: !isMoving }, Date.now());
    // Whoever asks first wants to see something at once.
    if (isMoving && client !== null) this.expect(this.recipe, status);
    const expected = this.expected ?? nothingExpected(this.recipe);
    return {
      status,
      stages: stagesOf(this.recipe),
      rounds,
      problems,
      callsPerMinute: this.paces.now,
      outlook: outlookOf({ status, rounds, expected, callsPerMinute: this.paces.whole }),
    };
  }

  /** At its start, and again once the rows of its stages are there. In the background: whoever looks waits for nothing. */
  private expect(recipe: StoredRecipe, status: StatusReport): void {
    const isStaged = stagesOf(recipe).includes(stageOf(status)) && stageOf(status) !== 'generate';
    const hasRows = startsFromData(recipe.method) || isStaged;
    const isUseful = hasRows || scoringPhasesOf(recipe).length > 0 || status.closedRounds.accepted === 0;
    if (!isUseful || this.expectedOf.has(hasRows)) return;
    this.expectedOf.add(hasRows);
    const fromRound = startsFromData(recipe.method) ? 1 : Math.max(1, status.round);
    // What cannot be expected is not shown.
    expectRun({ ...this.of, recipe, fromRound: hasRows ? fromRound : null }).then(
      (expected) => {
        this.expected = expected;
      },
      () => {},
    );
  }
}
