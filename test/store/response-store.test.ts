import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { UserError } from '../../store/errors.js';
import { FileStore } from '../../store/file-store.js';
import { ResponseStore } from '../../store/response-store.js';
import { temporaryFolder } from '../temporary-folder.js';
import { storedResponse } from './stored-response.js';

describe('response store', () => {
  const folder = temporaryFolder();
  const { key } = storedResponse('x');

  it('finds an answer by its key', async () => {
    await new ResponseStore(new FileStore(folder())).put(storedResponse('one'));
    assert.deepEqual(await new ResponseStore(new FileStore(folder())).get(key), storedResponse('one'));
  });

  it('has nothing for a key that was never asked', async () => {
    assert.equal(await new ResponseStore(new FileStore(folder())).get(key), undefined);
  });

  it('keeps one file a key in folders of its first two digits', async () => {
    const store = new FileStore(folder());
    await new ResponseStore(store).put(storedResponse('one'));
    assert.deepEqual(await store.list(''), [`calls/ab/${key}.json`]);
  });

  it("gives who comes second the first one's answer", async () => {
    const responses = new ResponseStore(new FileStore(folder()));
    await responses.put(storedResponse('one'));
    const { response, won } = await responses.put(storedResponse('two'));
    assert.deepEqual([response.answer.text, won], ['one', false]);
  });

  it('gives two processes that store different answers at once the same one', async () => {
    const processes = ['one', 'two'].map((text) =>
      execaNode(fileURLToPath(new URL('./put-response.ts', import.meta.url)), [folder(), text], {
        nodeOptions: ['--import', import.meta.resolve('tsx')],
      }),
    );
    await Promise.all(processes.map(({ stdout }) => once(stdout, 'data')));
    for (const { stdin } of processes) stdin.write('go\n');
    const results = (await Promise.all(processes)).map(
      ({ stdout }) => JSON.parse(stdout.split('\n')[1] as string) as { text: string; won: boolean },
    );
    assert.equal(results[0]?.text, results[1]?.text);
    assert.equal(results.filter(({ won }) => won).length, 1);
  });

  it('gives an answer that could not be written to the next attempt instead of asking again', async () => {
    const store = new FileStore(folder());
    const full = { create: () => Promise.reject(new UserError('the disk is full')) };
    const responses = new ResponseStore(Object.assign(Object.create(store), full));
    await assert.rejects(responses.put(storedResponse('paid')), UserError);
    Object.assign(responses.store, { create: store.create.bind(store) });
    assert.equal((await responses.get(key))?.answer.text, 'paid');
    assert.equal((await new ResponseStore(store).get(key))?.answer.text, 'paid');
  });
});
