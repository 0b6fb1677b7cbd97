/** What every driver must do: the cases of `conformance.json` and, beyond them, the append log. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { InvalidNameError } from '../../store/errors.js';
import type { Store } from '../../store/types.js';

interface Step {
  op: 'write' | 'create' | 'read' | 'list' | 'remove';
  name?: string;
  prefix?: string;
  text?: string;
  expect?: unknown;
}

const cases = JSON.parse(readFileSync(new URL('../../store/conformance.json', import.meta.url), 'utf8')) as {
  name: string;
  steps: Step[];
}[];

/** `open` gives an empty store; called again, another view of the same one, as a second process has it. */
export function describeStore(open: () => Store | Promise<Store>): void {
  let store: Store;
  let other: Store;

  beforeEach(async () => {
    store = await open();
    other = await open();
  });

  for (const { name, steps } of cases) {
    it(name, async () => {
      for (const step of steps) await check(store, step);
    });
  }

  it('tells the bytes of each name', async () => {
    await store.write('run-s/b.json', 'four');
    await store.write('run-s/a/c.json', 'größe');
    await store.write('run-s2/d.json', '');
    const files = [
      { name: 'run-s/a/c.json', bytes: 7 },
      { name: 'run-s/b.json', bytes: 4 },
    ];
    assert.deepEqual(await other.sizes('run-s'), files);
    assert.deepEqual(await other.sizes('run-none'), []);
    assert.deepEqual(await other.sizes(''), [...files, { name: 'run-s2/d.json', bytes: 0 }]);
  });

  it('removes a folder with all below it and nothing beside it, once or twice, and takes new files there', async () => {
    for (const name of ['run-r/a.json', 'run-r/b/c.json', 'run-r2/a.json']) await store.write(name, name);
    await other.removeFolder('run-r');
    await other.removeFolder('run-r');
    assert.deepEqual(await store.list(''), ['run-r2/a.json']);
    await assert.rejects(store.removeFolder(''), InvalidNameError);
    await store.write('run-r/b/c.json', 'again');
    assert.equal(String(await other.read('run-r/b/c.json')), 'again');
  });

  it('has nothing left over', async () => {
    await store.write('run-l/a.json', 'a');
    assert.deepEqual(await other.leftovers({ remove: true }), { files: 0, bytes: 0 });
    assert.deepEqual(await store.list(''), ['run-l/a.json']);
  });

  it('lets exactly one of many creators win, and all read what it wrote', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => `answer ${i}`);
    const wins = await Promise.all(
      texts.map((text, i) => (i % 2 === 0 ? store : other).create('race/one.json', text)),
    );
    assert.equal(wins.filter(Boolean).length, 1);
    assert.equal((await store.read('race/one.json'))?.toString(), texts[wins.indexOf(true)]);
  });

  it('keeps every line of overlapping appends, in order for each writer', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`);
    await Promise.all(
      lines.map((line) => store.append({ name: 'log/a.ledger', writer: 'w1', lines: [line] })),
    );
    assert.deepEqual(await other.readLog('log/a.ledger'), lines);
  });

  it('reads the lines of all writers', async () => {
    await store.append({ name: 'log/b.ledger', writer: 'w1', lines: ['one', 'two'] });
    await other.append({ name: 'log/b.ledger', writer: 'w2', lines: ['three'] });
    await store.append({ name: 'log/b.ledger', writer: 'w1', lines: ['four'] });
    assert.deepEqual((await store.readLog('log/b.ledger')).sort(), ['four', 'one', 'three', 'two']);
  });

  it('writes lines that may wait before it reads their log, and with the next ones that may not', async () => {
    const at = { writer: 'w1', mayWait: true };
    const [a, b] = [store.append({ ...at, name: 'log/f.ledger', lines: ['a'] }), 'log/g.ledger'];
    assert.deepEqual(await store.readLog('log/f.ledger'), ['a']);
    await a;
    const waiting = store.append({ ...at, name: b, lines: ['b'] });
    await store.append({ name: b, writer: 'w1', lines: ['c'] });
    assert.deepEqual(await other.readLog(b), ['b', 'c']);
    await waiting;
  });

  it('reads a log that was never written as empty', async () => {
    assert.deepEqual(await store.readLog('log/none.ledger'), []);
  });

  it('writes a log anew after its removal', async () => {
    const at = { name: 'log/c.ledger', writer: 'w1' };
    await store.append({ ...at, lines: ['one'] });
    await store.removeLog({ ...at, seen: ['one'] });
    assert.deepEqual(await store.readLog(at.name), []);
    await store.append({ ...at, lines: ['two'] });
    assert.deepEqual(await store.readLog(at.name), ['two']);
  });

  it('keeps lines that whoever removes a log has not seen', async () => {
    const name = 'log/d.ledger';
    await store.append({ name, writer: 'w1', lines: ['seen', 'late'] });
    await other.append({ name, writer: 'w2', lines: ['later'] });
    await store.removeLog({ name, writer: 'w1', seen: ['seen'] });
    assert.deepEqual((await store.readLog(name)).sort(), ['late', 'later']);
  });

  it('loses no line while a log is removed again and again', async () => {
    const name = 'log/e.ledger';
    const lines = Array.from({ length: 60 }, (_, i) => `line ${i}`);
    const collected = new Set<string>();
    const appends = lines.map((line, i) =>
      (i % 2 === 0 ? store : other).append({ name, writer: `w${i % 2}`, lines: [line] }),
    );
    for (let turn = 0; turn < 5; turn += 1) {
      const seen = await other.readLog(name);
      for (const line of seen) collected.add(line);
      await other.removeLog({ name, writer: 'w2', seen });
    }
    await Promise.all(appends);
    for (const line of await store.readLog(name)) collected.add(line);
    assert.deepEqual([...collected].sort(), [...lines].sort());
  });
}

async function check(store: Store, step: Step): Promise<void> {
  const run = async (): Promise<unknown> => {
    const { op, name = '', prefix = '', text = '' } = step;
    if (op === 'list') return await store.list(prefix);
    if (op === 'read') return (await store.read(name))?.toString('utf8') ?? null;
    if (op === 'remove') return await store.remove(name);
    return await store[op](name, text);
  };
  if (JSON.stringify(step.expect) === '{"error":"name"}') {
    await assert.rejects(run, InvalidNameError);
    return;
  }
  const result = await run();
  if (step.expect !== undefined) assert.deepEqual(result, step.expect);
}
