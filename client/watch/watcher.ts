import type { Client } from '@temporalio/client';
import { startsFromData } from '../../activities/recipe-deita.js';
import type { StoredRecipe } from '../../activities/run-data.js';
import { type GivenName, runFiles } from '../../activities/run-files.js';
import type { Seed } from '../../activities/types.js';
import { readJson, readJsonlAt } from '../../store/artifacts.js';
import type { Store } from '../../store/types.js';
import { look } from '../look.js';
import { callsDone, type Expected, outlookOf } from './outlook.js';
import { Paces } from './pace.js';
import type { Sight } from './view.js';

const givenLists: readonly GivenName[] = ['skills', 'query-types', 'source-rows', 'benchmark'];

/** Looks at a run again and again, and remembers what it saw: how fast it goes is known from nothing else. */
export class Watcher {
  private readonly of: { store: Store; runId: string };
  private readonly paces = new Paces();
  private recipe: StoredRecipe | null = null;
  private expected: Expected = null;
  private isExpecting = false;

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
    // Only of use before the run's own figures say more; and whoever asks first wants to see something at once.
    if (isMoving && client !== null && status.closedRounds.accepted === 0) this.expect(this.recipe);
    return {
      status,
      stages: stagesOf(this.recipe),
      rounds,
      problems,
      callsPerMinute: this.paces.now,
      outlook: outlookOf({ status, rounds, expected: this.expected, callsPerMinute: this.paces.whole }),
    };
  }

  private expect(recipe: StoredRecipe): void {
    if (this.isExpecting || startsFromData(recipe.method)) return;
    this.isExpecting = true;
    const made = expectedOf(this.of.store, this.of.runId, recipe);
    // What cannot be expected is not shown.
    made.then(
      (expected) => {
        this.expected = expected;
      },
      () => {},
    );
  }
}

/** What the method is expected to need, by what is assumed of it. */
async function expectedOf(store: Store, runId: string, recipe: StoredRecipe): Promise<Expected> {
  const { makePlan } = await import('../plan/make-plan.js');
  const { nothingMeasured } = await import('../plan/measure.js');
  const files = runFiles(runId);
  const rowsOf = <Row>(name: string) => readJsonlAt<Row>(store, name, { missing: 'empty' });
  const seeds = await rowsOf<Seed>(files.seeds);
  const lists = await Promise.all(
    givenLists.map(async (name) => [name, await rowsOf<unknown>(files.given(name))] as const),
  );
  const given = Object.fromEntries(lists.filter(([, rows]) => rows.length > 0));
  const { total } = await makePlan({ recipe, seeds, given, measured: nothingMeasured() });
  return { calls: total.calls, usd: total.usd };
}

/** What a run of this recipe goes through. */
function stagesOf({ method, score, select }: StoredRecipe): string[] {
  return [
    ...(method === 'deita' ? [] : ['generate']),
    ...(score ? ['score'] : []),
    ...(select ? ['select'] : []),
    'export',
  ];
}
