/** Long work on files: its progress on standard error, and an end by Ctrl-C that leaves no half of a file. */
import { createLogUpdate } from 'log-update';
import { UserError } from '../store/errors.js';

/** Without a terminal a line is printed at most this often. */
const lineEveryMs = 10_000;

/**
 * Runs `work`; what it tells of its progress is shown as `describe` puts it. SIGINT and SIGTERM abort the signal, with a
 * `UserError` as the reason, and `work` is to write nothing then.
 */
export async function fileWork<Progress, Result>(
  describe: (progress: Progress) => string,
  work: (hooks: { onProgress: (progress: Progress) => void; signal: AbortSignal }) => Promise<Result>,
): Promise<Result> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new UserError('interrupted: nothing was written'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const progress = progressOnStderr();
  try {
    return await work({
      onProgress: (now) => progress.show(() => describe(now)),
      signal: interrupted.signal,
    });
  } finally {
    progress.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function progressOnStderr(): { show: (line: () => string) => void; end: () => void } {
  if (process.stderr.isTTY) {
    const update = createLogUpdate(process.stderr);
    return { show: (line) => update(line()), end: () => update.clear() };
  }
  let shownAt = performance.now();
  const show = (line: () => string) => {
    if (performance.now() - shownAt < lineEveryMs) return;
    shownAt = performance.now();
    process.stderr.write(`${line()}\n`);
  };
  return { show, end: () => {} };
}
