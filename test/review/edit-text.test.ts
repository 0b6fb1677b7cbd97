import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { editable, edited, editText } from '../../client/review/edit-text.js';
import { cleanText } from '../../methods/text.js';
import { UserError } from '../../store/errors.js';
import { assertInertInTerminal, hostileList } from '../hostile.js';
import { temporaryFolder } from '../temporary-folder.js';

const text = { instruction: 'Say no.', input: '', output: 'no\n- 1\n- {a: *b}\n' };

describe('a text for the editor', () => {
  it('comes back as it was, whatever it holds', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...hostileList, 'yes', '1', '~', ''),
    );
    fc.assert(
      fc.property(anyText, anyText, anyText, (instruction, input, output) => {
        const clean = { instruction, input, output };
        for (const key of ['instruction', 'input', 'output'] as const) clean[key] = cleanText(clean[key]);
        assert.deepEqual(edited(editable({ instruction, input, output })), clean);
      }),
    );
  });

  it('has nothing that a terminal acts on, and nothing of it where editors look for settings', () => {
    for (const output of hostileList) {
      const lines = editable({ ...text, output })
        .trimEnd()
        .split('\n');
      assertInertInTerminal(lines.join('\n'), output.slice(0, 40));
      for (const line of [...lines.slice(0, 5), ...lines.slice(-5)]) assert.match(line, /^#/);
    }
  });

  it('is refused with the reason when it is no longer the three texts', () => {
    const cases: [string, RegExp][] = [
      ['instruction: "open', /not YAML/],
      ['instruction: a\ninput: b\n', /three keys/],
      ['instruction: a\ninput: b\noutput: [c]\n', /three keys/],
      ['instruction: a\ninput: b\noutput: c\nid: d\n', /three keys/],
      ['just words', /three keys/],
      ['', /three keys/],
      ['instruction: &a x\ninput: *a\noutput: *a\n', /not YAML/],
    ];
    for (const [yaml, message] of cases)
      assert.throws(
        () => edited(yaml),
        (error) => error instanceof UserError && message.test(error.message),
      );
  });
});

describe('the editor', () => {
  const folder = temporaryFolder();
  const names = ['TMPDIR', 'EDITOR', 'VISUAL'] as const;
  const before = names.map((name) => process.env[name]);

  beforeEach(async () => {
    await mkdir(path.join(folder(), 'tmp'));
    process.env.TMPDIR = path.join(folder(), 'tmp');
    delete process.env.VISUAL;
  });
  afterEach(() => {
    for (const [n, name] of names.entries()) {
      if (before[n] === undefined) delete process.env[name];
      else process.env[name] = before[n];
    }
  });

  /** A program that is given the file's name behind its own arguments. */
  async function useEditor(script: string): Promise<void> {
    const file = path.join(folder(), 'editor.sh');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o700);
    process.env.EDITOR = `${file} --wait`;
  }

  it('gets a file that nobody else can read, and what it writes is read back', async () => {
    await useEditor(`cp "$2" ${folder()}/seen; dirname "$2" > ${folder()}/where; stat -c '%a' "$2" "$(dirname "$2")" > ${folder()}/modes
sed -i 's/Say no/Say yes/' "$2"`);
    assert.deepEqual(await editText(text), { ...text, instruction: 'Say yes.' });
    assert.equal(await readFile(path.join(folder(), 'modes'), 'utf8'), '600\n700\n');
    assert.equal(await readFile(path.join(folder(), 'seen'), 'utf8'), editable(text));
    const where = (await readFile(path.join(folder(), 'where'), 'utf8')).trim();
    await assert.rejects(stat(where), /ENOENT/);
  });

  it('leaves nothing when it fails, and executes nothing of the text', async () => {
    await useEditor('exit 3');
    const output = `$(touch ${folder()}/hostile) \`touch ${folder()}/hostile\``;
    await assert.rejects(editText({ ...text, output }), /ended with 3: nothing is edited/);
    assert.deepEqual(await readdir(process.env.TMPDIR as string), []);
    assert.ok(!(await readdir(folder())).includes('hostile'));
  });
});
