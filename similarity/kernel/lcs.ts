/**
 * Length of the longest common subsequence of two token lists, bit-parallel (H. Hyyrö, "Bit-Parallel LCS-length
 * Computation Revisited", 2004): V = (V + (V & M)) | (V & ~M), with a carry from word to word.
 *
 * @param tokens address of one list: u32 token ids
 * @param length its tokens
 * @param slots address of a table by token id: 0 when the other list lacks the token, else the number of its mask
 * @param masks address of the masks, from number 1: `words` u64 each, a bit for each place of the other list
 * @param words u64 of one mask
 * @param state address of `words` u64 to work in
 */
export function lcs(tokens: usize, length: i32, slots: usize, masks: usize, words: i32, state: usize): i32 {
  return words === 1
    ? lcsOneWord(tokens, length, slots, masks)
    : lcsManyWords(tokens, length, slots, masks, words, state);
}

function lcsOneWord(tokens: usize, length: i32, slots: usize, masks: usize): i32 {
  let v = ~(<u64>0);
  for (const end = tokens + ((<usize>length) << 2); tokens < end; tokens += 4) {
    const slot = load<u32>(slots + ((<usize>load<u32>(tokens)) << 2));
    if (slot === 0) continue;
    const u = v & load<u64>(masks + ((<usize>slot) << 3));
    v = (v + u) | (v - u);
  }
  // Bits above the list's length are never cleared: no mask has them.
  return <i32>popcnt<u64>(~v);
}

function lcsManyWords(tokens: usize, length: i32, slots: usize, masks: usize, words: i32, state: usize): i32 {
  const bytes = (<usize>words) << 3;
  memory.fill(state, 0xff, bytes);
  for (const end = tokens + ((<usize>length) << 2); tokens < end; tokens += 4) {
    const slot = load<u32>(slots + ((<usize>load<u32>(tokens)) << 2));
    if (slot === 0) continue;
    const mask = masks + <usize>slot * bytes;
    let carry: u64 = 0;
    for (let w: usize = 0; w < bytes; w += 8) {
      const v = load<u64>(state + w);
      const u = v & load<u64>(mask + w);
      const partial = v + u;
      const sum = partial + carry;
      carry = <u64>(partial < v) | <u64>(sum < partial);
      store<u64>(state + w, sum | (v - u));
    }
  }
  let ones: i32 = 0;
  for (let w: usize = 0; w < bytes; w += 8) ones += <i32>popcnt<u64>(~load<u64>(state + w));
  return ones;
}
