import assert from 'node:assert/strict';
import { heldOutPool, splitHeldOut, useHeldOut } from '../../../methods/sedi/held-out.js';
import { humanSeed, times } from '../seeds.js';

/** Seeds that share no two words, so that none leaks. */
const seeds = (count: number) => times(count, (i) => humanSeed(`h${i}`, `alpha${i} beta${i} gamma${i}`));
const split = (count: number, more: { runSeed?: number; share?: number } = {}) =>
  splitHeldOut({ seeds: seeds(count), runSeed: 1, tokenisation: 'rouge', ...more });

describe('splitHeldOut', () => {
  it('holds out 20 %, but at least 32 where there are enough', () => {
    assert.equal(split(300).rows.length, 60);
    assert.equal(split(100).rows.length, 32);
  });

  it('takes never more than half, and says that this is few', () => {
    const few = split(20);
    assert.equal(few.rows.length, 10);
    assert.match(few.warnings.join(), /10 of 20 seeds/);
    assert.deepEqual(split(100).warnings, []);
  });

  it('takes the share it is told', () => {
    assert.equal(split(300, { share: 0.5 }).rows.length, 150);
  });

  it('takes every held-out task out of the pool and loses no other', () => {
    const { rows, pool } = split(100);
    assert.deepEqual(
      [...rows, ...pool].map(({ id }) => id).sort(),
      seeds(100)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('halves it, steering rows first', () => {
    const halves = split(100).rows.map(({ half }) => half);
    assert.deepEqual(halves, [...times(16, () => 'steering'), ...times(16, () => 'reporting')]);
  });

  it('is the same for the same run seed and another for another', () => {
    assert.deepEqual(split(100), split(100));
    assert.notDeepEqual(split(100).rows, split(100, { runSeed: 2 }).rows);
  });

  it('drops seeds that nearly equal a held-out task from the pool', () => {
    const twins = seeds(100).flatMap((seed) => [seed, { ...seed, id: `${seed.id}-twin` }]);
    const { rows, pool, leaked, warnings } = splitHeldOut({
      seeds: twins,
      runSeed: 1,
      tokenisation: 'rouge',
    });
    const heldOut = new Set(rows.map(({ instruction }) => instruction));
    assert.ok(pool.every(({ instruction }) => !heldOut.has(instruction)));
    assert.equal(rows.length + pool.length + leaked.length, twins.length);
    assert.match(warnings.join(), /nearly equal a held-out task/);
  });

  it('measures by the first instance that has an output, and cannot hold out a seed without one', () => {
    const bare = times(40, (i) => humanSeed(`b${i}`, `delta${i} epsilon${i}`, { instances: [] }));
    const late = humanSeed('late', 'zeta eta theta', {
      instances: [
        { input: 'x', output: '' },
        { input: 'y', output: 'z' },
      ],
    });
    const { rows } = splitHeldOut({ seeds: [...bare, late], runSeed: 1, tokenisation: 'rouge' });
    assert.deepEqual(
      rows.map(({ id, input, output }) => ({ id, input, output })),
      [{ id: 'late', input: 'y', output: 'z' }],
    );
  });
});

describe('useHeldOut', () => {
  it('takes the file’s tasks and takes equal and nearly equal ones out of the seeds', () => {
    const pool = [
      humanSeed('a', 'Name the three longest rivers of Europe today.'),
      humanSeed('b', 'Sort these words by length.'),
    ];
    const given = [
      humanSeed('x', 'Name the three longest rivers of Europe.'),
      humanSeed('y', 'Add the two numbers up.'),
    ];
    const result = useHeldOut({ heldOut: given, seeds: pool, runSeed: 1, tokenisation: 'rouge' });
    assert.deepEqual(result.rows.map(({ id }) => id).sort(), ['x', 'y']);
    assert.deepEqual(
      result.pool.map(({ id }) => id),
      ['b'],
    );
    assert.deepEqual(
      result.leaked.map(({ seedId, heldOutId }) => [seedId, heldOutId]),
      [['a', 'x']],
    );
  });

  it('warns of tasks without an output', () => {
    const result = useHeldOut({
      heldOut: [humanSeed('x', 'A b c.', { instances: [] })],
      seeds: [],
      runSeed: 1,
      tokenisation: 'rouge',
    });
    assert.deepEqual([result.rows.length, result.warnings.length], [0, 1]);
  });
});

describe('heldOutPool', () => {
  it('finds the held-out task that a candidate leaks', () => {
    const { rows } = split(100);
    const row = rows[0];
    assert.ok(row !== undefined);
    assert.equal(heldOutPool(rows, 'rouge').nearest(row.instruction, { threshold: 0.7 })?.id, row.id);
  });
});
