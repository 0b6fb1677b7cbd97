/** Principal components by orthogonal iteration (Golub and Van Loan, 8.2.4): a few of many, without all pairs of columns. */
import { seededRandom } from '../../../methods/random.js';
import { type Dense, type Operator, zeros } from './matrix.js';

/**
 * Coordinates of the matrix's rows along its `count` strongest directions, `rows × count`, strongest first. The same numbers
 * each time. Fewer directions than asked for are those that the matrix has.
 */
export function principalCoordinates(
  matrix: Operator,
  { count, iterations }: { count: number; iterations: number },
): Dense {
  const directions = Math.min(count, matrix.rows, matrix.columns);
  // Some directions more than are wanted make the wanted ones settle sooner.
  const tried = Math.min(directions + 8, matrix.rows, matrix.columns);
  const random = seededRandom('principal components');
  let right = zeros(matrix.columns, tried);
  for (let n = 0; n < right.values.length; n += 1) right.values[n] = random.next() - 0.5;
  orthonormalise(right);
  for (let n = 0; n < iterations; n += 1) {
    right = matrix.transposedTimes(matrix.times(right));
    orthonormalise(right);
  }
  return firstColumns(matrix.times(right), directions);
}

/** Makes the columns orthogonal to each other and 1 long (Gram-Schmidt, twice); one that has nothing of its own becomes 0. */
function orthonormalise(matrix: Dense): void {
  const { rows, columns, values } = matrix;
  // Each column in one piece: memory is read in its order.
  const vectors = Array.from({ length: columns }, (_, column) =>
    Float64Array.from({ length: rows }, (_, row) => values[row * columns + column] as number),
  );
  for (const [column, vector] of vectors.entries()) {
    const before = Math.sqrt(dot(vector, vector));
    for (let pass = 0; pass < 2; pass += 1) {
      for (const earlier of vectors.slice(0, column)) {
        const share = dot(vector, earlier);
        for (let row = 0; row < rows; row += 1)
          vector[row] = (vector[row] as number) - share * (earlier[row] as number);
      }
    }
    const length = Math.sqrt(dot(vector, vector));
    const scale = length > before * 1e-10 ? 1 / length : 0;
    for (let row = 0; row < rows; row += 1) {
      vector[row] = (vector[row] as number) * scale;
      values[row * columns + column] = vector[row] as number;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n += 1) sum += (a[n] as number) * (b[n] as number);
  return sum;
}

function firstColumns({ rows, columns, values }: Dense, count: number): Dense {
  const first = zeros(rows, count);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < count; column += 1)
      first.values[row * count + column] = values[row * columns + column] as number;
  return first;
}
