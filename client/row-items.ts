/** What of a row is compared: a text, or a vector from one of its fields or from a matrix beside the file. */
import { kindOf } from '../methods/text.js';
import { UserError } from '../store/errors.js';
import { type FileRow, parseRow, placeOf } from './read-rows.js';

/** A row with what is compared of it. */
export interface RowItem<Item> {
  row: FileRow;
  /** The row's own id, when it has one. */
  id: string | number | undefined;
  item: Item;
}

/** Takes the items out of a block of rows, which come in their order. Throws a `UserError` with file, line and row. */
export interface ItemReader<Item> {
  read(block: readonly FileRow[]): Promise<RowItem<Item>[]>;
  /** To be called after the last row. Throws a `UserError` when something is left over. */
  finish(): void;
  close(): Promise<void>;
}

/** Texts of a field; `a.0.b` leads into objects and lists. */
export function textReader(options: { file: string; field: string }): ItemReader<string> {
  return fieldReader(options, (value) => {
    if (typeof value === 'string') return value;
    throw new RangeError(`must be a text, not ${kindOf(value)}`);
  });
}

/** Vectors of a field: lists of numbers. Whether they fit together is the index's business. */
export function vectorReader(options: { file: string; field: string }): ItemReader<Float32Array> {
  return fieldReader(options, toVector);
}

/** A list of numbers as a vector. Throws a RangeError that says what is wrong with it, after the field's name. */
export function toVector(value: unknown): Float32Array {
  if (!Array.isArray(value)) throw new RangeError(`must be a list of numbers, not ${kindOf(value)}`);
  const wrong = value.findIndex((number) => typeof number !== 'number');
  if (wrong >= 0) throw new RangeError(`has ${kindOf(value[wrong])} in place ${wrong}, not a number`);
  return Float32Array.from(value);
}

/** The row's own id, when it has one. */
export function idOf(value: Record<string, unknown>): string | number | undefined {
  const { id } = value;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/** `convert` throws a RangeError that says what is wrong with a value. */
function fieldReader<Item>(
  { file, field }: { file: string; field: string },
  convert: (value: unknown) => Item,
): ItemReader<Item> {
  return {
    async read(block) {
      return block.map((row) => {
        const object = parseRow(file, row);
        const value = lookUp(object, field);
        const where = placeOf(file, row);
        if (value === undefined) throw new UserError(`${where}: ${field} is missing`);
        try {
          return { row, id: idOf(object), item: convert(value) };
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          throw new UserError(`${where}: ${field} ${error.message}`);
        }
      });
    },
    finish() {},
    async close() {},
  };
}

/** Value of a field; `a.0.b` leads into objects and lists. undefined when it is not there. */
export function lookUp(object: Record<string, unknown>, field: string): unknown {
  if (Object.hasOwn(object, field)) return object[field];
  let value: unknown = object;
  for (const part of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
