import { fMeasure } from './f-measure';

/**
 * Looks through the signatures of a pool for entries that may lie above a similarity. The pool keeps, for each range of
 * lengths, a list of chunks:
 *
 *     u32 next chunk or 0 · u32 entries used · u32 capacity, a multiple of 128 · u32 bytes of a signature
 *     u32 tokens of the shortest entry · u32 of the longest · 8 bytes unused
 *     u32 entry number, `capacity` times
 *     blocks of 128 entries: for each bit of a signature a row of 16 bytes, a bit for each entry, and at last a row of 0
 *
 * So only the rows of the text's own bits are read, and one instruction works on 128 entries.
 *
 * @param chunks address of a table by range of lengths: address of its first chunk, or 0
 * @param first @param last the ranges to look at
 * @param length tokens of the text that is asked about
 * @param similarity entries above it are looked for
 * @param rows address of a table by size of signature (64, 256, 1024 bytes) of the text's rows: u32 address of their list,
 *   u32 its length, a multiple of 8, u32 how many of them are padding (which is the row of 0)
 * @param counters address of 16 vectors to work in
 * @param found address to which numbers of entries are written, u32; has room for all of them
 * @returns how many were written
 */
export function scanPool(
  chunks: usize,
  first: i32,
  last: i32,
  length: i32,
  similarity: f64,
  rows: usize,
  counters: usize,
  found: usize,
): i32 {
  let hits = found;
  for (let range = first; range <= last; range++) {
    let chunk = <usize>load<u32>(chunks + ((<usize>range) << 2));
    for (; chunk !== 0; chunk = <usize>load<u32>(chunk)) {
      // The F-measure falls with the length, so longer entries need no less.
      const needed = leastLcs(length, load<i32>(chunk, 16), similarity);
      if (needed > min(length, load<i32>(chunk, 20))) continue;
      // 64 → 0, 256 → 1, 1024 → 2.
      const list = rows + <usize>((ctz(load<i32>(chunk, 12)) - 6) >> 1) * 12;
      // Nobody has the padding.
      const limit = length - needed + load<i32>(list, 8);
      hits = scanChunk(chunk, <usize>load<u32>(list), load<i32>(list, 4), limit, counters, hits);
    }
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

/**
 * Writes the entries of a chunk that lack at most `limit` of the text's bits. Counts are kept for 128 entries at a time:
 * bit k of all of them lies in the k-th of several vectors, to which eight rows are added at a time by carry-save adders.
 * A count begins so high that it overflows when there is one too many, and a block ends when all have.
 *
 * An adder whose inputs are all inverted gives inverted outputs. So the rows, whose bits say what is there, add up what is
 * missing, and the three lowest bits of the counts are kept inverted.
 */
function scanChunk(chunk: usize, rows: usize, count: i32, limit: i32, counters: usize, hits: usize): usize {
  const used = load<i32>(chunk, 4);
  const entries = chunk + 32;
  const blockBytes = (((<usize>load<u32>(chunk, 12)) << 3) + 1) << 4;
  const end = rows + ((<usize>count) << 2);
  // Counts have six bits, and more in memory for long texts.
  const bits = max<i32>(6, 32 - clz<i32>(limit));
  const top = (<usize>(bits - 6)) << 4;
  const start = (1 << bits) - 1 - limit;
  let block = entries + ((<usize>load<u32>(chunk, 8)) << 2);
  for (let first: i32 = 0; first < used; first += 128) {
    let notOnes = allIf(~start & 1);
    let notTwos = allIf(~start & 2);
    let notFours = allIf(~start & 4);
    let eights = allIf(start & 8);
    let sixteens = allIf(start & 16);
    let thirtyTwos = allIf(start & 32);
    for (let at: usize = 0; at < top; at += 16)
      v128.store(counters + at, allIf(start & (64 << (<i32>at >> 4))));
    let within = i64x2.splat(-1);
    for (let row = rows; row < end; row += 32) {
      const a = v128.load(block + <usize>load<u32>(row));
      const b = v128.load(block + <usize>load<u32>(row, 4));
      const c = v128.load(block + <usize>load<u32>(row, 8));
      const d = v128.load(block + <usize>load<u32>(row, 12));
      const twosA = carry(notOnes, a, b);
      notOnes = sum(notOnes, a, b);
      const twosB = carry(notOnes, c, d);
      notOnes = sum(notOnes, c, d);
      const foursA = carry(notTwos, twosA, twosB);
      notTwos = sum(notTwos, twosA, twosB);
      const e = v128.load(block + <usize>load<u32>(row, 16));
      const f = v128.load(block + <usize>load<u32>(row, 20));
      const g = v128.load(block + <usize>load<u32>(row, 24));
      const h = v128.load(block + <usize>load<u32>(row, 28));
      const twosC = carry(notOnes, e, f);
      notOnes = sum(notOnes, e, f);
      const twosD = carry(notOnes, g, h);
      notOnes = sum(notOnes, g, h);
      const foursB = carry(notTwos, twosC, twosD);
      notTwos = sum(notTwos, twosC, twosD);
      let over = v128.not(carry(notFours, foursA, foursB));
      notFours = sum(notFours, foursA, foursB);
      const overEights = v128.and(eights, over);
      eights = v128.xor(eights, over);
      const overSixteens = v128.and(sixteens, overEights);
      sixteens = v128.xor(sixteens, overEights);
      over = v128.and(thirtyTwos, overSixteens);
      thirtyTwos = v128.xor(thirtyTwos, overSixteens);
      for (let at: usize = 0; at < top; at += 16) {
        const counter = v128.load(counters + at);
        v128.store(counters + at, v128.xor(counter, over));
        over = v128.and(counter, over);
      }
      within = v128.andnot(within, over);
      if (!v128.any_true(within)) break;
    }
    if (v128.any_true(within)) {
      hits = writeHits(i64x2.extract_lane(within, 0), entries, first, used, hits);
      hits = writeHits(i64x2.extract_lane(within, 1), entries, first + 64, used, hits);
    }
    block += blockBytes;
  }
  return hits;
}

function allIf(bit: i32): v128 {
  return i64x2.splat(bit === 0 ? 0 : -1);
}

function writeHits(mask: u64, entries: usize, first: i32, used: i32, hits: usize): usize {
  for (; mask !== 0; mask &= mask - 1) {
    const place = first + <i32>ctz(mask);
    // The last block may have empty places.
    if (place >= used) break;
    store<u32>(hits, load<u32>(entries + ((<usize>place) << 2)));
    hits += 4;
  }
  return hits;
}

function sum(a: v128, b: v128, c: v128): v128 {
  return v128.xor(v128.xor(a, b), c);
}

function carry(a: v128, b: v128, c: v128): v128 {
  return v128.or(v128.and(a, b), v128.and(v128.xor(a, b), c));
}
