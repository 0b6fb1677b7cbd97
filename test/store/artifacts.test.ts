import assert from 'node:assert/strict';
import {
  readJson,
  readJsonIfAny,
  readJsonl,
  readJsonlAt,
  refTo,
  writeJson,
  writeJsonl,
} from '../../store/artifacts.js';
import { CorruptDataError } from '../../store/errors.js';
import { FileStore } from '../../store/file-store.js';
import { temporaryFolder } from '../temporary-folder.js';

describe('artifacts', () => {
  const folder = temporaryFolder();
  const rows = [
    { id: 1, text: 'line\nbreak' },
    { id: 2, text: 'Grüße\u2028' },
  ];
  let store: FileStore;

  beforeEach(() => {
    store = new FileStore(folder());
  });

  it('reads rows back by reference', async () => {
    assert.deepEqual(await readJsonl(store, await writeJsonl(store, 'r/a.jsonl', rows)), rows);
  });

  it('refers to a file by name, SHA-256 and row count', async () => {
    const ref = await writeJsonl(store, 'r/a.jsonl', [{ a: 1 }]);
    assert.deepEqual(ref, {
      uri: 'r/a.jsonl',
      sha256: 'e346432021b04179518d9614f3560ccd71354a4ee101ddcb893d6959a9d6301c',
      count: 1,
    });
  });

  it('gives the same reference for a file that is there', async () => {
    const ref = await writeJsonl(store, 'r/a.jsonl', rows);
    assert.deepEqual(await refTo(store, 'r/a.jsonl'), ref);
  });

  it('writes no rows as an empty file', async () => {
    const ref = await writeJsonl(store, 'r/a.jsonl', []);
    assert.deepEqual(await readJsonl(store, ref), []);
  });

  it('notices bytes that were changed', async () => {
    const ref = await writeJsonl(store, 'r/a.jsonl', rows);
    await writeJsonl(store, 'r/a.jsonl', rows.slice(1));
    await assert.rejects(readJsonl(store, ref), { name: 'CorruptDataError', message: /was changed/ });
  });

  it('notices a reference with another count', async () => {
    const ref = await writeJsonl(store, 'r/a.jsonl', rows);
    await assert.rejects(readJsonl(store, { ...ref, count: 3 }), CorruptDataError);
  });

  it('names the line that is no JSON', async () => {
    await store.write('r/a.jsonl', '{"a":1}\n{"a":\n');
    await assert.rejects(readJsonlAt(store, 'r/a.jsonl'), {
      name: 'CorruptDataError',
      message: /r\/a\.jsonl:2/,
    });
  });

  it('names the file that is missing', async () => {
    await assert.rejects(readJson(store, 'r/none.json'), {
      name: 'CorruptDataError',
      message: /r\/none\.json/,
    });
  });

  it('reads a missing file as empty where that is asked for', async () => {
    assert.deepEqual(await readJsonlAt(store, 'r/none.jsonl', { missing: 'empty' }), []);
  });

  it('reads a missing value as undefined where that is asked for', async () => {
    assert.equal(await readJsonIfAny(store, 'r/none.json'), undefined);
  });

  it('reads a value back', async () => {
    await writeJson(store, 'r/a.json', { a: [1, null] });
    assert.deepEqual(await readJson(store, 'r/a.json'), { a: [1, null] });
  });

  for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`refuses to write ${number}, which would become null`, async () => {
      await assert.rejects(writeJsonl(store, 'r/a.jsonl', [{ loss: number }]), {
        name: 'TypeError',
        message: /"loss"/,
      });
    });
  }
});
