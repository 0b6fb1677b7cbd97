import assert from 'node:assert/strict';
import { readJsonl, readJsonlAt } from '../../store/artifacts.js';
import { FileStore } from '../../store/file-store.js';
import {
  compactLedger,
  type Intent,
  type LedgerRow,
  type Outcome,
  readAttempts,
  recordRows,
} from '../../store/ledger.js';
import { sumLedger } from '../../store/ledger-sums.js';
import { temporaryFolder } from '../temporary-folder.js';

const ledger = 'run/rounds/001/tasks/shard-00.ledger';

function intent(attemptId: string, more: Partial<Intent> = {}): Intent {
  return {
    row: 'intent',
    attemptId,
    callKey: 'k',
    callIndex: 0,
    activity: 'wf/1',
    attempt: 1,
    model: 'm',
    highestTokens: { prompt: 100, completion: 50 },
    highestUsd: 0.01,
    price: null,
    at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

function outcome(attemptId: string, more: Partial<Outcome> = {}): Outcome {
  return {
    row: 'outcome',
    attemptId,
    kind: 'answered',
    status: 200,
    reason: null,
    usage: { promptTokens: 10, cachedPromptTokens: 0, completionTokens: 5 },
    costUsd: 0.001,
    bill: 'known',
    latencyMs: 1,
    requestId: null,
    at: '2026-01-01T00:00:01.000Z',
    ...more,
  };
}

describe('ledger', () => {
  const folder = temporaryFolder();
  let store: FileStore;
  const record = (rows: LedgerRow[], writer = 'w1') => recordRows({ store, ledger, writer, rows });
  const compact = () => compactLedger({ store, ledger, writer: 'w1' });
  const ids = async () => (await readAttempts(store, ledger)).map(({ intent }) => intent.attemptId);

  beforeEach(() => {
    store = new FileStore(folder());
  });

  it('joins each intent with its outcome', async () => {
    await record([intent('a'), intent('b'), outcome('b')]);
    assert.deepEqual(await readAttempts(store, ledger), [
      { intent: intent('a'), outcome: null },
      { intent: intent('b'), outcome: outcome('b') },
    ]);
  });

  it('is in call order, whoever wrote when', async () => {
    await record([intent('late', { callIndex: 2 }), intent('first', { callIndex: 1 })], 'w2');
    await record([intent('zero', { callIndex: 0 })]);
    assert.deepEqual(await ids(), ['zero', 'first', 'late']);
  });

  it('counts a row that was written twice once', async () => {
    await record([intent('a'), outcome('a')]);
    await record([intent('a'), outcome('a')], 'w2');
    assert.deepEqual(await ids(), ['a']);
  });

  it('moves a finished shard into one file', async () => {
    await record([intent('b', { callIndex: 1 }), outcome('b')], 'w2');
    await record([intent('a'), outcome('a')]);
    const rows = await readJsonl<LedgerRow>(store, await compact());
    assert.deepEqual(rows, [intent('a'), outcome('a'), intent('b', { callIndex: 1 }), outcome('b')]);
  });

  it('leaves nothing in the log that lies in the file', async () => {
    await record([intent('a'), outcome('a')]);
    await compact();
    assert.deepEqual(await store.readLog(ledger), []);
  });

  it('reads the same before and after compaction', async () => {
    await record([intent('a'), outcome('a'), intent('b', { callIndex: 1 })]);
    const before = await readAttempts(store, ledger);
    await compact();
    assert.deepEqual(await readAttempts(store, ledger), before);
  });

  it('gives the same reference when it is compacted again', async () => {
    await record([intent('a'), outcome('a')]);
    const first = await compact();
    await record([intent('b'), outcome('b')]);
    assert.deepEqual(await compact(), first);
  });

  it('keeps what comes after the compaction', async () => {
    await record([intent('a')]);
    await compact();
    await record([outcome('a')]);
    await compact();
    assert.deepEqual(await readAttempts(store, ledger), [{ intent: intent('a'), outcome: outcome('a') }]);
  });

  it('compacts a shard without any request to an empty file', async () => {
    assert.equal((await compact()).count, 0);
  });

  it('settles an attempt that died after its answer was stored', async () => {
    await record([intent('a')]);
    await compactLedger({ store, ledger, writer: 'w1', settle: async () => outcome('a') });
    const rows = await readJsonlAt<LedgerRow>(store, `${ledger}.jsonl`);
    assert.deepEqual(rows, [intent('a'), outcome('a')]);
  });
});

describe('ledger sums', () => {
  const attempt = (id: string, its: Partial<Outcome> | null, intends: Partial<Intent> = {}) => ({
    intent: intent(id, intends),
    outcome: its && outcome(id, its),
  });
  const failed = { usage: null, costUsd: 0, kind: 'failed' } as const;

  it('put every attempt into exactly one of answered, failed and unknown', () => {
    const sums = sumLedger([
      attempt('a', {}),
      attempt('b', { ...failed, status: 429 }),
      attempt('c', null),
      attempt('d', { ...failed, status: null, costUsd: null, bill: 'unknown' }),
    ]);
    const { sent, answered, failed: failures, unknown } = sums;
    assert.deepEqual([sent, answered, failures, unknown], [4, 1, 1, 2]);
  });

  it('add known costs exactly', () => {
    assert.equal(sumLedger([attempt('a', { costUsd: 0.1 }), attempt('b', { costUsd: 0.2 })]).knownUsd, 0.3);
  });

  it('count an attempt without outcome at its highest cost, never as 0', () => {
    assert.equal(sumLedger([attempt('a', null, { highestUsd: 0.02 })]).unknownUsd, 0.02);
  });

  it('count an answer without usage at its highest cost', () => {
    const sums = sumLedger([attempt('a', { usage: null, costUsd: null, bill: 'unknown' })]);
    assert.deepEqual([sums.knownUsd, sums.unknownUsd], [0, 0.01]);
  });

  it('are unknown as soon as one answered attempt has no price', () => {
    assert.equal(sumLedger([attempt('a', {}), attempt('b', { costUsd: null })]).knownUsd, null);
  });

  it('pay for duplicates too', () => {
    const sums = sumLedger([attempt('a', {}), attempt('b', { kind: 'duplicate' })]);
    assert.deepEqual([sums.knownUsd, sums.duplicates], [0.002, 1]);
  });
});
