import assert from 'node:assert/strict';
import { PinnedThread } from '../../workers/threads/pinned-thread.js';

describe('PinnedThread', () => {
  let thread: PinnedThread;
  beforeEach(() => {
    thread = new PinnedThread(new URL('./tasks.ts', import.meta.url));
  });
  afterEach(() => thread.close());

  it('runs tasks one after another, on what earlier ones have left', async () => {
    const sums = await Promise.all([1, 2, 3].map((number) => thread.run<number>('add', number)));
    assert.deepEqual(sums, [1, 3, 6]);
  });

  it('throws what a task throws, and goes on', async () => {
    await thread.run('add', 1);
    await assert.rejects(thread.run('fail', 'too long'), { name: 'RangeError', message: 'too long' });
    assert.equal(await thread.run('add', 1), 2);
  });

  it('ends a task that is cancelled with the signal’s reason; the next one begins anew', async () => {
    await thread.run('add', 1);
    const cancel = new AbortController();
    const running = thread.run('runForever', null, { signal: cancel.signal });
    const waiting = thread.run('add', 5);
    cancel.abort(new Error('not wanted any more'));
    await assert.rejects(running, { message: 'not wanted any more' });
    assert.equal(await waiting, 5);
    await assert.rejects(thread.run('add', 1, { signal: cancel.signal }), { message: 'not wanted any more' });
  });

  it('replaces a thread that died between two tasks', async () => {
    await thread.run('add', 1);
    await thread.run('die', null).catch(() => {});
    // Until it is dead, tasks are done on the old sum; those that it takes with it fail.
    const sums: number[] = [1];
    while (sums.at(-1) === sums.length) {
      await thread.run<number>('add', 1).then(
        (sum) => sums.push(sum),
        () => {},
      );
    }
    assert.equal(sums.at(-1), 1);
  });

  it('throws why its module cannot be loaded', async () => {
    const broken = new PinnedThread(new URL('./broken.ts', import.meta.url));
    await assert.rejects(broken.run('add', 1), { message: 'this module is broken' });
    await broken.close();
  });
});
