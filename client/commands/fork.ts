import { findStore, openStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { type ForkRequest, readFork } from '../fork/read-fork.js';
import { startFrom } from '../start-run.js';
import { followStarted, leaveStarted } from './run.js';

export interface ForkOptions extends ForkRequest {
  id?: string;
  isNew?: boolean;
  /** Starts it and leaves it. */
  detach: boolean;
}

/** `seedmill fork`: a new run from another one's stored rounds. Returns the exit code. */
export async function fork(context: Context, options: ForkOptions): Promise<number> {
  // An unknown run is no reason to make a store.
  await findStore(context.storeUrl);
  const opened = await openStore(context.storeUrl);
  const { inputs, note } = await readFork(opened.store, options);
  if (note !== null) context.say(note);
  const { id, isNew } = options;
  const started = await startFrom(context, {
    // Whose folder is the one in which the command runs.
    recipePath: 'recipe',
    ...(id !== undefined && { id }),
    ...(isNew !== undefined && { isNew }),
    opened,
    inputs,
  });
  return options.detach ? await leaveStarted(context, started) : await followStarted(context, started);
}
