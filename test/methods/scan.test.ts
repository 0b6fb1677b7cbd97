import assert from 'node:assert/strict';
import { scanKinds } from '../../methods/scan/scan-kinds.js';
import { scanText } from '../../methods/scan/scan-text.js';
import { hostileList } from '../hostile.js';

/** Letters and digits without a pattern, as keys have them; made here, so that no file holds what looks like a key. */
function random(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let [text, state] = ['', 12_345];
  for (let n = 0; n < length; n += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    text += letters[state % 62];
  }
  return text;
}

const found: Record<string, string[]> = {
  email: [
    'Write to jane.miller@gmail.com, please.',
    '<k.o-neill+list@mail.uni-bonn.de>',
    'info@münchen-verein.de',
    'mailto:sam@startup.io',
  ],
  phone: [
    'Call (212) 736-5000 or 1-800-275-2273.',
    '+49 30 901820',
    'phone: 650.253.0000',
    'tel:+442079304832',
    '+33 1 42 68 53 00',
  ],
  keys: [
    `token ghp_${random(36)}`,
    `AKIA2${'QWERTYUIOPASDFG'}`,
    `postgres://app:${random(12)}@db.acme-corp.io/prod`,
    `-----BEGIN RSA PRIVATE KEY-----\n${`${random(64)}\n`.repeat(5)}-----END RSA PRIVATE KEY-----`,
    `glpat-${random(20)}`,
    `xoxb-123456789012-${'1234098765123'}-${random(24)}`.replace('123456789012', '918273645506'),
  ],
  accounts: ['4539 1488 0343 6467', 'my card 4539148803436467.', 'IBAN GB94 BARC 1020 1530 0934 59'],
};

const nothing: Record<string, string[]> = {
  email: [
    'a@example.com',
    'john.doe@company.com',
    'your.name@gmail.com',
    'user@mail.test',
    '@handle and a @ b',
    'x = m@n + 1',
    `https://jo:${random(9)}@intranet.acme.io/x`,
  ],
  phone: [
    'call 555-1234 or (555) 123-4567',
    '(212) 555-0199',
    '1234567890 and 2127365000',
    '2023-10-12 10:30, 10/12/2023',
    '192.168.100.200 and 3.141592653589793',
    'ISBN 978-3-16-148410-0',
    '+44 20 7946 0018',
    '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12',
  ],
  keys: [
    'AKIAIOSFODNN7EXAMPLE',
    'postgres://user:password@localhost:5432/db',
    'mysql://root:secret@db/app',
    'Set OPENAI_API_KEY=your-api-key-here.',
    '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----',
    'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  ],
  accounts: ['4111 1111 1111 1111', '4539 1488 0343 6468', 'DE89 3704 0044 0532 0130 00', '0000000000000000'],
};

describe('scanText', () => {
  for (const [kind, texts] of Object.entries(found)) {
    for (const text of texts)
      it(`finds ${kind} in ${JSON.stringify(text.slice(0, 16))}…`, async () => {
        assert.ok((await scanText(text, scanKinds)).includes(kind as never));
        assert.deepEqual(await scanText(text, []), []);
      });
  }
  for (const [kind, texts] of Object.entries(nothing)) {
    for (const text of texts)
      it(`finds no ${kind} in ${JSON.stringify(text.slice(0, 40))}`, async () => {
        assert.deepEqual(await scanText(text, [kind as never]), []);
      });
  }

  it('is done with hostile and with long texts', async () => {
    const long = ['a@', 'a.', '1-', '(212) ', 'x@x.', '4 ', 'AB12 ', '://a:', '-----BEGIN '].map((part) =>
      part.repeat(20_000),
    );
    for (const text of [...hostileList, ...long]) await scanText(text, scanKinds);
  });
});
