import assert from 'node:assert/strict';
import { RunPools } from '../../activities/run-pools.js';

interface Pool {
  indexBytes: number;
}

describe('RunPools', () => {
  let pools: RunPools<Pool>;
  beforeEach(() => {
    pools = new RunPools();
  });
  const keep = (runId: string, indexBytes = 1e6) => pools.keep(runId, { pool: { indexBytes }, rounds: 1 });
  const bytesOf = (runId: string) => pools.take(runId, 1)?.indexBytes;

  it('gives a pool out once, so that a round that fails leaves nothing of itself', () => {
    keep('a', 7);
    assert.equal(bytesOf('a'), 7);
    assert.equal(bytesOf('a'), undefined);
  });

  it('gives no pool with other rounds in it', () => {
    keep('a');
    assert.equal(pools.take('a', 0), null);
    keep('a');
    assert.equal(pools.take('a', 2), null);
  });

  it('lets the run go that was kept longest ago when there are more than 16', () => {
    for (let n = 0; n < 16; n += 1) keep(`run-${n}`);
    keep('run-0');
    keep('run-16');
    assert.equal(bytesOf('run-1'), undefined);
    for (const n of [0, 2, 15, 16]) assert.equal(bytesOf(`run-${n}`), 1e6, `run-${n}`);
  });

  it('lets the oldest go when all together have more than 512 MB', () => {
    keep('a', 200e6);
    keep('b', 200e6);
    keep('c', 300e6);
    assert.deepEqual(['a', 'b', 'c'].map(bytesOf), [undefined, 200e6, 300e6]);
  });

  it('keeps one run that is larger alone', () => {
    keep('a');
    keep('b', 900e6);
    assert.deepEqual(['a', 'b'].map(bytesOf), [undefined, 900e6]);
  });
});
