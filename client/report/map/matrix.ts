/** Matrices as principal components need them: what they do to a few columns of numbers. */

/** Row-major numbers. */
export interface Dense {
  rows: number;
  columns: number;
  values: Float64Array;
}

export interface Operator {
  rows: number;
  columns: number;
  /** The matrix times `columns × k`: `rows × k`. */
  times(right: Dense): Dense;
  /** Its transpose times `rows × k`: `columns × k`. */
  transposedTimes(right: Dense): Dense;
}

export function zeros(rows: number, columns: number): Dense {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/** Vectors of length 1 around their mean. */
export function centredVectors(vectors: readonly Float32Array[]): Operator {
  const columns = vectors[0]?.length ?? 0;
  const unit = vectors.map((vector) => {
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    return length === 0 ? vector : vector.map((value) => value / length);
  });
  const mean = new Float64Array(columns);
  for (const vector of unit)
    for (let c = 0; c < columns; c += 1) mean[c] = (mean[c] as number) + (vector[c] as number) / unit.length;
  const all = Int32Array.from({ length: columns }, (_, column) => column);
  const rows = unit.map((vector) => ({
    columns: all,
    values: vector.map((value, c) => value - (mean[c] as number)),
  }));
  return rowsOperator(rows, columns);
}

/** What is not 0 in a row. */
export interface MatrixRow {
  columns: Int32Array;
  values: Float64Array | Float32Array;
}

export function rowsOperator(rows: readonly MatrixRow[], columns: number): Operator {
  return {
    rows: rows.length,
    columns,
    times(right) {
      const k = right.columns;
      const product = zeros(rows.length, k);
      for (const [row, { columns: places, values }] of rows.entries())
        for (let n = 0; n < places.length; n += 1)
          add(product.values, row * k, right.values, (places[n] as number) * k, values[n] as number, k);
      return product;
    },
    transposedTimes(right) {
      const k = right.columns;
      const product = zeros(columns, k);
      for (const [row, { columns: places, values }] of rows.entries())
        for (let n = 0; n < places.length; n += 1)
          add(product.values, (places[n] as number) * k, right.values, row * k, values[n] as number, k);
      return product;
    },
  };
}

/** Adds `k` numbers times `factor` to as many others. Positional: nearly all time is spent here. */
function add(
  sum: Float64Array,
  at: number,
  addends: Float64Array,
  from: number,
  factor: number,
  k: number,
): void {
  for (let n = 0; n < k; n += 1)
    sum[at + n] = (sum[at + n] as number) + factor * (addends[from + n] as number);
}
