import assert from 'node:assert/strict';
import fc from 'fast-check';
import { composeBatches } from '../../../methods/sedi/batches.js';
import { rougeL } from '../../../similarity/rouge-l.js';
import { rougeTokens } from '../../../similarity/tokenise.js';

const similarity = (a: string, b: string) => rougeL(rougeTokens(a), rougeTokens(b)).fMeasure;
const examples = (...instructions: string[]) =>
  instructions.map((instruction, i) => ({ id: `e${i}`, instruction }));
const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);
const compose = (waiting: { id: string; instruction: string }[], batchSize: number) =>
  composeBatches({ waiting, batchSize, tokenisation: 'rouge' });

const waiting = fc
  .array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { minLength: 1, maxLength: 6 }), {
    maxLength: 24,
  })
  .map((lists) => examples(...lists.map((words) => words.join(' '))));

/** The same rule in the plainest words: every waiting example is compared with every member of every batch. */
function reference(rows: { id: string; instruction: string }[], batchSize: number) {
  const batches: (typeof rows)[] = [];
  const failed = new Set<string>();
  let left = [...rows];
  for (;;) {
    const opener = left.find(({ id }) => !failed.has(id));
    if (opener === undefined || left.length < batchSize) return { batches, waiting: left };
    const batch = [opener];
    while (batch.length < batchSize) {
      const highest = (row: { instruction: string }) =>
        Math.max(...batch.map((member) => similarity(member.instruction, row.instruction)));
      const others = left
        .filter((row) => !batch.includes(row))
        .map((row) => ({ row, highest: highest(row) }));
      const lowest = Math.min(...others.map((other) => other.highest));
      const farthest = others.find((other) => other.highest === lowest);
      if (farthest === undefined || farthest.highest > 0.7) break;
      batch.push(farthest.row);
    }
    if (batch.length < batchSize) failed.add(opener.id);
    else {
      batches.push(batch);
      left = left.filter((row) => !batch.includes(row));
    }
  }
}

describe('composeBatches', () => {
  it('composes what comparing everything with everything composes', () => {
    fc.assert(
      fc.property(waiting, fc.integer({ min: 1, max: 7 }), (rows, batchSize) => {
        assert.deepEqual(compose(rows, batchSize), reference(rows, batchSize));
      }),
      { numRuns: 300 },
    );
  });

  it('opens with the oldest and takes the farthest next, the older one among equals', () => {
    const { batches } = compose(examples('a b c d', 'a b c x', 'a b y z', 'p q r s', 't u v w'), 3);
    assert.deepEqual(batches.map(ids), [['e0', 'e3', 'e4']]);
  });

  it('makes only full batches, in which no two are above 0.7, and loses nothing', () => {
    fc.assert(
      fc.property(waiting, fc.integer({ min: 1, max: 5 }), (rows, batchSize) => {
        const result = compose(rows, batchSize);
        for (const batch of result.batches) {
          assert.equal(batch.length, batchSize);
          for (const [i, one] of batch.entries()) {
            for (const other of batch.slice(i + 1))
              assert.ok(similarity(one.instruction, other.instruction) <= 0.7);
          }
        }
        assert.deepEqual(ids([...result.batches.flat(), ...result.waiting]).sort(), ids(rows).sort());
      }),
    );
  });

  it('gives back the rest oldest first, and repeats itself', () => {
    fc.assert(
      fc.property(waiting, fc.integer({ min: 1, max: 5 }), (rows, batchSize) => {
        const result = compose(rows, batchSize);
        assert.deepEqual(
          result.waiting,
          rows.filter((row) => result.waiting.includes(row)),
        );
        assert.deepEqual(compose(rows, batchSize), result);
      }),
    );
  });

  it('lets the oldest open each batch as long as its batch fills up', () => {
    const rows = examples('a b', 'a b', 'c d', 'e f', 'g h', 'i j');
    assert.deepEqual(
      compose(rows, 2).batches.map((batch) => batch[0]?.id),
      ['e0', 'e1', 'e4'],
    );
  });

  it('lets an opener without company wait while others make their batch', () => {
    const { batches, waiting: left } = compose(
      examples('a b c d', 'a b c d', 'a b c d x', 'p q r s', 't u v w'),
      4,
    );
    assert.deepEqual([batches.length, left.length], [0, 5]);
    const second = compose(examples('a b c d', 'a b c d', 'p q r s', 'p q r s'), 2);
    assert.deepEqual(second.batches.map(ids), [
      ['e0', 'e2'],
      ['e1', 'e3'],
    ]);
  });

  it('holds exactly 0.7 to be diverse enough', () => {
    const pair = examples('a b c d e f g h i j', 'a b c d e f g x y z');
    const value = similarity(pair[0]?.instruction ?? '', pair[1]?.instruction ?? '');
    assert.ok(value <= 0.7 && value > 0.69);
    assert.equal(compose(pair, 2).batches.length, 1);
  });

  it('refuses a batch size that is none', () => {
    assert.throws(() => compose([], 0), RangeError);
  });
});
