import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { reportHtml } from '../../client/report/write-html.js';
import { assertInertHtml, hostileList, hostileTexts } from '../hostile.js';
import { temporaryFolder } from '../temporary-folder.js';
import { launchChromium } from './browser.js';
import { reportFixture } from './fixture.js';
import { openReport, textOf, unfold } from './open-report.js';

const data = reportFixture({ examples: 90, hostile: hostileList });

describe('a report of hostile texts', () => {
  const folder = temporaryFolder();
  let browser: Browser;

  before(async function () {
    this.timeout(0);
    browser = await launchChromium();
  });
  after(async () => await browser.close());

  it('runs none of them, asks for nothing, and logs no error, with everything open and pointed at', async () => {
    const { page, errors, requests } = await openReport(browser, { folder: folder(), data });
    await unfold(page);
    for (const plot of await page.locator('.plot').all()) {
      await plot.scrollIntoViewIfNeeded();
      const box = await plot.boundingBox();
      assert.ok(box);
      await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5);
      await page.waitForTimeout(20);
    }
    for (const { id } of data.examples) {
      await page.evaluate(
        (hash) => {
          location.hash = hash;
        },
        `#example=${encodeURIComponent(id)}`,
      );
      await page.waitForFunction((id) => document.querySelector('dialog h2')?.textContent?.includes(id), id);
    }
    assert.equal(await page.evaluate(() => (globalThis as { hostile?: unknown }).hostile), undefined);
    assert.equal(await page.evaluate(() => document.querySelectorAll('script').length), 2);
    const foreign =
      'img, iframe, object, embed, form[action], [onerror], [onload], [onmouseover], [style*=url]';
    assert.equal(await page.locator(foreign).count(), 0);
    const links = await page
      .locator('a')
      .evaluateAll((found) => found.map((link) => link.getAttribute('href')));
    assert.deepEqual(
      links.filter((href) => !/^(?:#|https:\/\/arxiv\.org\/abs\/[\d.]+$)/.test(href ?? '')),
      [],
    );
    assert.deepEqual({ errors, requests }, { errors: [], requests: [] });
    await page.context().close();
  });

  it('shows them as they are written', async () => {
    const { page } = await openReport(browser, { folder: folder(), data });
    const text = await textOf(page.locator('main'));
    for (const part of [
      '<img src=x onerror',
      '</script><script>',
      '[hostile](javascript:',
      '| hostile | cell |',
    ])
      assert.ok(text.includes(part), part);
    const skill = await page.locator('#coverage svg').first().innerHTML();
    assert.doesNotMatch(skill, /<(?:script|img|iframe|a)\b/);
    await page.context().close();
  });

  it('has no text that turns its direction around or hides in control characters', async () => {
    const { page } = await openReport(browser, { folder: folder(), data });
    const text = (await page.locator('main').evaluate((main) => main.textContent)) ?? '';
    assert.match(text, /hostile reversed/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/);
    await page.context().close();
  });

  it('fits a phone of 360 pixels, however long a word is', async () => {
    const context = { viewport: { width: 360, height: 740 } };
    const { page } = await openReport(browser, { folder: folder(), data, context });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.context().close();
  });

  it('keeps its data inside its element', async () => {
    const html = await reportHtml(data);
    const block = /<script type="application\/json" id="report-data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    assert.deepEqual(JSON.parse(block), JSON.parse(JSON.stringify(data)));
    assertInertHtml(block.replaceAll('javascript:', ''), 'data block');
    assert.doesNotMatch(block, /[<\u2028\u2029]/);
  });

  it('has a policy that lets only its own script and style run, and those are in it once', async () => {
    const html = await reportHtml(data);
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(html)?.[1] ?? '';
    assert.match(policy, /^default-src 'none';/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    for (const [name, pattern] of [
      ['script-src', /<script>([\s\S]*?)<\/script>/],
      ['style-src', /<style>([\s\S]*?)<\/style>/],
    ] as const) {
      const code = pattern.exec(html)?.[1] ?? '';
      const hash = createHash('sha256').update(code).digest('base64');
      assert.ok(policy.includes(`${name} 'sha256-${hash}'`), name);
    }
    assert.equal(html.match(/<script\b/g)?.length, 2);
    assert.ok(!html.includes(hostileTexts.script));
  });

  it('carries the licences of the libraries in it', async () => {
    const html = await reportHtml(data);
    assert.match(html, /@observablehq\/plot [\d.]+: Copyright/);
    assert.match(html, /d3-scale [\d.]+: Copyright/);
    assert.match(html, /Permission to use, copy, modify/);
  });
});
