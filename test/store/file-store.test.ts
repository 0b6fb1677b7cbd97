import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../store/errors.js';
import { FileStore } from '../../store/file-store.js';
import { temporaryFolder } from '../temporary-folder.js';
import { describeStore } from './store-behaviour.js';

describe('file store', () => {
  const folder = temporaryFolder();

  describeStore(() => new FileStore(folder()));

  it('leaves no temporary file behind', async () => {
    const store = new FileStore(folder());
    await store.write('run/a.json', 'a');
    await store.create('run/b.json', 'b');
    await store.create('run/b.json', 'c');
    assert.deepEqual((await readdir(path.join(folder(), 'run'))).sort(), ['a.json', 'b.json']);
  });

  it('does not list what a killed process had not finished', async () => {
    const store = new FileStore(folder());
    await store.write('run/a.json', 'a');
    await writeFile(path.join(folder(), 'run/a.json.1234567'), 'half');
    await writeFile(path.join(folder(), 'run/.new-x'), 'half');
    assert.deepEqual(await store.list('run'), ['run/a.json']);
  });

  it('finds what killed processes have left, and removes what is no longer anybody’s', async () => {
    const store = new FileStore(folder());
    await store.write('run/a.json', 'a');
    for (const name of ['a.json.1234567', '.new-x', '.new-young']) {
      await writeFile(path.join(folder(), 'run', name), 'half');
      const age = name.endsWith('young') ? 0 : 7_200;
      await utimes(path.join(folder(), 'run', name), new Date(), new Date(Date.now() - 1_000 * age));
    }
    assert.deepEqual(await store.leftovers({ remove: false }), { files: 2, bytes: 8 });
    assert.deepEqual(await store.leftovers({ remove: true }), { files: 2, bytes: 8 });
    assert.deepEqual((await readdir(path.join(folder(), 'run'))).sort(), ['.new-young', 'a.json']);
  });

  it('removes a link in place of what it leads to', async () => {
    const store = new FileStore(folder());
    await store.write('kept/a.json', 'a');
    await store.write('run/b.json', 'b');
    await symlink(path.join(folder(), 'kept'), path.join(folder(), 'run', 'out'));
    await store.removeFolder('run');
    assert.deepEqual(await store.list(''), ['kept/a.json']);
  });

  it('leaves a torn last line of a log out', async () => {
    const store = new FileStore(folder());
    await store.append({ name: 'run/x.ledger', writer: 'w1', lines: ['one', 'two'] });
    const [part] = await store.list('run/x.ledger');
    await appendFile(path.join(folder(), part as string), '{"row":"inte');
    assert.deepEqual(await store.readLog('run/x.ledger'), ['one', 'two']);
  });

  it('goes on in another file after an append that failed', async () => {
    const store = new FileStore(folder());
    const at = { name: 'run/x.ledger', writer: 'w1' };
    await store.append({ ...at, lines: ['one'] });
    // A folder in the place of the writer's file makes the next append fail.
    const [part] = await store.list(at.name);
    await store.remove(part as string);
    await mkdir(path.join(folder(), part as string));
    await assert.rejects(store.append({ ...at, lines: ['two'] }));
    await store.append({ ...at, lines: ['two'] });
    assert.deepEqual(await store.readLog(at.name), ['two']);
  });

  it('reads a log whose removal was cut short', async () => {
    const store = new FileStore(folder());
    await mkdir(path.join(folder(), 'run/x.ledger'), { recursive: true });
    await writeFile(path.join(folder(), 'run/x.ledger/w1-1.jsonl-uuid.taken.jsonl'), 'one\n');
    assert.deepEqual(await store.readLog('run/x.ledger'), ['one']);
  });

  it('works on after its folders were removed', async () => {
    const store = new FileStore(folder());
    await store.write('run/rounds/001/a.json', 'a');
    await store.remove('run/rounds/001/a.json');
    await rm(path.join(folder(), 'run'), { recursive: true });
    await store.write('run/rounds/001/a.json', 'b');
    assert.equal((await store.read('run/rounds/001/a.json'))?.toString(), 'b');
  });

  describe('with a symbolic link in it', () => {
    const outside = temporaryFolder();

    for (const [what, act] of [
      ['write', (store: FileStore, name: string) => store.write(name, 'x')],
      ['create', (store: FileStore, name: string) => store.create(name, 'x')],
      ['read', (store: FileStore, name: string) => store.read(name)],
      ['append', (store: FileStore, name: string) => store.append({ name, writer: 'w', lines: ['x'] })],
    ] as const) {
      it(`refuses to ${what} through a folder that leads out`, async () => {
        await writeFile(path.join(outside(), 'secret.json'), 'secret');
        await symlink(outside(), path.join(folder(), 'run'));
        await assert.rejects(act(new FileStore(folder()), 'run/secret.json'), UserError);
        assert.deepEqual(await readdir(outside()), ['secret.json']);
      });
    }

    it('refuses to read a file that is one', async () => {
      await writeFile(path.join(outside(), 'secret.json'), 'secret');
      await symlink(path.join(outside(), 'secret.json'), path.join(folder(), 'a.json'));
      await assert.rejects(new FileStore(folder()).read('a.json'), UserError);
    });

    it('refuses to write a file that is one', async () => {
      await symlink(path.join(outside(), 'new.json'), path.join(folder(), 'a.json'));
      await assert.rejects(new FileStore(folder()).write('a.json', 'x'), UserError);
      assert.deepEqual(await readdir(outside()), []);
    });

    it('lists nothing that lies behind it', async () => {
      await writeFile(path.join(outside(), 'secret.json'), 'secret');
      await symlink(outside(), path.join(folder(), 'run'));
      assert.deepEqual(await new FileStore(folder()).list(''), []);
    });
  });
});
