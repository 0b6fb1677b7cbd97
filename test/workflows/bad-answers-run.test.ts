import assert from 'node:assert/strict';
import { readStatus, type StatusReport } from '../../client/status.js';
import { verifyRun } from '../../client/verify.js';
import { sumUsd } from '../../store/pricing.js';
import { type BadAnswer, badAnswers } from '../bad-answers.js';
import { readBooks } from '../cli/provider-books.js';
import type { Fault } from '../openai-server.js';
import { price, RunHarness } from '../run-harness.js';
import { readDataset } from './dataset.js';

/** What was said to be used without being so is in no bill. */
const cases = Object.values(badAnswers).filter(
  ({ becomes }) => !('usage' in becomes && becomes.usage === 'known'),
);

describe('a run whose endpoint answers everything that it should not', () => {
  let harness: RunHarness;
  let status: StatusReport;
  let redirects = 0;

  before(async function () {
    this.timeout(0);
    // Each prompt gets one of them at first, then answers like any other.
    const seen = new Map<string, BadAnswer | undefined>();
    const waiting = [...cases];
    const fault = ({ prompt }: { prompt: string }): Fault | undefined => {
      if (seen.has(prompt)) return undefined;
      const bad = waiting.shift();
      seen.set(prompt, bad);
      if (bad) return faultOf(bad);
      redirects += 1;
      return redirects === 1
        ? { status: 307, headers: { location: 'http://127.0.0.1:9/v1' }, body: '' }
        : undefined;
    };
    harness = await RunHarness.start({ teacher: { fault } });
    const runId = await harness.startRun({ target: 60, teacher: { timeoutMs: 5000 } });
    // Only a person can tell where the endpoint has gone.
    const { settings } = await harness.untilPaused(runId);
    assert.match(settings.paused?.reason ?? '', /redirects/);
    await harness.resume(runId);
    await harness.result(runId);
    status = await readStatus(harness.store, runId);
  });
  after(() => harness.stop());

  it('gets through all of it to its target', async () => {
    assert.ok(redirects > 0);
    assert.deepEqual([status.state, status.stopReason], ['finished', 'target reached']);
    assert.equal((await readDataset(harness, status.runId)).train.length, 60);
  });

  it('adds up', async () => {
    const { ok, problems } = await verifyRun(harness.store, status.runId);
    assert.deepEqual([ok, problems], [true, []]);
  });

  it('drops what was refused, and nothing else', () => {
    const refused = cases.filter(
      ({ becomes }) => 'failure' in becomes && becomes.failure === 'InvalidRequest',
    );
    assert.deepEqual(status.calls.failed, { 'invalid-request': refused.length });
  });

  it('has one intent for each request, and bounds the bill', async () => {
    const { runId, round: rounds } = status;
    const { requests } = harness.teacher;
    const books = await readBooks({ store: harness.store, runId, rounds, requests, price });
    assert.deepEqual([books.intendedTwice, books.withoutIntent, books.misbooked], [0, [], []]);
    const { knownUsd, billUsd, unknownUsd } = books;
    assert.ok(knownUsd < billUsd && billUsd <= sumUsd([knownUsd, unknownUsd]), JSON.stringify(books));
  });
});

/** With a status for the bill where the provider asks nothing for it. */
function faultOf({ respond, becomes }: BadAnswer): Fault {
  return { respond, ...('failure' in becomes && becomes.bill === 'none' && { status: 500 }) };
}
