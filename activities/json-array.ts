/** An indented JSON array, collected as the bytes of its file: of many rows one text would be too long. */
export class JsonArrayBytes {
  readonly #parts: Buffer[] = [];

  add(row: unknown): void {
    const text = JSON.stringify(row, null, 2).replaceAll('\n', '\n  ');
    this.#parts.push(Buffer.from(`${this.#parts.length === 0 ? '[\n  ' : ',\n  '}${text}`));
  }

  bytes(): Buffer {
    return this.#parts.length === 0
      ? Buffer.from('[]\n')
      : Buffer.concat([...this.#parts, Buffer.from('\n]\n')]);
  }
}
