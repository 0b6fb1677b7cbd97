import assert from 'node:assert/strict';
import { fenced, table } from '../client/export/inert.js';
import { cleanText, inert, oneLine } from '../methods/text.js';
import {
  assertInertHtml,
  assertInertInTerminal,
  assertInertMarkdown,
  hostileTexts,
  hostileText,
} from './hostile.js';

const entries = Object.entries(hostileTexts);
const acting = (check: (text: string, view: string) => void) =>
  entries.filter(([name, text]) => {
    try {
      check(text, name);
      return false;
    } catch {
      return true;
    }
  });

describe('hostile texts', () => {
  it('act where nothing is done about them', () => {
    const inTerminal = acting(assertInertInTerminal).map(([name]) => name);
    for (const name of ['clearScreen', 'title', 'clipboard', 'c1Controls', 'bidi', 'overwrite', 'nulls'])
      assert.ok(inTerminal.includes(name), name);
    const inHtml = acting(assertInertHtml).map(([name]) => name);
    for (const name of ['script', 'image', 'frame', 'anchor', 'style'])
      assert.ok(inHtml.includes(name), name);
    const inMarkdown = acting(assertInertMarkdown).map(([name]) => name);
    for (const name of ['link', 'picture', 'autolink', 'cells', 'fence', 'frontMatter', 'image'])
      assert.ok(inMarkdown.includes(name), name);
  });

  it('do nothing in a terminal once they are cleaned', () => {
    for (const [name, text] of entries) {
      assertInertInTerminal(cleanText(text), name);
      assertInertInTerminal(oneLine(text), name);
      assert.doesNotMatch(oneLine(text), /[\n\t]/);
    }
  });

  it('do nothing in Markdown as inert text, in a cell, or in a fence', () => {
    for (const [name, text] of [...entries, ['all', hostileText('all')] as const]) {
      assertInertMarkdown(`Text: ${inert(text)}`, name);
      assertInertMarkdown(table(['a'], [[inert(text)]]), name);
      assertInertMarkdown(fenced(text), name);
    }
  });
});
