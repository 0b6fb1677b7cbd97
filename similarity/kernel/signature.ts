/**
 * Writes the bit signature of a token list. Each token sets one bit, a repeated one another bit for each time, so two
 * lists that share s tokens (each as often as both have it) differ in at most m + n - 2s bits.
 *
 * @param tokens address of the list: u32 ids
 * @param seen address of a table by token id, u32, all 0 before and after
 * @param bytes bytes of the signature, a power of two
 */
export function writeSignature(tokens: usize, length: i32, seen: usize, signature: usize, bytes: i32): void {
  const bits = <u32>(bytes << 3);
  const end = tokens + ((<usize>length) << 2);
  memory.fill(signature, 0, <usize>bytes);
  for (let at = tokens; at < end; at += 4) {
    const token = load<u32>(at);
    const times = seen + ((<usize>token) << 2);
    const before = load<u32>(times);
    store<u32>(times, before + 1);
    const bit = hash(token, before) & (bits - 1);
    const byte = signature + <usize>(bit >>> 3);
    store<u8>(byte, load<u8>(byte) | (1 << (<u8>(bit & 7))));
  }
  for (let at = tokens; at < end; at += 4) store<u32>(seen + ((<usize>load<u32>(at)) << 2), 0);
}

/** 32 bits that spread ids and repetitions evenly. */
function hash(token: u32, times: u32): u32 {
  let h: u32 = ((token + 1) * 0x9e3779b1) ^ (times * 0x85ebca6b);
  h = (h ^ (h >>> 15)) * 0x2c1b3c6d;
  return h ^ (h >>> 13);
}
