/**
 * Lists the bits of a token list's signature. Each token has one bit, a repeated one another bit for each time, so of two
 * lists that share s tokens (each as often as both have it), one of m tokens has at most m - s bits that the other lacks.
 *
 * @param tokens address of the list: u32 ids, ascending
 * @param seen address of a table by token id, u32, all 0 before and after
 * @param bytes bytes of a signature, a power of two
 * @param signature address of `bytes` bytes to work in, all 0 before and after
 * @param rows address of `length` u32, to which 16 × the number of each bit is written once; those of tokens with the
 *   highest ids, which are mostly the rarest, come first
 * @returns how many were written
 */
export function listRows(
  tokens: usize,
  length: i32,
  seen: usize,
  bytes: i32,
  signature: usize,
  rows: usize,
): i32 {
  const bits = <u32>(bytes << 3);
  const end = tokens + ((<usize>length) << 2);
  let written = rows;
  for (let at = end; at > tokens; ) {
    at -= 4;
    const token = load<u32>(at);
    const times = seen + ((<usize>token) << 2);
    const before = load<u32>(times);
    store<u32>(times, before + 1);
    const bit = hash(token, before) & (bits - 1);
    const byte = signature + <usize>(bit >>> 3);
    const own: u8 = 1 << (<u8>(bit & 7));
    if (load<u8>(byte) & own) continue;
    store<u8>(byte, load<u8>(byte) | own);
    store<u32>(written, bit << 4);
    written += 4;
  }
  for (let at = tokens; at < end; at += 4) store<u32>(seen + ((<usize>load<u32>(at)) << 2), 0);
  for (let at = rows; at < written; at += 4) store<u8>(signature + <usize>(load<u32>(at) >>> 7), 0);
  return <i32>((written - rows) >>> 2);
}

/** Sets an entry's bits: those of `rows`, at one of the 128 places of a block (see `scanPool`). */
export function placeRows(rows: usize, count: i32, block: usize, place: i32): void {
  const byte = block + <usize>(place >>> 3);
  const own: u8 = 1 << (<u8>(place & 7));
  for (const end = rows + ((<usize>count) << 2); rows < end; rows += 4) {
    const at = byte + <usize>load<u32>(rows);
    store<u8>(at, load<u8>(at) | own);
  }
}

/** 32 bits that spread ids and repetitions evenly. */
function hash(token: u32, times: u32): u32 {
  let h: u32 = ((token + 1) * 0x9e3779b1) ^ (times * 0x85ebca6b);
  h = (h ^ (h >>> 15)) * 0x2c1b3c6d;
  return h ^ (h >>> 13);
}
