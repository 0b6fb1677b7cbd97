import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cosine } from '../../similarity/cosine.js';
import { anyVectors, closeVectors } from './vectors.js';

/** With the products' exact sum: float32 numbers are whole multiples of 2^-149, so BigInt can hold all of them. */
function exactCosine(a: Float32Array, b: Float32Array): number {
  const whole = (value: number) => {
    const [fraction, exponent] = split(value);
    return BigInt(fraction) << BigInt(exponent + 149);
  };
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, i) => sum + whole(value) * whole(y[i] as number), 0n);
  const squares = dot(a, a) * dot(b, b);
  if (squares === 0n) return 0;
  const product = dot(a, b);
  // cos² with 100 binary places.
  const square = Number(((product * product) << 100n) / squares) / 2 ** 100;
  return product < 0n ? -Math.sqrt(square) : Math.sqrt(square);
}

/** value = fraction × 2^exponent, both whole. */
function split(value: number): [number, number] {
  let [fraction, exponent] = [value, 0];
  while (!Number.isInteger(fraction)) [fraction, exponent] = [fraction * 2, exponent - 1];
  while (Math.abs(fraction) >= 2 ** 53) [fraction, exponent] = [fraction / 2, exponent + 1];
  return [fraction, exponent];
}

describe('cosine', () => {
  it('is what exact arithmetic says, but for the last bits', () => {
    fc.assert(
      fc.property(fc.oneof(anyVectors, closeVectors), ({ query, vectors }) => {
        for (const vector of vectors.slice(0, 5)) {
          const difference = Math.abs(cosine(query, vector) - exactCosine(query, vector));
          // Where the cosine is nearly 0, the square root of a rounded square is the less exact of the two.
          assert.ok(difference < 1e-14, `${cosine(query, vector)} and ${exactCosine(query, vector)}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of a vector with itself is exactly 1, with its opposite exactly -1', () => {
    fc.assert(
      fc.property(fc.oneof(anyVectors, closeVectors), ({ query }) => {
        const isZero = query.every((component) => component === 0);
        assert.equal(cosine(query, query), isZero ? 0 : 1);
        const opposite = query.map((component) => -component);
        assert.equal(cosine(query, opposite), isZero ? 0 : -1);
      }),
    );
  });

  it('is 0 where one of the two is all zeros', () => {
    assert.equal(cosine(new Float32Array(3), Float32Array.of(1, 2, 3)), 0);
    assert.equal(cosine(new Float32Array(3), new Float32Array(3)), 0);
  });

  it('neither overflows nor loses denormal components', () => {
    assert.equal(cosine(Float32Array.of(3e38, 3e38), Float32Array.of(3e38, -3e38)), 0);
    assert.equal(cosine(Float32Array.of(1e-45, 0), Float32Array.of(1e-45, 0)), 1);
  });

  it('sums the products in the documented order', () => {
    // One of the two ones is lost beside 2^53 in lane 0, the other is kept in lane 1. In one lane both would be lost.
    const ones = new Float32Array(6).fill(1);
    const vector = Float32Array.of(2 ** 53, 1, 0, 0, 1, -(2 ** 53));
    assert.equal(cosine(ones, vector), 1 / Math.sqrt(6 * 2 ** 107));
  });

  it('refuses vectors of different length', () => {
    assert.throws(() => cosine(new Float32Array(2), new Float32Array(3)), /vectors of 2 and 3 components/);
  });
});
