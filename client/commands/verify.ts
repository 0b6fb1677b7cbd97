import { checkRunId } from '../../store/names.js';
import { findStore } from '../../store/open-store.js';
import type { Context } from '../context.js';
import { verifyRun } from '../verify.js';
import { printJson } from '../terminal.js';

/** `seedmill verify`: exit code 1 when anything does not add up. */
export async function verify(context: Context, runId: string): Promise<number> {
  checkRunId(runId);
  const store = await findStore(context.storeUrl);
  const report = await verifyRun(store, runId);
  if (context.json) {
    printJson(report);
    return report.ok ? 0 : 1;
  }
  const { calls, candidates, attempts, say } = { ...report, say: context.say };
  const failed = Object.values(calls.failed).reduce((a, b) => a + b, 0);
  const rejected = Object.values(candidates.rejected).reduce((a, b) => a + b, 0);
  say(
    `calls: ${calls.planned} planned = ${calls.answered} answered + ${failed} failed + ${calls.pending} pending`,
  );
  say(
    `candidates: ${candidates.parsed} parsed = ${candidates.accepted} accepted + ${rejected} rejected + ${candidates.undecided} undecided`,
  );
  say(
    `ledger: ${attempts.sent} requests, ${attempts.failed} failed, ${attempts.unknown} with unknown bill; ` +
      (report.costUsd === null ? 'cost unknown (no price for a model)' : `$${report.costUsd} known`) +
      `, at most ${report.unknownUsd === null ? 'an unknown amount' : `$${report.unknownUsd}`} more`,
  );
  if (report.dataset)
    say(`dataset: ${report.dataset.examples} examples, ${report.dataset.surplus} in surplus`);
  if (report.previews) {
    const { sent, knownUsd, unknownUsd } = report.previews;
    const [known, more] = [knownUsd, unknownUsd].map((usd) => (usd === null ? 'unknown cost' : `$${usd}`));
    say(
      `previews of this recipe, no part of the run: ${sent} requests, ${known} known, at most ${more} more`,
    );
  }
  for (const problem of report.problems) say(`does not add up: ${problem}`);
  say(
    report.ok
      ? 'everything adds up'
      : `${report.problems.length} ${report.problems.length === 1 ? 'problem' : 'problems'}`,
  );
  return report.ok ? 0 : 1;
}
