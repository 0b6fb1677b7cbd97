/** NumPy's file format (.npy, versions 1 to 3) for matrices of floating-point numbers. */

/** Row by row. */
export interface Matrix {
  rows: number;
  columns: number;
  values: Float32Array;
}

/** What a file says of itself, so that its rows can be read a part at a time. */
export interface NpyHeader {
  rows: number;
  columns: number;
  type: NpyType;
  /** Bytes of one number. */
  itemBytes: number;
  /** Bytes before the first row. */
  dataOffset: number;
}

const itemBytes = { '<f2': 2, '<f4': 4, '<f8': 8 } as const;
/** Little-endian floating-point numbers of 16, 32 and 64 bits. */
export type NpyType = keyof typeof itemBytes;

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const headerAlignment = 64;

/**
 * Matrix of a whole .npy file. 16-bit numbers are kept exactly, 64-bit ones rounded to 32 bits. The values of an aligned
 * 32-bit file are a view of `bytes`, not a copy.
 * @throws RangeError when it is no .npy file, not a matrix, of another type or order, or has another size than it says.
 */
export function readNpy(bytes: Uint8Array): Matrix {
  const header = readNpyHeader(bytes);
  const { rows, columns, dataOffset, type } = header;
  const needed = rows * columns * header.itemBytes;
  const present = bytes.length - dataOffset;
  if (present !== needed)
    throw new RangeError(
      `the .npy file has ${present} bytes of data; its shape (${rows}, ${columns}) needs ${needed}`,
    );
  return { rows, columns, values: readNpyValues(bytes.subarray(dataOffset), type) };
}

/**
 * Header of a .npy file, from its first bytes: a few hundred are enough.
 * @throws RangeError as `readNpy` does, but for the size of the data.
 */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  if (magic.some((byte, at) => bytes[at] !== byte)) throw new RangeError('not a .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version !== 1 && version !== 2 && version !== 3)
    throw new RangeError(`version ${version} of the .npy format is not known`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw new RangeError('the .npy file ends inside its header');
  const dataOffset = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < dataOffset) throw new RangeError('the .npy file ends inside its header');
  const text = new TextDecoder().decode(bytes.subarray(start, dataOffset));
  const type = headerField(text, 'descr', /'([^']*)'|\[/);
  if (!isNpyType(type))
    throw new RangeError(
      `the .npy file holds numbers of type ${type || 'a record'}; <f2, <f4 or <f8 is needed: array.astype('<f4')`,
    );
  if (headerField(text, 'fortran_order', /(True|False)/) === 'True')
    throw new RangeError('the .npy file is in Fortran order: save numpy.ascontiguousarray(array)');
  const shape = headerField(text, 'shape', /\(([\d, ]*)\)/);
  const [rows, columns, ...further] = shape.split(',').filter((part) => part.trim() !== '');
  if (rows === undefined || columns === undefined || further.length > 0 || Number(columns) === 0)
    throw new RangeError(
      `the .npy file has the shape (${shape}): a matrix with a row for each vector is needed`,
    );
  return { rows: Number(rows), columns: Number(columns), type, itemBytes: itemBytes[type], dataOffset };
}

/** Numbers from the bytes of whole rows, in their order. */
export function readNpyValues(bytes: Uint8Array, type: NpyType): Float32Array {
  const size = itemBytes[type];
  const isAligned = bytes.byteOffset % size === 0;
  // Not slice: a Buffer's does not copy.
  const { buffer, byteOffset } = isAligned ? bytes : new Uint8Array(bytes);
  const count = bytes.length / size;
  if (type === '<f4') return new Float32Array(buffer, byteOffset, count);
  if (type === '<f8') return Float32Array.from(new Float64Array(buffer, byteOffset, count));
  return Float32Array.from(new Uint16Array(buffer, byteOffset, count), fromHalf);
}

/**
 * A matrix as the bytes of a .npy file of 32-bit numbers.
 * @throws RangeError when the shape does not fit the number of values.
 */
export function writeNpy({ rows, columns, values }: Matrix): Uint8Array {
  if (values.length !== rows * columns)
    throw new RangeError(`${values.length} numbers are no matrix of ${rows} × ${columns}`);
  const header = npyHeader({ rows, columns });
  const bytes = new Uint8Array(header.length + values.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), header.length);
  return bytes;
}

/** What a .npy file of 32-bit numbers begins with; its rows follow, one after the other. */
export function npyHeader({ rows, columns }: Pick<Matrix, 'rows' | 'columns'>): Uint8Array {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const length = Math.ceil((10 + fields.length + 1) / headerAlignment) * headerAlignment;
  const bytes = new Uint8Array(length);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${fields.padEnd(length - 11)}\n`), 10);
  return bytes;
}

/** The header is a Python dictionary: the part of `pattern` in brackets, found as the value of a key. */
function headerField(header: string, key: string, pattern: RegExp): string {
  const match = new RegExp(`['"]${key}['"]\\s*:\\s*(?:${pattern.source})`).exec(header);
  if (!match)
    throw new RangeError(`the header of the .npy file has no ${key} that is known: ${header.trim()}`);
  return match[1] ?? '';
}

function isNpyType(type: string): type is NpyType {
  return Object.hasOwn(itemBytes, type);
}

/** Value of an IEEE half-precision number. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
