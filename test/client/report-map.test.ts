import assert from 'node:assert/strict';
import { centredVectors } from '../../client/report/map/matrix.js';
import { placePoints } from '../../client/report/map/place-points.js';
import { principalCoordinates } from '../../client/report/map/principal.js';
import { weighedWords } from '../../client/report/map/words.js';
import { seededRandom } from '../../methods/random.js';

/** `count` vectors around `centres` far from each other; the nth belongs to the centre n modulo their number. */
function clusters(count: number, { centres, dimensions }: { centres: number; dimensions: number }) {
  const random = seededRandom('clusters');
  const vector = () => Float32Array.from({ length: dimensions }, () => random.next() - 0.5);
  const middle = Array.from({ length: centres }, vector);
  return Array.from({ length: count }, (_, n) => {
    const noise = vector();
    return (middle[n % centres] as Float32Array).map((value, d) => value + 0.3 * (noise[d] as number));
  });
}

function nearestOf(places: readonly [number, number][], at: number): number {
  const [x, y] = places[at] as [number, number];
  const squares = places.map(([u, v], n) =>
    n === at ? Number.POSITIVE_INFINITY : (u - x) ** 2 + (v - y) ** 2,
  );
  return squares.indexOf(Math.min(...squares));
}

describe('the map of a report', () => {
  it('puts vectors beside those of their own kind, at the same places each time', () => {
    const vectors = clusters(120, { centres: 4, dimensions: 32 });
    const map = placePoints(centredVectors(vectors));
    assert.equal(map?.by, 'UMAP');
    const places = map?.places ?? [];
    for (const [at] of places.entries()) assert.equal(nearestOf(places, at) % 4, at % 4);
    assert.deepEqual(placePoints(centredVectors(vectors)), map);
  });

  it('puts texts beside those with the same words', () => {
    const random = seededRandom('texts');
    const texts = Array.from({ length: 90 }, (_, n) =>
      Array.from({ length: 20 }, () => `about${n % 3}x${random.int(30)} the and ${random.int(50)}`).join(' '),
    );
    const places = placePoints(weighedWords(texts, 'rouge'))?.places ?? [];
    assert.equal(places.length, 90);
    for (const [at] of places.entries()) assert.equal(nearestOf(places, at) % 3, at % 3);
  });

  it('shows a few rows by their principal components', () => {
    const map = placePoints(centredVectors(clusters(6, { centres: 2, dimensions: 8 })));
    assert.equal(map?.by, 'PCA');
    const places = map?.places ?? [];
    for (const [at] of places.entries()) assert.equal(nearestOf(places, at) % 2, at % 2);
  });

  it('is none of a single row, of rows that are all alike, and of texts that share no word', () => {
    const [vector] = clusters(1, { centres: 1, dimensions: 8 }) as [Float32Array];
    assert.equal(placePoints(centredVectors([])), null);
    assert.equal(placePoints(centredVectors([vector])), null);
    assert.equal(placePoints(centredVectors(Array.from({ length: 40 }, () => vector))), null);
    assert.equal(placePoints(weighedWords(['one two', 'three four'], 'rouge')), null);
  });

  it('holds rows that are the same beside others', () => {
    const vectors = clusters(60, { centres: 3, dimensions: 16 });
    const twice = [...vectors, ...vectors.slice(0, 20), ...vectors.slice(0, 20)];
    const places = placePoints(centredVectors(twice))?.places ?? [];
    assert.ok(places.length === 100 && places.flat().every(Number.isFinite));
  });

  it('is made of directions along which the rows differ most', () => {
    const random = seededRandom('directions');
    const vectors = Array.from({ length: 50 }, () =>
      Float32Array.from([10, 4, 0.1, 0.1], (scale) => 100 + scale * (random.next() - 0.5)),
    );
    const { values, columns } = principalCoordinates(centredVectors(vectors), { count: 2, iterations: 50 });
    const spread = (column: number) =>
      vectors.reduce((sum, _, row) => sum + (values[row * columns + column] ?? 0) ** 2, 0);
    assert.ok(spread(0) > spread(1) && spread(1) > 0);
    const product = vectors.reduce(
      (sum, _, row) => sum + (values[row * columns] ?? 0) * (values[row * columns + 1] ?? 0),
      0,
    );
    assert.ok(Math.abs(product) < 1e-6 * spread(0));
  });
});
