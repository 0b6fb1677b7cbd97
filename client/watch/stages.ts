/** What a run goes through, and where it is. */
import type { StoredRecipe } from '../../activities/run-data.js';
import type { StatusReport } from '../status.js';

export type Stage = 'generate' | 'score' | 'select' | 'export';

/** What a run of this recipe goes through, in order. */
export function stagesOf({
  method,
  score,
  select,
}: Pick<StoredRecipe, 'method' | 'score' | 'select'>): Stage[] {
  return [
    ...(method === 'deita' ? [] : ['generate' as const]),
    ...(score ? ['score' as const] : []),
    ...(select ? ['select' as const] : []),
    'export',
  ];
}

/** By the step, as the loop words it. */
export function stageOf({ state, step, scoring }: StatusReport): Stage {
  if (step === 'done' || state === 'finished' || state === 'cancelled') return 'export';
  if (step === 'selecting') return 'select';
  if (
    scoring !== null ||
    /^(?:calls: )?(?:complexity|quality|vectors|scoring|embedding|gathering scores)/.test(step)
  )
    return 'score';
  return 'generate';
}
