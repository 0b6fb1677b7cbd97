import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeVectors, embeddingPrompt, encodeVectors } from '../../methods/embedding.js';

const finite = fc.float({ noDefaultInfinity: true, noNaN: true });
const vectors = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
  .chain(([dims, count]) =>
    fc.array(fc.array(finite, { minLength: dims, maxLength: dims }), { minLength: count, maxLength: count }),
  )
  .map((rows) => rows.map((row) => Float32Array.from(row)));

describe('the text of vectors', () => {
  it('gives them back bit by bit', () => {
    fc.assert(
      fc.property(vectors, (given) => {
        const bits = (of: Float32Array[]) => of.map((vector) => [...new Uint32Array(vector.buffer)]);
        assert.deepEqual(bits(decodeVectors(encodeVectors(given))), bits(given));
      }),
    );
  });

  it('says how many there are and of how many numbers, in little-endian float32', () => {
    const text = encodeVectors([Float32Array.of(1, 2), Float32Array.of(-1, 0)]);
    const data = Buffer.from('0000803f00000040000080bf00000000', 'hex').toString('base64');
    assert.deepEqual(JSON.parse(text), { dims: 2, count: 2, data });
  });

  it('may have none of them', () => assert.deepEqual(decodeVectors(encodeVectors([])), []));

  const row = Float32Array.of(1, 2, 3);
  for (const [what, rows, says] of [
    ['of two lengths', [row, Float32Array.of(1)], /^vector 1 has 1 numbers, the first one has 3$/],
    ['without numbers', [new Float32Array(0)], /^vector 0 has no numbers$/],
    ['with NaN', [row, Float32Array.of(1, Number.NaN, 3)], /^number 1 of vector 1 is NaN$/],
    ['with Infinity', [Float32Array.of(Number.NEGATIVE_INFINITY)], /^number 0 of vector 0 is -Infinity$/],
  ] as const) {
    it(`is not written ${what}`, () => assert.throws(() => encodeVectors(rows), { message: says }));
  }

  const written = (changes: object) =>
    JSON.stringify({ ...JSON.parse(encodeVectors([row, row])), ...changes });
  for (const [what, text, says] of [
    ['no JSON', 'vectors', /^the vectors are no JSON: /],
    ['no object', 'null', /needs "dims" and "count"/],
    ['no counts', written({ dims: 1.5 }), /needs "dims" and "count"/],
    ['a negative count', written({ count: -1 }), /needs "dims" and "count"/],
    ['a count without numbers', written({ dims: 0 }), /^there are no 2 vectors of 0 numbers$/],
    ['no data', written({ data: undefined }), /needs "dims" and "count"/],
    [
      'too few bytes',
      written({ count: 3 }),
      /^the vectors' data has 24 bytes in 32 characters; 3 vectors of 3 /,
    ],
    ['too many bytes', written({ count: 1 }), /^the vectors' data has 24 bytes/],
    [
      'what is no base64 in it',
      written({ data: `!${'A'.repeat(32)}` }),
      /^the vectors' data has 24 bytes in 33 /,
    ],
    ['NaN', written({ dims: 1, count: 1, data: 'AADAfw==' }), /^number 0 of vector 0 is NaN$/],
    ['Infinity', written({ dims: 1, count: 1, data: 'AACAfw==' }), /^number 0 of vector 0 is Infinity$/],
  ] as const) {
    it(`is refused with ${what}`, () => assert.throws(() => decodeVectors(text), { message: says }));
  }
});

describe('the prompt for vectors', () => {
  it('has the texts as they are', () => {
    assert.deepEqual(embeddingPrompt(['a', ' b\n']).body, { form: 'embedding', input: ['a', ' b\n'] });
  });

  it('has the same template for all texts', () => {
    assert.equal(embeddingPrompt(['a']).templateHash, embeddingPrompt(['b']).templateHash);
  });

  for (const texts of [0, 257]) {
    it(`takes no ${texts} texts`, () => {
      assert.throws(
        () => embeddingPrompt(new Array(texts).fill('a')),
        /^RangeError: a call takes 1 to 256 texts/,
      );
    });
  }
});
