import assert from 'node:assert/strict';
import { ResponseStore } from '../../store/response-store.js';
import type { BatchRoute, BatchServerOptions, CallFault } from '../batch-server.js';
import { storedResponse } from '../store/stored-response.js';
import { plannedBatch } from './planned-batch.js';

describe('sending a batch', () => {
  const planned = plannedBatch();
  const sent = (submitted: { outcome: string }) => {
    assert.equal(submitted.outcome, 'sent');
    return submitted as { outcome: 'sent'; batchId: string; requests: number };
  };

  it('puts one request of each call into one file, each under its own key', async () => {
    const run = await planned.start({ calls: 4 });
    assert.equal(sent(await run.submit(0)).requests, 4);
    const [batch] = run.batches.batches;
    assert.ok(batch);
    const keys = run.batches.inputOf(batch).map(({ custom_id }) => custom_id);
    assert.deepEqual(
      keys,
      (await run.attempts()).map(({ intent }) => intent.callKey),
    );
    assert.equal(new Set(keys).size, 4);
  });

  it('has every intent in the ledger before the batch is made', async () => {
    const run = await planned.start({ callFault: once('batches.create', { when: 'before', how: 'reset' }) });
    await assert.rejects(run.submit(0));
    const attempts = await run.attempts();
    assert.deepEqual(
      attempts.map(({ outcome }) => outcome),
      [null, null, null, null],
    );
    assert.ok(attempts.every(({ intent }) => (intent.highestUsd ?? 0) > 0));
  });

  it('makes one batch when the provider breaks off after it was made', async () => {
    const run = await planned.start({ callFault: once('batches.create', { when: 'after', how: 'reset' }) });
    await assert.rejects(run.submit(0), { type: 'ProviderUnavailable' });
    const { batchId } = sent(await run.submit(0, {}, run.worker()));
    assert.deepEqual(
      run.batches.batches.map(({ id }) => id),
      [batchId],
    );
    assert.equal((await run.attempts()).length, 4);
  });

  it('sends the same bytes again, whatever the store has learned meanwhile', async () => {
    const run = await planned.start({
      callFault: once('files.create', { when: 'after', how: { status: 500 } }),
    });
    await assert.rejects(run.submit(0));
    const [first] = await run.attempts();
    await new ResponseStore(run.store).put({ ...storedResponse('any'), key: first?.intent.callKey ?? '' });
    const { requests } = sent(await run.submit(0, {}, run.worker()));
    assert.equal(requests, 4);
  });

  it('leaves answers out that the store has', async () => {
    const run = await planned.start();
    await run.play(0, { maxRequests: 1 });
    assert.equal(sent(await run.submit(1)).requests, 3);
  });

  it('calls the younger off when two attempts have made a batch each', async () => {
    const run = await planned.start({ pace: () => 'hand' });
    const [a, b] = await Promise.all([run.submit(0, {}, run.worker()), run.submit(0, {}, run.worker())]);
    assert.equal(sent(a).batchId, sent(b).batchId);
    const open = run.batches.batches.filter(({ status }) => status === 'validating');
    assert.deepEqual(
      open.map(({ id }) => id),
      [sent(a).batchId],
    );
  });

  it('says that an earlier life has sent the file and got all of it', async () => {
    const run = await planned.start();
    await run.play(0);
    assert.deepEqual(await run.submit(0, {}, run.worker()), { outcome: 'sent-before' });
    assert.equal(run.batches.batches.length, 1);
  });

  it('books a file that the provider refuses as unbilled, and never sends it again', async () => {
    const run = await planned.start({
      callFault: once('batches.create', { when: 'before', how: { status: 400 } }),
    });
    await assert.rejects(run.submit(0), { type: 'InvalidRequest' });
    const outcomes = (await run.attempts()).map(({ outcome }) => [outcome?.kind, outcome?.costUsd]);
    assert.deepEqual(outcomes, Array(4).fill(['failed', 0]));
    assert.deepEqual(await run.submit(0, {}, run.worker()), { outcome: 'sent-before' });
    assert.equal(sent(await run.submit(1)).requests, 4);
    assert.equal((await run.attempts()).length, 8);
  });

  it('books nothing when it is refused a look at what it may have made', async () => {
    const run = await planned.start({
      callFault: ({ route, index }) =>
        route === 'batches.create'
          ? { when: 'after', how: 'reset' }
          : route === 'batches.list' && index === 1
            ? { when: 'before', how: { status: 401 } }
            : undefined,
    });
    await assert.rejects(run.submit(0), { type: 'ProviderUnavailable' });
    await assert.rejects(run.submit(0), { type: 'ProviderAccess' });
    assert.deepEqual(
      (await run.attempts()).map(({ outcome }) => outcome),
      [null, null, null, null],
    );
    assert.equal(sent(await run.submit(0)).requests, 4);
    assert.equal(run.batches.batches.length, 1);
  });

  it('only finds what was made when it is told to make nothing', async () => {
    const run = await planned.start({ callFault: once('batches.create', { when: 'after', how: 'reset' }) });
    assert.deepEqual(await run.submit(0, { isMade: true }), { outcome: 'sent-before' });
    await assert.rejects(run.submit(0));
    assert.equal(sent(await run.submit(0, { isMade: true })).requests, 4);
    assert.deepEqual(await run.submit(1, { isMade: true }), { outcome: 'sent-before' });
    assert.equal(run.batches.batches.length, 1);
  });

  it('says that nothing is missing', async () => {
    const run = await planned.start();
    await run.play(0);
    assert.deepEqual(await run.submit(1), { outcome: 'complete' });
  });

  it('takes no more requests than it is told to', async () => {
    const run = await planned.start({ calls: 5 });
    assert.equal(sent(await run.submit(0, { maxRequests: 2 })).requests, 2);
  });

  it('takes no more than can be paid for', async () => {
    const run = await planned.start({ calls: 5 });
    const { highest } = sent(await run.submit(0, { maxRequests: 2 })) as unknown as {
      highest: { calls: number; tokens: number; usd: number };
    };
    const afford = { ...highest, calls: 100 };
    assert.equal(sent(await run.submit(1, { afford })).requests, 2);
    const tooLittle = { calls: 100, tokens: 10, usd: 100 };
    assert.deepEqual(await run.submit(2, { afford: tooLittle }), { outcome: 'unaffordable' });
  });

  it('names file, place and store in the batch’s metadata', async () => {
    const run = await planned.start();
    await run.submit(0);
    const { seedmill_file, ...rest } = run.batches.batches[0]?.metadata ?? {};
    assert.match(seedmill_file ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      seedmill_batch: 'stored-run/rounds/001/tasks/batch-00-000',
      seedmill_store: run.run.storeId,
    });
  });
});

function once(route: BatchRoute, fault: CallFault): NonNullable<BatchServerOptions['callFault']> {
  return (call) => (call.route === route && call.index === 0 ? fault : undefined);
}
