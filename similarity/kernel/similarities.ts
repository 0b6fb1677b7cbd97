import { fMeasure } from './f-measure';
import { lcs } from './lcs';

/**
 * ROUGE-L of the text that is laid out in `slots` and `masks` (see `lcs`) with several entries of the pool.
 *
 * @param table address of the pool's entries: u32 address of the tokens, u32 their number
 * @param asked address of `count` entry numbers, u32
 * @param length tokens of the text
 * @param found address to which `count` F-measures are written, f64
 */
export function similarities(
  table: usize,
  asked: usize,
  count: i32,
  length: i32,
  slots: usize,
  masks: usize,
  words: i32,
  state: usize,
  found: usize,
): void {
  for (let n: usize = 0; n < <usize>count; n++) {
    const entry = table + ((<usize>load<u32>(asked + (n << 2))) << 3);
    const other = load<i32>(entry, 4);
    const common = lcs(<usize>load<u32>(entry), other, slots, masks, words, state);
    store<f64>(found + (n << 3), fMeasure(common, length, other));
  }
}
