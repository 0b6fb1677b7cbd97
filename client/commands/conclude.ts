import type { Context } from '../context.js';
import { lossLine, noteLines, progressLine, selectionWarning, stateWord } from '../progress-lines.js';
import type { StatusReport } from '../status.js';
import { printJson } from '../terminal.js';

/** The closing lines; exit code 0 for a finished run, 1 for one that failed or was cancelled. */
export function conclude({ say, json }: Context, status: StatusReport): number {
  if (json) {
    printJson(status);
  } else {
    say(progressLine(status));
    for (const loss of status.heldOutLoss) say(lossLine(loss));
    for (const line of [...noteLines(status), ...selectionWarning(status)]) say(line);
    say(stateWord(status));
    if (status.dataset) say(`dataset: ${status.dataset}`);
    say(`run: ${status.runId}`);
  }
  return status.state === 'finished' ? 0 : 1;
}
