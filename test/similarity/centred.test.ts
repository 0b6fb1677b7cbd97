import assert from 'node:assert/strict';
import { centred } from '../../similarity/centred.js';
import { cosine } from '../../similarity/cosine.js';

describe('centred vectors', () => {
  const apart = [new Float32Array([1, 0, 9]), new Float32Array([-1, 0, 9]), new Float32Array([0, 1, 9])];

  it('have a mean of nothing', () => {
    const sums = [0, 1, 2].map((at) =>
      centred(apart).reduce((sum, vector) => sum + (vector[at] as number), 0),
    );
    for (const sum of sums) assert.ok(Math.abs(sum) < 1e-6);
  });

  it('are far apart where only what all share has made them near', () => {
    const [a, b] = apart as [Float32Array, Float32Array, Float32Array];
    const [x, y] = centred(apart) as [Float32Array, Float32Array, Float32Array];
    assert.ok(cosine(a, b) > 0.97);
    assert.ok(cosine(x, y) < -0.5);
  });

  it('leave the given ones as they were, and are none of none', () => {
    assert.deepEqual([...(apart[0] as Float32Array)], [1, 0, 9]);
    assert.deepEqual(centred([]), []);
  });
});
