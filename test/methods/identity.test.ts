import assert from 'node:assert/strict';
import { candidateId, contentHash } from '../../methods/identity.js';

describe('candidateId', () => {
  it('differs for every call, position and instance, and repeats for the same', () => {
    const places = [
      { callKey: 'a', position: 0, instance: 0 },
      { callKey: 'b', position: 0, instance: 0 },
      { callKey: 'a', position: 1, instance: 0 },
      { callKey: 'a', position: 0, instance: 1 },
    ];
    assert.equal(new Set(places.map(candidateId)).size, places.length);
    assert.equal(
      candidateId({ callKey: 'a', position: 0, instance: 0 }),
      candidateId({ callKey: 'a', position: 0, instance: 0 }),
    );
  });
});

describe('contentHash', () => {
  it('does not take text moved from one field to the next for the same content', () => {
    assert.notEqual(
      contentHash({ instruction: 'ab', input: 'c', output: 'd' }),
      contentHash({ instruction: 'a', input: 'bc', output: 'd' }),
    );
  });
});
