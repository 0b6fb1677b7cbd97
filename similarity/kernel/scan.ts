import { fMeasure } from './f-measure';

/**
 * Looks through the signatures of a pool for entries that may lie above a similarity. The pool keeps, for each number of
 * tokens, a list of chunks:
 *
 *     u32 next chunk or 0 · u32 entries used · u32 capacity, a multiple of 16 · u32 bytes of a signature
 *     u32 entry number, `capacity` times
 *     blocks of 16 signatures: byte k of all 16 lies in a block's k-th 16 bytes, so that one instruction works on all
 *     of them and no sum runs across a vector
 *
 * @param chunks address of a table by number of tokens: address of its first chunk, or 0
 * @param shortest @param longest the lengths to look at
 * @param length tokens of the text that is asked about
 * @param similarity entries above it are looked for
 * @param signatures address of four addresses: the text's signatures of 16, 64, 256 and 1024 bytes
 * @param found address to which numbers of entries are written, u32; has room for all of them
 * @returns how many were written
 */
export function scanPool(
  chunks: usize,
  shortest: i32,
  longest: i32,
  length: i32,
  similarity: f64,
  signatures: usize,
  found: usize,
): i32 {
  let hits = found;
  for (let other = shortest; other <= longest; other++) {
    let chunk = <usize>load<u32>(chunks + ((<usize>other) << 2));
    if (chunk === 0) continue;
    const needed = leastLcs(length, other, similarity);
    if (needed > min(length, other)) continue;
    const bytes = load<i32>(chunk, 12);
    // 16 → 0, 64 → 1, 256 → 2, 1024 → 3.
    const signature = <usize>load<u32>(signatures + ((<usize>((ctz(bytes) - 4) >> 1)) << 2));
    const limit = length + other - 2 * needed;
    for (; chunk !== 0; chunk = <usize>load<u32>(chunk))
      hits = scanChunk(chunk, bytes, signature, limit, hits);
  }
  return <i32>((hits - found) >>> 2);
}

/** Shortest common subsequence with which two lists of these lengths lie above a similarity. */
function leastLcs(length: i32, other: i32, similarity: f64): i32 {
  const most = min(length, other);
  // F = 2 lcs / (m + n) but for rounding, which the formula itself decides.
  let lcs = max<i32>(0, <i32>Math.floor((similarity * <f64>(length + other)) / 2) - 1);
  while (lcs <= most && !(fMeasure(lcs, length, other) > similarity)) lcs++;
  return lcs;
}

/** Writes the entries of a chunk whose signatures differ in at most `limit` bits. */
function scanChunk(chunk: usize, bytes: i32, signature: usize, limit: i32, hits: usize): usize {
  const used = load<i32>(chunk, 4);
  const entries = chunk + 16;
  let block = entries + ((<usize>load<u32>(chunk, 8)) << 2);
  const limits = i16x8.splat(<i16>min<i32>(limit, i16.MAX_VALUE));
  for (let first: i32 = 0; first < used; first += 16) {
    let low = i16x8.splat(0);
    let high = i16x8.splat(0);
    for (let group: usize = 0; group < <usize>bytes; group += 16) {
      // Sixteen counts of at most 8 fit a byte; further groups would not.
      const at = block + group * 16;
      const from = signature + group;
      let sum = differing(at, from);
      sum = i8x16.add(sum, differing(at + 16, from + 1));
      sum = i8x16.add(sum, differing(at + 32, from + 2));
      sum = i8x16.add(sum, differing(at + 48, from + 3));
      sum = i8x16.add(sum, differing(at + 64, from + 4));
      sum = i8x16.add(sum, differing(at + 80, from + 5));
      sum = i8x16.add(sum, differing(at + 96, from + 6));
      sum = i8x16.add(sum, differing(at + 112, from + 7));
      // Half of a signature is mostly enough to rule a block out.
      if (bytes === 16 && !v128.any_true(i8x16.le_u(sum, i8x16.splat(<i8>min<i32>(limit, 255))))) {
        low = i16x8.splat(i16.MAX_VALUE);
        high = low;
        break;
      }
      sum = i8x16.add(sum, differing(at + 128, from + 8));
      sum = i8x16.add(sum, differing(at + 144, from + 9));
      sum = i8x16.add(sum, differing(at + 160, from + 10));
      sum = i8x16.add(sum, differing(at + 176, from + 11));
      sum = i8x16.add(sum, differing(at + 192, from + 12));
      sum = i8x16.add(sum, differing(at + 208, from + 13));
      sum = i8x16.add(sum, differing(at + 224, from + 14));
      sum = i8x16.add(sum, differing(at + 240, from + 15));
      low = i16x8.add(low, i16x8.extend_low_i8x16_u(sum));
      high = i16x8.add(high, i16x8.extend_high_i8x16_u(sum));
    }
    const within = i8x16.narrow_i16x8_s(i16x8.le_s(low, limits), i16x8.le_s(high, limits));
    for (let mask = i8x16.bitmask(within); mask !== 0; mask &= mask - 1) {
      const place = first + <i32>ctz(mask);
      // The last block may have empty places.
      if (place >= used) break;
      store<u32>(hits, load<u32>(entries + ((<usize>place) << 2)));
      hits += 4;
    }
    block += <usize>bytes * 16;
  }
  return hits;
}

/** Bits in which 16 bytes at an address differ from one byte at another. */
function differing(at: usize, from: usize): v128 {
  return i8x16.popcnt(v128.xor(v128.load(at), v128.load8_splat(from)));
}
