import assert from 'node:assert/strict';
import type { CallRow } from '../../activities/rows.js';
import { roundFiles, runFiles } from '../../activities/run-files.js';
import type { Candidate } from '../../activities/types.js';
import { verifyRun } from '../../client/verify.js';
import { compactedName, type LedgerRow } from '../../store/ledger.js';
import { RunHarness } from '../run-harness.js';
import { rows } from './dataset.js';

describe('verify', () => {
  let harness: RunHarness;
  let runId: string;

  before(async function () {
    this.timeout(0);
    harness = await RunHarness.start();
    runId = await harness.finishedRun({ target: 12, signal: 'none' });
  });
  after(() => harness.stop());

  const files = () => roundFiles(runId, 1);
  const dataset = (name: string) => runFiles(runId).dataset(name);

  /** What verify says while a file is changed; the file is put back. */
  async function problemsWith(name: string, change: (text: string) => string): Promise<string> {
    const before = (await harness.store.read(name)) as Buffer;
    const changed = change(before.toString('utf8'));
    assert.notEqual(changed, before.toString('utf8'));
    await harness.store.write(name, changed);
    try {
      const { ok, problems } = await verifyRun(harness.store, runId);
      assert.equal(ok, problems.length === 0);
      return problems.join('\n');
    } finally {
      await harness.store.write(name, before);
    }
  }

  it('finds nothing wrong with a run that nobody touched', async () => {
    const { ok, problems } = await verifyRun(harness.store, runId);
    assert.deepEqual([ok, problems], [true, []]);
  });

  it('finds a ledger row whose cost was changed', async () => {
    const ledger = compactedName(files().phase('instructions').ledger(0));
    const cheaper = (row: LedgerRow) =>
      row.row === 'outcome' ? { ...row, costUsd: (row.costUsd ?? 0) / 2 } : row;
    assert.match(await problemsWith(ledger, eachRow(cheaper)), /is booked at .*, its usage costs/);
  });

  it('finds a ledger row of a call that nobody planned', async () => {
    const ledger = compactedName(files().phase('instructions').ledger(0));
    const stray = (row: LedgerRow) => (row.row === 'intent' ? { ...row, callIndex: 99 } : row);
    assert.match(await problemsWith(ledger, eachRow(stray)), /attempts belong to no planned call/);
  });

  it('finds a planned call without a row', async () => {
    const calls = files().phase('answers').calls(0);
    assert.match(await problemsWith(calls, withoutLast), /1 planned calls have no row/);
  });

  it('finds an answered call that names no stored answer', async () => {
    const calls = files().phase('answers').calls(0);
    const unkept = eachRow((row: CallRow) => ({ ...row, callKey: null }));
    assert.match(await problemsWith(calls, unkept), /answered calls name no stored answer/);
  });

  it('finds a candidate that was dropped', async () => {
    assert.match(
      await problemsWith(files().candidates, withoutLast),
      /1 items of stored answers have no verdict/,
    );
  });

  it('finds a candidate that no answer holds', async () => {
    const invented = eachRow((row: Candidate, index) => (index === 0 ? { ...row, id: 'invented' } : row));
    assert.match(await problemsWith(files().candidates, invented), /1 candidates come from no stored answer/);
  });

  it('finds a verdict that was changed afterwards', async () => {
    const promoted = eachRow((row: Candidate) => ({ ...row, verdict: { state: 'accepted' } }));
    assert.match(
      await problemsWith(files().candidates, promoted),
      /accepted: the status says \d+, the store has \d+/,
    );
  });

  it('finds a training file that was edited', async () => {
    const edited = (text: string) => text.replace('matters', 'does not matter');
    assert.match(await problemsWith(dataset('train.jsonl'), edited), /train\.jsonl .* was changed/);
  });

  it('finds a training file that lost a row', async () => {
    assert.match(await problemsWith(dataset('train.jsonl'), withoutLast), /train\.jsonl .* was changed/);
  });

  it('finds an Alpaca file that was edited', async () => {
    const edited = (text: string) => text.replace('matters', 'does not matter');
    assert.match(
      await problemsWith(dataset('alpaca.json'), edited),
      /1 rows of the dataset are not what was accepted/,
    );
  });

  it('finds a lineage that lost a row', async () => {
    assert.match(
      await problemsWith(dataset('lineage.jsonl'), withoutLast),
      /lineage\.jsonl has 11 rows, not 12/,
    );
  });

  it('says that there is no such run', async () => {
    await assert.rejects(verifyRun(harness.store, 'no-such-run'), /no run no-such-run in/);
  });
});

function eachRow<T>(change: (row: T, index: number) => unknown): (text: string) => string {
  return (text) =>
    rows<T>(text)
      .map((row, index) => `${JSON.stringify(change(row, index))}\n`)
      .join('');
}

function withoutLast(text: string): string {
  return text.replace(/[^\n]*\n$/, '');
}
