import assert from 'node:assert/strict';
import { explainSystemError, UserError } from '../../store/errors.js';

const systemError = (code: string) => Object.assign(new Error(code), { code });

describe('system error', () => {
  for (const [code, says] of [
    ['ENOSPC', /\/data\/x: the disk is full/],
    ['EDQUOT', /quota/],
    ['EACCES', /permission denied/],
    ['EROFS', /read-only/],
  ] as const) {
    it(`${code} tells a person where and what to do`, () => {
      const explained = explainSystemError(systemError(code), '/data/x');
      assert.ok(explained instanceof UserError);
      assert.match(explained.message, says);
    });
  }

  it('that no person needs to end stays as it is', () => {
    const error = systemError('EIO');
    assert.equal(explainSystemError(error, '/data/x'), error);
  });
});
