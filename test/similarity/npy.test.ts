import assert from 'node:assert/strict';
import { readNpy, readNpyHeader, readNpyValues, writeNpy } from '../../similarity/npy.js';

/** As numpy.save (2.4.6) writes [[1, -2.5, 3e-8], [65504, 0.1, -6e-8]]. */
const saved = {
  '<f2':
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPADBAQD/e2YuAYA=',
  '<f4':
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAgwFnZADMA4H9HzczMPVnZgLM=',
  '<f8':
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADwPwAAAAAAAATAK2mkKSsbYD4AAAAAAPzvQJqZmZmZmbk/K2mkKSsbcL4=',
};
const file = (type: keyof typeof saved) => new Uint8Array(Buffer.from(saved[type], 'base64'));

/** NumPy's file with something else in its header. */
function changed(from: string, to: string): Uint8Array {
  const bytes = file('<f4');
  const header = Buffer.from(bytes.subarray(10, 128)).toString().replace(from, to).slice(0, 118);
  bytes.set(Buffer.from(header.padEnd(118)), 10);
  return bytes;
}

describe('readNpy', () => {
  it('reads what NumPy saved, of 16, 32 and 64 bits', () => {
    for (const type of ['<f4', '<f8'] as const)
      assert.deepEqual(readNpy(file(type)), {
        rows: 2,
        columns: 3,
        values: Float32Array.of(1, -2.5, 3e-8, 65_504, 0.1, -6e-8),
      });
    const half = Float32Array.of(1, -2.5, 2 ** -24, 65_504, 0.0999755859375, -(2 ** -24));
    assert.deepEqual(readNpy(file('<f2')), { rows: 2, columns: 3, values: half });
  });

  it('keeps infinities and NaN of 16-bit numbers', () => {
    const bytes = new Uint8Array([0x00, 0x7c, 0x00, 0xfc, 0x01, 0x7e, 0x00, 0x80]);
    const expected = Float32Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -0);
    assert.deepEqual(readNpyValues(bytes, '<f2'), expected);
  });

  it('reads from any place of a buffer', () => {
    for (const type of ['<f2', '<f4', '<f8'] as const) {
      const bytes = file(type);
      const buffer = Buffer.alloc(bytes.length + 3);
      buffer.set(bytes, 3);
      assert.deepEqual(readNpy(buffer.subarray(3)), readNpy(bytes));
    }
  });

  it('reads a matrix without rows', () => {
    const empty = writeNpy({ rows: 0, columns: 384, values: new Float32Array() });
    assert.deepEqual(readNpy(empty), { rows: 0, columns: 384, values: new Float32Array() });
  });

  it('says what is wrong with a file it cannot read', () => {
    assert.throws(() => readNpy(new Uint8Array()), { name: 'RangeError', message: 'not a .npy file' });
    assert.throws(() => readNpy(Buffer.from('PK zip of arrays')), /not a \.npy file/);
    assert.throws(() => readNpy(changed('<f4', '>f4')), /type >f4; <f2, <f4 or <f8 is needed/);
    assert.throws(() => readNpy(changed('<f4', '<i8')), /type <i8/);
    assert.throws(() => readNpy(changed("'<f4'", "[('a', '<f4')]")), /type a record/);
    assert.throws(() => readNpy(changed('False', 'True')), /Fortran order/);
    assert.throws(() => readNpy(changed('(2, 3)', '(6,)')), /shape \(6,\): a matrix/);
    assert.throws(() => readNpy(changed('(2, 3)', '(1, 2, 3)')), /shape \(1, 2, 3\): a matrix/);
    assert.throws(() => readNpy(changed('(2, 3)', '()')), /shape \(\): a matrix/);
    assert.throws(() => readNpy(changed('(2, 3)', '(2, 0)')), /shape \(2, 0\): a matrix/);
    assert.throws(() => readNpy(changed('shape', 'form')), /no shape that is known/);
    assert.throws(
      () => readNpy(changed('(2, 3)', '(3, 3)')),
      /24 bytes of data; its shape \(3, 3\) needs 36/,
    );
    assert.throws(() => readNpy(file('<f4').subarray(0, 140)), /12 bytes of data; .* needs 24/);
    for (const end of [8, 9, 100])
      assert.throws(() => readNpy(file('<f4').subarray(0, end)), /ends inside its header|version/);
    const future = file('<f4');
    future[6] = 4;
    assert.throws(() => readNpy(future), /version 4 of the \.npy format/);
  });
});

describe('readNpyHeader', () => {
  it('tells from the first bytes where the rows lie', () => {
    const header = { rows: 2, columns: 3, type: '<f8', itemBytes: 8, dataOffset: 128 };
    assert.deepEqual(readNpyHeader(file('<f8').subarray(0, 128)), header);
  });

  it('reads versions 2 and 3, whose header may be longer', () => {
    const old = file('<f4');
    for (const version of [2, 3]) {
      const bytes = Uint8Array.of(...old.subarray(0, 6), version, 0, 118, 0, 0, 0, ...old.subarray(10));
      assert.deepEqual(readNpy(bytes), readNpy(old));
    }
  });
});

describe('writeNpy', () => {
  it('writes what readNpy reads, and NumPy: the data begins at a multiple of 64', () => {
    const matrix = { rows: 2, columns: 3, values: Float32Array.of(1, -2.5, 3e-8, 65_504, 0.1, -6e-8) };
    assert.deepEqual(readNpy(writeNpy(matrix)), matrix);
    assert.equal(readNpyHeader(writeNpy(matrix)).dataOffset % 64, 0);
  });

  it('refuses numbers that do not fill the shape', () => {
    assert.throws(() => writeNpy({ rows: 2, columns: 2, values: new Float32Array(3) }), /3 numbers/);
  });
});
