/**
 * The vectors without their mean. A model's vectors share a large part that says nothing of the text: with the bundled
 * model two names of skills taken at random have a cosine of 0.96, and of -0.02 without it. All have one length.
 */
export function centred(vectors: readonly Float32Array[]): Float32Array[] {
  const mean = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (const [at, value] of vector.entries()) mean[at] = (mean[at] as number) + value / vectors.length;
  }
  return vectors.map((vector) => vector.map((value, at) => value - (mean[at] as number)));
}
