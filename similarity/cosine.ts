/**
 * Cosine of two vectors, -1 to 1; 0 when one of them is all zeros. This is the rule that every verdict follows, to the
 * last bit, in this order of operations:
 *
 * - components are float32, everything else is float64, in which a product of two components is exact;
 * - dot(a, b) is summed in four lanes: component i goes to lane i mod 4, lower indices first; then
 *   (lane 0 + lane 1) + (lane 2 + lane 3);
 * - the cosine is dot(a, b) / sqrt(dot(a, a) × dot(b, b)), and beyond -1 or 1, by rounding, it is -1 or 1.
 *
 * So a vector's cosine with itself is exactly 1. `kernel/cosine.ts` computes the same.
 *
 * @throws RangeError when they have different numbers of components.
 */
export function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length)
    throw new RangeError(`vectors of ${a.length} and ${b.length} components cannot be compared`);
  const squares = dot(a, a) * dot(b, b);
  if (squares === 0) return 0;
  return Math.min(1, Math.max(-1, dot(a, b) / Math.sqrt(squares)));
}

function dot(a: Float32Array, b: Float32Array): number {
  const lanes: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i += 1)
    lanes[(i & 3) as 0 | 1 | 2 | 3] += (a[i] as number) * (b[i] as number);
  return lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
}
