import { openStore } from '../../store/open-store.js';
import { ensureServices } from '../../workers/services.js';
import type { Context } from '../context.js';
import { unfinishedRuns } from '../runs.js';
import { printJson } from '../terminal.js';

/** `seedmill up`: starts everything but a run, and leaves it running. Returns the exit code. */
export async function up({ stateDir, storeUrl, say, json }: Context): Promise<number> {
  const { store } = await openStore(storeUrl);
  const teachers = (await unfinishedRuns(store)).flatMap(({ teacherQueues }) => teacherQueues);
  const { temporal, teacher, searchAttributes } = await ensureServices({
    stateDir,
    storeUrl: store.url,
    say,
    needs: {
      localTeacher: {},
      student: true,
      worker: { queues: ['seedmill', 'cpu', ...new Set(teachers)] },
    },
    onTemporal: ({ uiUrl }) => say(`Temporal UI: ${uiUrl ?? 'wherever your server has it'}`),
  });
  const { address, namespace, uiUrl, origin } = temporal;
  say('Everything is up. Stop it with: npx seedmill down');
  if (json) {
    const result = { temporal: { address, namespace, uiUrl, origin }, teacher, searchAttributes };
    printJson(result);
  }
  return 0;
}
