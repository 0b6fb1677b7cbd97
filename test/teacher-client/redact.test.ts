import assert from 'node:assert/strict';
import { redact } from '../../activities/teacher-client/redact.js';

describe('redaction', () => {
  for (const [what, text, expected] of [
    ['keeps ordinary words', 'Rate limit reached for gpt-x', 'Rate limit reached for gpt-x'],
    ['removes keys', 'Incorrect key sk-proj-AbC123xyz. See', 'Incorrect key [redacted]. See'],
    ['removes masked keys', 'Incorrect key sk-ab******yz', 'Incorrect key [redacted]'],
    [
      'removes bearer tokens',
      'header Authorization: Bearer eyJhbGciOi',
      'header Authorization: Bearer [redacted]',
    ],
    ['removes user and password of a URL', 'at https://me:pw@x.com/a', 'at https://[redacted]@x.com/a'],
    ['removes keys in a query', 'GET /a?key=AAAA&b=1', 'GET /a?key=[redacted]&b=1'],
    ['removes terminal colours', '\u001b[31mred\u001b[0m', 'red'],
    ['removes terminal titles', 'a\u001b]0;title\u0007b', 'ab'],
    ['removes control characters', 'a\u0000\u0008b', 'ab'],
    ['removes what turns text around', 'a\u202eb', 'ab'],
    ['puts everything on one line', 'a\r\n  b\tc', 'a b c'],
  ]) {
    it(what as string, () => assert.equal(redact(text as string, {}), expected));
  }

  it('removes the values of keys in the environment', () => {
    const env = { MY_API_KEY: 'plainlooking', DB_PASSWORD: 'correct horse', PATH: '/usr/bin' };
    assert.equal(redact('plainlooking, correct horse, /usr/bin', env), '[redacted], [redacted], /usr/bin');
  });

  it('cuts at 500 characters', () => {
    assert.equal(redact('a'.repeat(600), {}), `${'a'.repeat(499)}…`);
  });

  it('does not leave the beginning of a key at the cut', () => {
    assert.doesNotMatch(redact(`${'a '.repeat(245)}sk-${'b'.repeat(60)}`, {}), /sk-b/);
  });
});
