import type { AskDeps, TeacherCall } from '../../activities/ask-teacher.js';
import { SpendBook } from '../../activities/spend-book.js';
import type { AskedOnce } from '../../activities/teacher-client/ask-once.js';
import { Flights } from '../../activities/teacher-client/flights.js';
import { FileStore } from '../../store/file-store.js';
import { readAttempts } from '../../store/ledger.js';
import { ResponseStore } from '../../store/response-store.js';
import { processWriter } from '../../store/writer.js';
import type { OpenAiServerOptions } from '../openai-server.js';
import { temporaryFolder } from '../temporary-folder.js';
import { completion, endpoint, sampling } from './endpoint.js';

/** Name of the log that the calls write to. */
export const ledger = 'run/rounds/001/tasks/shard-00.ledger';

/** A server and a store for each test of a `describe`, and what calls need. */
export function asking() {
  const folder = temporaryFolder();
  const at = endpoint();
  const stores: FileStore[] = [];
  const open = () => {
    const store = new FileStore(folder());
    stores.push(store);
    return store;
  };
  /** With the rows for which nobody has waited: who reads a log of its own has them written first. */
  const attempts = async () => {
    for (const store of stores) await store.readLog(ledger);
    return await readAttempts(new FileStore(folder()), ledger);
  };
  return {
    folder,
    start: (options: OpenAiServerOptions = {}) => at.start(options),
    /** What a worker process has; two of them share nothing but the store. */
    worker: (): AskDeps => ({
      client: at.client,
      responses: new ResponseStore(open()),
      flights: new Flights<AskedOnce>(),
      writer: processWriter(),
      turn: async () => {},
    }),
    call: (more: Partial<TeacherCall> = {}): TeacherCall => ({
      teacher: 'id:t',
      model: 'm',
      body: completion,
      sampling,
      runSeed: 1,
      nth: 0,
      scope: { reuse: 'project' },
      repair: true,
      freshSamples: 2,
      problemOf: () => 'it is bad.',
      failureOf: ({ text }) => (text.includes('bad') ? 'unparsable' : null),
      ledger: { name: ledger, callIndex: 0, activity: 'wf/1', attempt: 1 },
      price: { inputUsdPerMTok: 2.5, outputUsdPerMTok: 10 },
      book: new SpendBook({ reserved: null, earlier: [] }),
      signal: new AbortController().signal,
      ...more,
    }),
    attempts,
    kinds: async () => (await attempts()).map(({ outcome }) => outcome?.kind ?? 'unknown'),
    /** Waits until something has become true. */
    until: async (isSo: () => boolean | Promise<boolean>) => {
      while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}
