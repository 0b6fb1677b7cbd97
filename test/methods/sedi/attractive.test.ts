import assert from 'node:assert/strict';
import type { BatchSignal } from '../../../activities/student-messages.js';
import { attractiveBatches, attractiveInstructions } from '../../../methods/sedi/attractive.js';
import { times } from '../seeds.js';

const batch = (
  name: string,
  gain: number | null,
  scores: number[] = [],
  standardError: number | null = 0.1,
): BatchSignal => ({
  batch: name,
  gain,
  standardError: gain === null ? null : standardError,
  examples: scores.map((score, i) => ({ id: `${name}${i}`, answerLoss: 2, score })),
});
const names = (signals: BatchSignal[]) => signals.map((signal) => signal.batch);

describe('attractiveBatches', () => {
  it('are the top 0.3 of those whose gain exceeds one standard error', () => {
    const signals = [...times(10, (i) => batch(`b${i}`, 1 + i)), ...times(10, (i) => batch(`c${i}`, 0.05))];
    assert.deepEqual(names(attractiveBatches({ signals })), ['b9', 'b8', 'b7']);
  });

  it('are none when no gain exceeds it; equal to it is not above', () => {
    assert.deepEqual(attractiveBatches({ signals: [batch('a', 0.1), batch('b', -3), batch('c', 0)] }), []);
  });

  it('are at least one when one exceeds it', () => {
    assert.deepEqual(names(attractiveBatches({ signals: [batch('a', 0.2), batch('b', 0)] })), ['a']);
  });

  it('order gains that are equal to 6 digits by name', () => {
    const signals = [batch('b', 0.50000001), batch('a', 0.5), batch('c', 0.50000002)];
    assert.deepEqual(names(attractiveBatches({ signals, share: 1 })), ['a', 'b', 'c']);
  });

  it('are all when nothing was trained', () => {
    assert.equal(attractiveBatches({ signals: [batch('a', null), batch('b', null)] }).length, 2);
  });
});

describe('attractiveInstructions', () => {
  it('are the examples of the attractive batches with their rank among all of the round', () => {
    const signals = [batch('a', 1, [0.9, 0.1]), batch('b', 0, [0.5, 0.7, 0.3])];
    const found = attractiveInstructions({ signals, attractive: signals.slice(0, 1) });
    assert.deepEqual(
      found.map(({ id, score }) => [id, score]),
      [
        ['a0', 1],
        ['a1', 0],
      ],
    );
    const all = attractiveInstructions({ signals, attractive: signals });
    assert.deepEqual(
      all.map(({ id, score }) => [id, score]),
      [
        ['a0', 1],
        ['b1', 0.75],
        ['b0', 0.5],
        ['b2', 0.25],
        ['a1', 0],
      ],
    );
  });

  it('order equal scores by id', () => {
    const signals = [batch('b', 1, [0.5]), batch('a', 1, [0.5])];
    assert.deepEqual(
      attractiveInstructions({ signals, attractive: signals }).map(({ id }) => id),
      ['a0', 'b0'],
    );
  });

  it('leave out difficulties of 1 and more when nothing was trained', () => {
    const signals = [batch('a', null, [0.9, 1, 1.2, 0.4])];
    assert.deepEqual(
      attractiveInstructions({ signals, attractive: signals }).map(({ id }) => id),
      ['a0', 'a3'],
    );
  });
});
