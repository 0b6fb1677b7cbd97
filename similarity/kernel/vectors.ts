/**
 * Looks through many vectors for those that may be similar to one. Vectors are made unit length and their components
 * rounded to 16-bit integers, `one` for 1. Products of these are exact, and no sum of them overflows: by the
 * Cauchy-Schwarz inequality it stays near one × one. How far a dot product of two such vectors can be from the cosine
 * is known from their rounding, which `roundVector` measures.
 *
 * Components are cut into segments of 32. The length that is left behind a segment is its tail: what the rest can still
 * add to a dot product is at most the product of the two tails.
 */
const one: f64 = 32_767;
/** Pairs of components in a segment. */
const segmentPairs: i32 = 16;
const rowHeader: usize = 16;

/**
 * Rounds the vector of a row (see `cosine.ts`), which is finished. A rounded vector is
 *
 *     f32 tail of each segment, in units of `one` · i16 components, with a zero when their number is odd
 *
 * @returns the length of the difference from the vector of unit length; a vector of zeros stays one
 */
export function roundVector(row: usize, components: i32, rounded: usize): f64 {
  const square = load<f64>(row);
  const scale = square === 0 ? 0 : one / Math.sqrt(square);
  const pairs = (components + 1) >> 1;
  const segments = (pairs + segmentPairs - 1) / segmentPairs;
  const values = rounded + ((<usize>segments) << 2);
  store<i16>(values + ((<usize>(pairs * 2 - 1)) << 1), 0);
  let difference: f64 = 0;
  let tail: f64 = 0;
  // From the end, where the tail is 0.
  for (let i = components - 1; i >= 0; i--) {
    if (i === components - 1 || (i + 1) % (segmentPairs * 2) === 0)
      store<f32>(rounded + ((<usize>(i / (segmentPairs * 2))) << 2), <f32>Math.sqrt(tail));
    const value = <f64>load<f32>(row + rowHeader + ((<usize>i) << 2)) * scale;
    const whole = nearest<f64>(value);
    store<i16>(values + ((<usize>i) << 1), <i16>(<i32>whole));
    difference += (whole - value) * (whole - value);
    tail += value * value;
  }
  return Math.sqrt(difference) / one;
}

/**
 * Copies a rounded vector to a place of a chunk. A chunk has so many blocks of 16 vectors, and holds, segment by segment,
 * that segment of each block:
 *
 *     f32 tail of each of the 16 · the first pair of components of each of the 16 · the second · …
 *
 * so that one instruction multiplies a pair of four vectors, and what is mostly looked at lies together.
 */
export function placeVector(rounded: usize, components: i32, chunk: usize, blocks: i32, place: i32): void {
  const pairs = (components + 1) >> 1;
  let tail = rounded;
  let value = rounded + ((<usize>((pairs + segmentPairs - 1) / segmentPairs)) << 2);
  for (let left = pairs; left > 0; left -= segmentPairs) {
    const segment = segmentBytes(left);
    let to = chunk + <usize>(place >> 4) * segment + ((<usize>(place & 15)) << 2);
    store<u32>(to, load<u32>(tail));
    tail += 4;
    for (let pair = min(left, segmentPairs); pair > 0; pair--) {
      to += 64;
      store<u32>(to, load<u32>(value));
      value += 4;
    }
    chunk += <usize>blocks * segment;
  }
}

/** Bytes of a block's segment, with so many pairs left from there on. */
function segmentBytes(left: i32): usize {
  return (<usize>(min(left, segmentPairs) + 1)) << 6;
}

/**
 * Compares a rounded vector with those of a chunk. A block is left as soon as none of its 16 can reach its limit; a limit
 * is a dot product in units of one × one.
 *
 * @param chunk address of the chunk
 * @param blocks how many blocks it has
 * @param vectors how many of its places are taken
 * @param components of each vector
 * @param rounded address of the rounded vector
 * @param limits address of 16 f32, which hold for all blocks, or of 16 for each block in turn
 * @param limitStep bytes from one block's limits to the next one's: 0 or 64
 * @param slack with common limits only: all of them rise to each dot product found, less this
 * @param found address to which places (u32) and dot products (f32) are written; has room for all of them
 * @returns how many were written
 */
export function scanVectors(
  chunk: usize,
  blocks: i32,
  vectors: i32,
  components: i32,
  rounded: usize,
  limits: usize,
  limitStep: i32,
  slack: f32,
  found: usize,
): i32 {
  const pairs = (components + 1) >> 1;
  const values = rounded + ((<usize>((pairs + segmentPairs - 1) / segmentPairs)) << 2);
  let hits = found;
  for (let first: i32 = 0; first < vectors; first += 16) {
    let segments = chunk;
    let value = values;
    let tail = rounded;
    let sum0 = i32x4.splat(0);
    let sum1 = i32x4.splat(0);
    let sum2 = i32x4.splat(0);
    let sum3 = i32x4.splat(0);
    for (let left = pairs; ; left -= segmentPairs) {
      const bytes = segmentBytes(left);
      const tails = segments + <usize>(first >> 4) * bytes;
      segments += <usize>blocks * bytes;
      let at = tails + 64;
      for (const end = value + ((<usize>min(left, segmentPairs)) << 2); value < end; value += 4) {
        const pair = v128.load32_splat(value);
        sum0 = i32x4.add(sum0, i32x4.dot_i16x8_s(pair, v128.load(at)));
        sum1 = i32x4.add(sum1, i32x4.dot_i16x8_s(pair, v128.load(at, 16)));
        sum2 = i32x4.add(sum2, i32x4.dot_i16x8_s(pair, v128.load(at, 32)));
        sum3 = i32x4.add(sum3, i32x4.dot_i16x8_s(pair, v128.load(at, 48)));
        at += 64;
      }
      const own = v128.load32_splat(tail);
      tail += 4;
      const in0 = f32x4.ge(bound(sum0, own, tails), v128.load(limits));
      const in1 = f32x4.ge(bound(sum1, own, tails + 16), v128.load(limits, 16));
      const in2 = f32x4.ge(bound(sum2, own, tails + 32), v128.load(limits, 32));
      const in3 = f32x4.ge(bound(sum3, own, tails + 48), v128.load(limits, 48));
      if (!v128.any_true(v128.or(v128.or(in0, in1), v128.or(in2, in3)))) break;
      if (left > segmentPairs) continue;
      const within =
        i32x4.bitmask(in0) |
        (i32x4.bitmask(in1) << 4) |
        (i32x4.bitmask(in2) << 8) |
        (i32x4.bitmask(in3) << 12);
      const count = vectors - first;
      for (let mask = within; mask !== 0; mask &= mask - 1) {
        const place = <i32>ctz(mask);
        // The last block may have empty places.
        if (place >= count) break;
        const four = place < 8 ? (place < 4 ? sum0 : sum1) : place < 12 ? sum2 : sum3;
        const dot = <f32>lane(four, place & 3);
        store<u32>(hits, first + place);
        store<f32>(hits, dot, 4);
        hits += 8;
        if (limitStep === 0 && dot - slack > load<f32>(limits)) raise(limits, dot - slack);
      }
      break;
    }
    limits += limitStep;
  }
  return <i32>((hits - found) >>> 3);
}

/** What four dot products can still become. */
function bound(sum: v128, own: v128, tails: usize): v128 {
  return f32x4.add(f32x4.convert_i32x4_s(sum), f32x4.mul(own, v128.load(tails)));
}

function lane(four: v128, place: i32): i32 {
  const half = place < 2 ? i64x2.extract_lane(four, 0) : i64x2.extract_lane(four, 1);
  return <i32>(half >> <i64>((place & 1) << 5));
}

function raise(limits: usize, limit: f32): void {
  for (let at: usize = 0; at < 64; at += 16) v128.store(limits + at, f32x4.splat(limit));
}
