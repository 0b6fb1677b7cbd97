import assert from 'node:assert/strict';
import { StandIns } from '../../workflows/stand-ins.js';

const minute = 60_000;

describe('StandIns', () => {
  it('ask the first teacher as long as nothing is wrong with it', () => {
    const standIns = new StandIns(3);
    assert.deepEqual(
      [0, 1, 2].map((nowMs) => standIns.choose(nowMs)),
      [0, 0, 0],
    );
  });

  it('ask the next one that is not out', () => {
    const standIns = new StandIns(3);
    standIns.isOut(0, 0);
    assert.equal(standIns.choose(1), 1);
    standIns.isOut(1, 1);
    assert.equal(standIns.choose(2), 2);
  });

  it('try one that was out with a single call, and leave it alone again meanwhile', () => {
    const standIns = new StandIns(2);
    standIns.isOut(0, 0);
    assert.equal(standIns.choose(minute - 1), 1);
    assert.equal(standIns.choose(minute), 0);
    assert.equal(standIns.choose(minute + 1), 1);
    assert.equal(standIns.choose(2 * minute), 0);
  });

  it('go back to the first one when it has answered', () => {
    const standIns = new StandIns(2);
    standIns.isOut(0, 0);
    standIns.isBack(0);
    assert.deepEqual(
      [1, 2].map((nowMs) => standIns.choose(nowMs)),
      [0, 0],
    );
  });

  it('keep to the last one when all are out, but for the call that looks whether another is back', () => {
    const standIns = new StandIns(2);
    standIns.isOut(0, 0);
    standIns.isOut(1, 10);
    assert.equal(standIns.choose(20), 1);
    assert.equal(standIns.choose(minute), 0);
    standIns.isBack(0);
    assert.equal(standIns.choose(minute + 1), 0);
  });

  it('have nobody to turn to where there is one teacher', () => {
    const standIns = new StandIns(1);
    standIns.isOut(0, 0);
    assert.equal(standIns.choose(1), 0);
  });
});
