import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { scan } from '../../client/commands/scan.js';
import { temporaryFolder } from '../temporary-folder.js';

describe('seedmill scan', () => {
  const folder = temporaryFolder();

  it('names rows and kinds, and not what it has found', async () => {
    const rows = [
      { instruction: 'Say hello.', output: 'Hello.' },
      { messages: [{ role: 'user', content: 'Ask jane.miller@gmail.com or (212) 736-5000.' }] },
      { instruction: 'Ask a@example.com.', deep: { list: ['4539 1488 0343 6467'] } },
    ];
    const file = path.join(folder(), 'rows.jsonl');
    await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    assert.equal(await scan({ say, json: false, verbose: false }, { in: file }), 0);
    assert.deepEqual(lines, [
      '3 rows, 2 with personal data or secrets',
      'email: 1, row 2',
      'phone: 1, row 2',
      'accounts: 1, row 3',
    ]);
  });

  it('says where a file is no rows', async () => {
    const file = path.join(folder(), 'rows.jsonl');
    await writeFile(file, '{"a": 1}\nno\n');
    const output = { say: () => {}, json: false, verbose: false };
    await assert.rejects(scan(output, { in: file }), /rows\.jsonl:2: row 2: is not JSON: no$/);
  });
});
