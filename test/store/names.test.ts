import assert from 'node:assert/strict';
import { InvalidNameError, UserError } from '../../store/errors.js';
import { checkName, checkRunId } from '../../store/names.js';

describe('run id', () => {
  for (const id of ['a', 'quickstart-2026-11-21-a1b2', '0.x_y', `a${'b'.repeat(99)}`]) {
    it(`may be ${id}`, () => assert.equal(checkRunId(id), id));
  }

  for (const id of ['', '.', '..', '-a', '.a', 'A', 'a/b', 'a b', 'ä', `a${'b'.repeat(100)}`, 'a\n']) {
    it(`may not be ${JSON.stringify(id)}`, () => assert.throws(() => checkRunId(id), UserError));
  }

  for (const id of ['calls', 'embeddings', 'index', 'store-id', 'student-scores']) {
    it(`may not be ${id}, which the store uses itself`, () => {
      assert.throws(() => checkRunId(id), { name: 'UserError', message: /uses that name itself/ });
    });
  }
});

describe('name in a store', () => {
  it('has at most 800 characters', () => {
    assert.throws(() => checkName(`${'a/'.repeat(400)}b`), InvalidNameError);
  });

  it('has parts of at most 200 characters', () => {
    assert.throws(() => checkName('a'.repeat(201)), InvalidNameError);
  });

  it('does not end in a line break', () => {
    assert.throws(() => checkName('a\n'), InvalidNameError);
  });
});
