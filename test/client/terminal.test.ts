import assert from 'node:assert/strict';
import { forTerminal, jsonLine } from '../../client/terminal.js';
import { assertInertInTerminal, hostileTexts } from '../hostile.js';

describe('the gate before a terminal', () => {
  it('lets nothing through that acts, but our own colours', () => {
    for (const [name, text] of Object.entries(hostileTexts))
      assertInertInTerminal(forTerminal(text), name, { colours: true });
    const coloured = '\u001b[1m\u001b[33mpaused\u001b[39m\u001b[22m by ann';
    assert.equal(forTerminal(coloured), coloured);
  });

  it('prints JSON that acts no more, with the same value', () => {
    for (const [name, text] of Object.entries(hostileTexts)) {
      assertInertInTerminal(jsonLine({ [text]: text }), name);
      assert.deepEqual(JSON.parse(jsonLine({ text })), { text });
    }
  });
});
