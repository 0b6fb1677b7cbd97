/**
 * The rule of `../cosine.ts`, to the last bit. A row is
 *
 *     f64 dot product with itself · 8 bytes · f32 components, then zeros up to a multiple of four
 */
const header: usize = 16;

/** Cosine of the vectors of two rows. */
export function cosine(a: usize, b: usize, components: i32): f64 {
  const squares = load<f64>(a) * load<f64>(b);
  if (squares === 0) return 0;
  return min<f64>(1, max<f64>(-1, dot(a, b, components) / Math.sqrt(squares)));
}

/** Writes a row's header and returns the dot product with itself: not finite when a component is not. */
export function finishRow(row: usize, components: i32): f64 {
  const square = dot(row, row, components);
  store<f64>(row, square);
  return square;
}

function dot(a: usize, b: usize, components: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = a + header + ((<usize>((components + 3) & ~3)) << 2);
  for (a += header, b += header; a < end; a += 16, b += 16) {
    low = f64x2.add(low, f64x2.mul(two(a), two(b)));
    high = f64x2.add(high, f64x2.mul(two(a + 8), two(b + 8)));
  }
  const first = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  return first + (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1));
}

function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}
