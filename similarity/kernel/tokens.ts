/**
 * Tokens and their ids. A token is known by its bytes; ids count from 0. The open-addressing table holds id + 1 in each
 * used place, and 12 bytes for each id: its hash, the address of its bytes, their number.
 */
let table: usize = 0;
let mask: u32 = 0;
let entries: usize = 0;
let count: u32 = 0;
/** Where the next token's bytes go. */
let bytesTop: usize = 0;

/** How many different tokens are known. */
export function tokenCount(): u32 {
  return count;
}

/** Address behind the bytes of the newest token. */
export function tokenBytesTop(): usize {
  return bytesTop;
}

/** Says where the bytes of further tokens shall go; those of known ones stay where they are. */
export function setTokenBytes(top: usize): void {
  bytesTop = top;
}

/** Gives the table new memory: `places` for ids, a power of two and all 0, and room for entries. */
export function setTokenTable(newTable: usize, places: u32, newEntries: usize): void {
  if (count > 0) memory.copy(newEntries, entries, <usize>count * 12);
  table = newTable;
  mask = places - 1;
  entries = newEntries;
  for (let id: u32 = 0; id < count; id++) {
    let place = load<u32>(entries + <usize>id * 12) & mask;
    while (load<u32>(table + ((<usize>place) << 2)) !== 0) place = (place + 1) & mask;
    store<u32>(table + ((<usize>place) << 2), id + 1);
  }
}

/** Id of the token with these bytes; a new one gets the next id. */
export function internToken(at: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ <u32>load<u8>(at + <usize>i)) * 0x01000193;
  return lookUp(at, length, mix(hash));
}

/**
 * Splits lower-cased UTF-8 into runs of a-z and 0-9, writes their ids (u32) and returns how many there are. As
 * rouge_score tokenises: bytes of other letters separate like spaces.
 */
export function tokenise(text: usize, length: u32, ids: usize): u32 {
  const end = text + <usize>length;
  let written = ids;
  let at = text;
  while (at < end) {
    while (at < end && !isKept(load<u8>(at))) at++;
    if (at === end) break;
    const start = at;
    let hash: u32 = 0x811c9dc5;
    for (; at < end; at++) {
      const byte = load<u8>(at);
      if (!isKept(byte)) break;
      hash = (hash ^ <u32>byte) * 0x01000193;
    }
    store<u32>(written, lookUp(start, <u32>(at - start), mix(hash)));
    written += 4;
  }
  return <u32>((written - ids) >>> 2);
}

function isKept(byte: u8): bool {
  return <u8>(byte - 97) < 26 || <u8>(byte - 48) < 10;
}

function mix(hash: u32): u32 {
  hash ^= hash >>> 15;
  hash *= 0x2c1b3c6d;
  return hash ^ (hash >>> 13);
}

function lookUp(at: usize, length: u32, hash: u32): u32 {
  let place = hash & mask;
  for (;;) {
    const known = load<u32>(table + ((<usize>place) << 2));
    if (known === 0) break;
    const entry = entries + <usize>(known - 1) * 12;
    if (
      load<u32>(entry) === hash &&
      load<u32>(entry, 8) === length &&
      memory.compare(<usize>load<u32>(entry, 4), at, <usize>length) === 0
    ) {
      return known - 1;
    }
    place = (place + 1) & mask;
  }
  const id = count++;
  memory.copy(bytesTop, at, <usize>length);
  const entry = entries + <usize>id * 12;
  store<u32>(entry, hash);
  store<u32>(entry, <u32>bytesTop, 4);
  store<u32>(entry, length, 8);
  bytesTop += <usize>length;
  store<u32>(table + ((<usize>place) << 2), id + 1);
  return id;
}
