import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Disk } from '../../store/disk/disk.js';
import { temporaryFolder } from '../temporary-folder.js';

describe('Disk', () => {
  const folder = temporaryFolder();
  const disk = new Disk();
  const numbers = Array.from({ length: 40 }, (_, n) => n);

  it('makes all of many changes that come at once', async () => {
    const file = (n: number) => path.join(folder(), `${n}`);
    const made = await Promise.all(numbers.map((n) => disk.create({ file: file(n), bytes: `${n}` })));
    assert.deepEqual(new Set(made), new Set([true]));
    for (const n of numbers) assert.equal(await readFile(file(n), 'utf8'), `${n}`);
  });

  it('gives one name to one of many', async () => {
    const file = path.join(folder(), 'one');
    const made = await Promise.all(numbers.map((n) => disk.create({ file, bytes: `${n}` })));
    const winner = made.indexOf(true);
    assert.equal(made.filter(Boolean).length, 1);
    assert.equal(await readFile(file, 'utf8'), `${winner}`);
  });

  it('fails a change that cannot be made, and no other one with it', async () => {
    await mkdir(path.join(folder(), 'there'));
    const changes = numbers.map((n) =>
      disk.append({ file: path.join(folder(), n % 2 === 0 ? 'there' : 'missing', `${n}`), bytes: 'row\n' }),
    );
    const ended = await Promise.allSettled(changes);
    for (const [n, one] of ended.entries()) {
      if (one.status === 'rejected') assert.equal(one.reason.code, 'ENOENT');
      assert.equal(one.status, n % 2 === 0 ? 'fulfilled' : 'rejected');
    }
  });
});
