import assert from 'node:assert/strict';
import { KernelMemory } from '../../similarity/kernel-memory.js';

describe('KernelMemory.allocate', () => {
  it('refuses more than 4 GB in all and hands out what is left afterwards', () => {
    const memory = new KernelMemory();
    const first = memory.allocate(100);
    assert.throws(() => memory.allocate(2 ** 32), {
      name: 'RangeError',
      message: 'the index is too large: it would need more than 4 GB',
    });
    assert.equal(memory.allocate(1), first + 112);
  });
});
