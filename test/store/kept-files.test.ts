import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeptFiles } from '../../store/disk/kept-files.js';
import { temporaryFolder } from '../temporary-folder.js';

describe('files that are kept open', () => {
  const folder = temporaryFolder();
  const inodes = new Map<number, number | null>();
  const opened = (name: string) => {
    const fd = openSync(path.join(folder(), name), 'a');
    inodes.set(fd, inodeOf(fd));
    return fd;
  };
  /** Whoever opens another file then may get the same number. */
  const untilClosed = async (fd: number) => {
    while (inodeOf(fd) === inodes.get(fd)) await sleep(5);
  };

  it('are given back once, to whoever takes them', async () => {
    const files = new KeptFiles({ most: 2, idleMs: 60_000 });
    const file = opened('a');
    files.keep('a', file);
    assert.equal(files.take('a'), file);
    assert.equal(files.take('a'), undefined);
    closeSync(file);
  });

  it('are closed, the oldest first, when there are more than allowed', async () => {
    const files = new KeptFiles({ most: 1, idleMs: 60_000 });
    const [first, second] = [opened('a'), opened('b')];
    files.keep('a', first);
    files.keep('b', second);
    await untilClosed(first);
    assert.equal(files.take('a'), undefined);
    assert.equal(files.take('b'), second);
    closeSync(second);
  });

  it('are closed when nobody takes them', async () => {
    const files = new KeptFiles({ most: 2, idleMs: 1 });
    const file = opened('a');
    files.keep('a', file);
    await untilClosed(file);
    assert.equal(files.take('a'), undefined);
  });
});

function inodeOf(fd: number): number | null {
  try {
    return fstatSync(fd).ino;
  } catch {
    return null;
  }
}
