import assert from 'node:assert/strict';
import type { BatchSignal } from '../../../activities/student-messages.js';
import { type AcceptedExample, type RefineSeedsInput, refineSeeds } from '../../../methods/sedi/refine.js';
import { humanSeed, machineSeed, times } from '../seeds.js';

const human = times(6, (i) => humanSeed(`h${i}`, `alpha${i} beta${i} gamma${i} delta${i}`));

/** An example that came from a prompt with these seeds and resembles the first of them a little. */
function example(id: string, seedIds: string[], instruction?: string): AcceptedExample {
  const parent = (seedIds[0] ?? '').slice(1);
  return {
    id,
    instruction: instruction ?? `alpha${parent} ${id}x ${id}y ${id}z`,
    input: '',
    output: `out ${id}`,
    isClassification: false,
    seedIds,
  };
}

/** One attractive batch that holds the examples, best first, with these losses. */
function signal(examples: AcceptedExample[], losses: number[] = examples.map(() => 2)): BatchSignal {
  return {
    batch: 'b0',
    gain: 1,
    standardError: 0.1,
    examples: examples.map(({ id }, i) => ({ id, answerLoss: losses[i] ?? 2, score: 1 - i / 100 })),
  };
}

function refine(examples: AcceptedExample[], more: Partial<RefineSeedsInput> = {}) {
  return refineSeeds({
    pool: human,
    round: 2,
    signals: [signal(examples)],
    examples,
    top: 10,
    poolSize: 20,
    tokenisation: 'rouge',
    ...more,
  });
}
const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);

describe('refineSeeds', () => {
  it('lets attractive instructions join with lineage, best first', () => {
    const examples = [example('x', ['h0', 'h5']), example('y', ['h1', 'h5'])];
    const { added, pool, note, attractiveBatches } = refine(examples);
    assert.deepEqual(added[0], {
      id: 'x',
      origin: 'machine',
      instruction: examples[0]?.instruction,
      instances: [{ input: '', output: 'out x' }],
      isClassification: false,
      ancestors: ['h0'],
      round: 2,
      score: 1,
    });
    assert.deepEqual(ids(pool), [...ids(human), 'x', 'y']);
    assert.equal(attractiveBatches, 1);
    assert.match(note, /1 of 1 batches attractive: 2 seeds joined, 0 left/);
  });

  it('takes only the top m', () => {
    assert.deepEqual(ids(refine([example('x', ['h0']), example('y', ['h1'])], { top: 1 }).added), ['x']);
  });

  it('leaves the pool as it is without a signal', () => {
    const pool = [...human, machineSeed('m', 'h0')];
    const result = refine([], { pool, signals: null });
    assert.deepEqual(result.pool, pool);
    assert.match(result.note, /No signal/);
  });

  it('keeps the seeds when no batch is attractive, and says so', () => {
    const examples = [example('x', ['h0'])];
    const result = refine(examples, { signals: [{ ...signal(examples), gain: 0.05 }] });
    assert.deepEqual(result.pool, human);
    assert.match(result.note, /None of 1 batches .* the seeds stay/);
  });

  it('passes over answer losses outside the 5th to 95th percentile of the round', () => {
    const examples = times(6, (i) => example(`x${i}`, [`h${i}`]));
    const losses = [9, 2, 2.1, 2.2, 2.3, 0.1];
    const { added, note } = refine(examples, { signals: [signal(examples, losses)] });
    assert.deepEqual(ids(added), ['x1', 'x2', 'x3', 'x4']);
    assert.match(note, /2 loss out of range/);
  });

  it('passes over what is above 0.7 of a seed, old or new', () => {
    const examples = [
      example('copy', ['h0'], `${human[3]?.instruction}`),
      example('x', ['h1'], 'one two three four five'),
      example('near', ['h2'], 'one two three four six'),
    ];
    const { added, note } = refine(examples);
    assert.deepEqual(ids(added), ['x']);
    assert.match(note, /2 too close to another seed/);
  });

  it('lets one offspring per ancestor join in a round, through machine-made parents too', () => {
    const parent = machineSeed('m', 'h0', { instruction: 'mu nu xi omicron' });
    const examples = [
      example('x', ['h0']),
      example('y', ['h0']),
      example('z', ['m'], 'mu zeta zeta2 zeta3'),
      example('w', ['h1']),
    ];
    const { added } = refine(examples, { pool: [...human, parent] });
    assert.deepEqual(ids(added), ['x', 'w']);
  });

  it('removes the lowest machine seeds over the pool size, never a human one', () => {
    const pool = [
      ...human,
      machineSeed('low', 'h4', { score: 0.2 }),
      machineSeed('high', 'h5', { score: 0.9, instruction: 'other words here now' }),
    ];
    const result = refine([example('x', ['h0'])], { pool, poolSize: 8 });
    assert.deepEqual(ids(result.removed), ['low']);
    assert.deepEqual(ids(result.pool), [...ids(human), 'high', 'x']);
    const tight = refine([example('x', ['h0'])], { pool, poolSize: 3 });
    assert.deepEqual([ids(tight.pool), tight.added, tight.warnings.length], [ids(human), [], 1]);
  });

  it('lets older scores decay', () => {
    const pool = [...human, machineSeed('m', 'h4', { score: 0.5 })];
    const scoreOf = (seeds: { id: string; score: number | null }[]) =>
      seeds.find(({ id }) => id === 'm')?.score;
    assert.equal(scoreOf(refine([example('x', ['h0'])], { pool }).pool), 0.35);
    assert.equal(scoreOf(refine([], { pool, signals: [] }).pool), 0.35);
  });

  it('chooses by difficulty when nothing was trained', () => {
    const examples = [example('x', ['h0']), example('y', ['h1']), example('z', ['h2'])];
    const evaluated: BatchSignal = {
      batch: 'b0',
      gain: null,
      standardError: null,
      examples: [
        { id: 'x', answerLoss: 2, score: 0.4 },
        { id: 'y', answerLoss: 2, score: 0.8 },
        { id: 'z', answerLoss: 2, score: 1.3 },
      ],
    };
    assert.deepEqual(ids(refine(examples, { signals: [evaluated] }).added), ['y', 'x']);
  });

  it('throws when the signal names an example that is not there', () => {
    assert.throws(() => refine([], { signals: [signal([example('ghost', ['h0'])])] }), /ghost/);
  });
});
