import assert from 'node:assert/strict';
import { mkdir, readFile, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { withLock } from '../../workers/lock.js';
import { temporaryFolder } from '../temporary-folder.js';
import { killNow, outputOf, runScript, until } from './helpers.js';

describe('withLock', () => {
  const folder = temporaryFolder();
  const target = () => path.join(folder(), 'start');
  const isThere = (file: string) =>
    stat(file).then(
      () => true,
      () => false,
    );

  it('lets one process in at a time', async () => {
    const record = path.join(folder(), 'record');
    const holders = Array.from({ length: 3 }, () => runScript('hold-lock.ts', [target(), record, '100']));
    await Promise.all(holders.map(outputOf));
    const lines = (await readFile(record, 'utf8')).trim().split('\n');
    assert.equal(lines.length, 6);
    for (let i = 0; i < lines.length; i += 2) {
      const [pid] = (lines[i] as string).split(' ');
      assert.deepEqual(lines.slice(i, i + 2), [`${pid} in`, `${pid} out`]);
    }
  });

  it('passes from a killed holder to the next', async () => {
    const record = path.join(folder(), 'record');
    const holder = runScript('hold-lock.ts', [target(), record, '600000']);
    await until(() => isThere(record));
    await killNow(holder);
    assert.equal(await isThere(`${target()}.lock`), true, 'the killed holder left its lock');
    let waited = false;
    const onWait = () => {
      waited = true;
    };
    assert.equal(await withLock({ target: target(), onWait }, async () => 'in'), 'in');
    assert.equal(waited, true);
  });

  it('tells a holder that its lock was taken away', async () => {
    const taken = withLock({ target: target(), onWait: () => {} }, async (lock) => {
      await lock.assertHeld();
      await rmdir(`${target()}.lock`);
      await mkdir(`${target()}.lock`);
      await lock.assertHeld();
    });
    await assert.rejects(taken, /lost the lock/);
    assert.equal(await isThere(`${target()}.lock`), true, "the other's lock is left alone");
  });

  it('is released when the work fails', async () => {
    const fail = withLock({ target: target(), onWait: () => {} }, () => Promise.reject(new Error('no')));
    await assert.rejects(fail, /no/);
    assert.equal(await isThere(`${target()}.lock`), false);
  });
});
