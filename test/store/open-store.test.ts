import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findStore, openStore } from '../../store/open-store.js';
import { temporaryFolder } from '../temporary-folder.js';

describe('opening a store', () => {
  const folder = temporaryFolder();

  it('makes a folder that does not exist', async () => {
    const { store } = await openStore(path.join(folder(), 'deep/er'));
    await store.write('a.json', 'x');
    assert.equal((await store.read('a.json'))?.toString(), 'x');
  });

  it('finds the same store by path and by URL', async () => {
    const byPath = await openStore(folder());
    const byUrl = await openStore(pathToFileURL(folder()).href);
    assert.deepEqual([byUrl.storeId, byUrl.store.url], [byPath.storeId, byPath.store.url]);
  });

  it('finds the same store through a symbolic link to its folder', async () => {
    await mkdir(path.join(folder(), 'real'));
    await symlink(path.join(folder(), 'real'), path.join(folder(), 'link'));
    const direct = await openStore(path.join(folder(), 'real'));
    assert.equal((await openStore(path.join(folder(), 'link'))).storeId, direct.storeId);
  });

  it('gives two stores two ids', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => openStore(path.join(folder(), name))));
    assert.notEqual(a?.storeId, b?.storeId);
  });

  it('gives one id to two that open it first at the same time', async () => {
    const [a, b] = await Promise.all([openStore(folder()), openStore(folder())]);
    assert.equal(a.storeId, b.storeId);
  });

  it('finds one that was made before, and makes none', async () => {
    await assert.rejects(findStore(path.join(folder(), 'runs')), {
      name: 'UserError',
      message: /there is no store at .*runs/,
    });
    await assert.rejects(findStore(folder()), { name: 'UserError', message: /there is no store at / });
    assert.deepEqual(await readdir(folder()), []);
    const { store } = await openStore(folder());
    assert.equal((await findStore(folder())).url, store.url);
  });

  for (const url of ['s3://key:secret@bucket/x', 's3://bucket/x?X-Amz-Signature=abc']) {
    it(`refuses credentials, and does not repeat them: ${new URL(url).search || 'key:secret'}`, async () => {
      await assert.rejects(openStore(url), (error: Error) => {
        return error.name === 'UserError' && !/secret|abc/.test(error.message);
      });
    });
  }

  for (const url of ['gs://bucket/x', 'https://example.com/x', 's3:///x', 'file://host/x']) {
    it(`refuses ${url}`, async () => {
      await assert.rejects(openStore(url), { name: 'UserError' });
    });
  }

  it('names the file that is in the way', async () => {
    const file = path.join(folder(), 'runs');
    await writeFile(file, '');
    await assert.rejects(openStore(file), { name: 'UserError', message: /there is a file of that name/ });
  });

  it('says so when it may not write there', async function () {
    if (process.getuid?.() === 0) this.skip();
    await chmod(folder(), 0o500);
    await assert.rejects(openStore(path.join(folder(), 'x')), {
      name: 'UserError',
      message: /permission denied/,
    });
  });
});
