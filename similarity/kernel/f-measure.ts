/** rouge_score's, in its order of operations: the same double as `rougeLFromLcs`. */
export function fMeasure(lcs: i32, length: i32, other: i32): f64 {
  if (length === 0 || other === 0) return 0;
  const precision = <f64>lcs / <f64>length;
  const recall = <f64>lcs / <f64>other;
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
}
