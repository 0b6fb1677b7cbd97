/** A list of unsigned 32-bit integers that grows: four bytes each, where an array of numbers takes up to eight. */
export class GrowableUint32 {
  length = 0;
  #values = new Uint32Array(1_024);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Uint32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.#values[index] as number;
  }
}
