import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FarthestFirst } from '../../similarity/farthest-first.js';

describe('FarthestFirst', () => {
  it('always has the lowest similarity first, the lower number among equals', () => {
    const steps = fc.array(fc.oneof(fc.constant(null), fc.constantFrom(0, 0.1, 0.5, 0.5, 0.9, 1)));
    const value = fc.constantFrom(0, 0.1, 0.5, 1);
    const start = fc.uniqueArray(fc.tuple(fc.nat(50), value), {
      maxLength: 20,
      selector: ([number]) => number,
    });
    fc.assert(
      fc.property(start, steps, (list, what) => {
        const farthestFirst = new FarthestFirst(
          Int32Array.from(list, ([candidate]) => candidate),
          Float64Array.from(list, ([, similarity]) => similarity),
        );
        const known = list.map(([candidate, highest]) => ({
          candidate,
          highest: highest as number,
          compared: 1,
        }));
        for (const similarity of what) {
          known.sort((a, b) => a.highest - b.highest || a.candidate - b.candidate);
          const [first] = known;
          assert.deepEqual(farthestFirst.first(), first ?? null);
          if (first === undefined) return;
          if (similarity === null) {
            farthestFirst.removeFirst();
            known.shift();
          } else {
            farthestFirst.compare(similarity);
            first.compared += 1;
            first.highest = Math.max(first.highest, similarity);
          }
        }
      }),
    );
  });
});
