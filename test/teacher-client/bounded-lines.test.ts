import assert from 'node:assert/strict';
import { boundedLines } from '../../activities/teacher-client/bounded-lines.js';
import { MAX_BODY_BYTES } from '../../activities/teacher-client/limit-body.js';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of boundedLines(inPieces(Buffer.from(text), size))) {
    lines.push(line.isCut ? `${line.text.length} of a longer one` : line.text);
  }
  return lines;
}

describe('bounded lines', () => {
  for (const size of [1, 2, 3, 1000]) {
    it(`are the same however they arrive (${size} bytes at once)`, async () => {
      assert.deepEqual(await read('één\n\ntwee\u2028drie\nvier', size), [
        'één',
        '',
        'twee\u2028drie',
        'vier',
      ]);
    });
  }

  it('end with the last newline', async () => {
    assert.deepEqual(await read('one\ntwo\n', 4), ['one', 'two']);
  });

  it('are none in an empty file', async () => {
    assert.deepEqual(await read('', 4), []);
  });

  it('keep only the beginning of one that is too long', async () => {
    const text = `one\n${'x'.repeat(MAX_BODY_BYTES + 1)}\nthree\n`;
    assert.deepEqual(await read(text, 1_000_000), ['one', '4096 of a longer one', 'three']);
  });
});
