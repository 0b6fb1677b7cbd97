import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { temporaryFolder } from '../temporary-folder.js';
import { launchChromium } from './browser.js';
import { emptyReport, reportFixture } from './fixture.js';
import { type OpenReport, openReport, textOf, unfold } from './open-report.js';

const data = reportFixture();
const sections = 'overview yield cost similarity student scores map coverage examples changes recipe'.split(
  ' ',
);

describe("the report's page", () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let opened: OpenReport | undefined;

  before(async function () {
    this.timeout(0);
    browser = await launchChromium();
  });
  afterEach(async () => {
    const { page, errors, requests } = opened ?? {};
    await page?.context().close();
    opened = undefined;
    assert.deepEqual({ errors, requests }, { errors: [], requests: [] });
  });
  after(async () => await browser.close());

  async function open(options: Partial<Parameters<typeof openReport>[1]> = {}) {
    opened = await openReport(browser, { folder: folder(), data, ...options });
    return opened.page;
  }
  const width = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

  it('has every section that the data fills, each with a heading and the plots drawn', async () => {
    const page = await open();
    assert.deepEqual(
      await page.locator('main > section').evaluateAll((found) => found.map(({ id }) => id)),
      sections,
    );
    for (const id of sections) assert.ok(await page.locator(`#${id} h2`).count(), id);
    assert.equal(await page.locator('.plot svg').count(), 11);
    assert.equal(await page.title(), `${data.run.runId} · seedmill report`);
  });

  it('gives the headline figures as the data has them', async () => {
    const page = await open();
    const tiles = await page.locator('.tile').allInnerTexts();
    const { accepted, candidates, calls } = data.totals;
    const made = calls.answered + 7;
    assert.ok(tiles.some((text) => text.includes(`${((100 * accepted) / candidates).toFixed(1)} %`)));
    assert.ok(
      tiles.some((text) => text.startsWith('Calls\n') && text.includes(made.toLocaleString('en-US'))),
    );
    assert.match(await textOf(page.locator('#overview')), /finished target reached/);
  });

  it('has the numbers of every plot but clouds of points as a table', async () => {
    const page = await open();
    await unfold(page);
    const titles = page.locator('.chart:not(:has(details))').locator('h3');
    assert.deepEqual(await titles.allTextContents(), [
      'Yield',
      'Complexity and quality',
      'Map of the candidates by UMAP',
    ]);
    const first = data.rounds[0];
    const row = page.locator('#yield table tbody tr').first();
    assert.equal(await row.locator('td').nth(1).textContent(), String(first?.candidates));
    const share = Number(await textOf(row.locator('td').last()));
    assert.ok(Math.abs(share - (100 * (first?.accepted ?? 0)) / (first?.candidates ?? 1)) < 0.01);
  });

  it('gives what is too similar one colour, however often it came', async () => {
    const similar = async (of: string) => {
      const entry = page.locator(`#${of} .legend li`, { hasText: 'similar' });
      return await entry.locator('svg [fill^=var]').first().getAttribute('fill');
    };
    const { rejected } = data.totals;
    const totals = { ...data.totals, rejected: { ...rejected, similar: 1, 'too-short': 9_000 } };
    const points = (data.map?.points ?? []).map((point, n) => ({
      ...point,
      group: n < 3 ? 'rejected: similar' : 'accepted',
    }));
    const page = await open({ data: { ...data, totals, map: data.map && { ...data.map, points } } });
    const colours = [await similar('yield'), await similar('similarity'), await similar('map')];
    assert.deepEqual(colours, Array(3).fill('var(--reject-1)'));
    const all = await page
      .locator('#yield .legend svg [fill^=var]')
      .evaluateAll((found) => found.map((path) => path.getAttribute('fill')));
    assert.equal(all.length, Object.keys(rejected).length + 1);
    assert.equal(new Set(all).size, all.length);
  });

  it('says how many the map leaves out, and leads to them as text', async () => {
    const page = await open();
    assert.match(await textOf(page.locator('#map')), /80 candidates without text are not shown/);
    await page.locator('#map').getByRole('link').click();
    assert.ok(page.url().endsWith('#examples'));
  });

  it('says of cosines what a selection made of them', async () => {
    const bins = [{ from: 0.8, to: 0.9, accepted: 0, rejected: 0, other: 7 }];
    const similarity = { metric: 'cosine', threshold: 0.9, bins, bounded: 0, pairs: [] };
    const page = await open({ data: { ...data, similarity } });
    const text = await textOf(page.locator('#similarity'));
    assert.match(text, /sample of all rows/);
    assert.match(text, /nearer than 0\.9 to one that was selected before/);
    assert.doesNotMatch(text, /rejected/);
  });

  it('marks attractive batches by shape as well as colour', async () => {
    const page = await open();
    const drawn = await page.locator('#student .plot').first().locator('path').count();
    const attractive = data.student?.batches.filter((batch) => batch.attractive).length ?? 0;
    assert.ok(attractive > 0 && drawn >= attractive);
    assert.match(await textOf(page.locator('#student')), new RegExp(`${attractive} of 108 batches`));
  });

  it('draws plots anew when the window becomes narrower', async () => {
    const page = await open();
    const plot = page.locator('#yield .plot svg').first();
    const before = Number(await plot.getAttribute('width'));
    await page.setViewportSize({ width: 500, height: 700 });
    await page.waitForFunction((before) => {
      const svg = document.querySelector('#yield .plot svg');
      return Number(svg?.getAttribute('width')) < before - 500;
    }, before);
  });

  it('fits a phone of 360 pixels without scrolling sideways, in every section and in the dialog', async () => {
    const page = await open({ context: width });
    await unfold(page);
    const overflow = () =>
      page.evaluate(() => ({
        page: document.documentElement.scrollWidth - innerWidth,
        sections: [...document.querySelectorAll('main > section')]
          .filter((section) => section.scrollWidth > section.clientWidth + 1)
          .map(({ id }) => id),
      }));
    assert.deepEqual(await overflow(), { page: 0, sections: [] });
    const cut = await page
      .locator('nav a')
      .evaluateAll((links) => links.filter((link) => link.getBoundingClientRect().right > innerWidth).length);
    assert.equal(cut, 0);
    await page.locator('td.main a').first().tap();
    await page.locator('dialog[open]').waitFor();
    const dialog = page.locator('dialog .detail');
    assert.equal(await dialog.evaluate((element) => element.scrollWidth - element.clientWidth), 0);
  });

  it('is dark where the system is, and changes by its button', async () => {
    const page = await open({ context: { colorScheme: 'dark' } });
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    assert.ok(lightness(dark) < 60, dark);
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    const light = await background();
    assert.ok(lightness(light) > 200, light);
    await page.getByRole('button', { name: 'Switch to dark colours' }).click();
    assert.equal(await background(), dark);
  });

  it('has text that stands out from its ground in both themes', async () => {
    // tsx gives every function its name by a helper that a page does not have.
    const helper = 'globalThis.__name = (named) => named';
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open({ context: { colorScheme } });
      await page.evaluate(helper);
      const weak = await page.evaluate(contrasts);
      assert.deepEqual(weak, [], colorScheme);
      await page.context().close();
    }
  });

  it('says of a run that has nothing yet how it stands, and draws no empty plot', async () => {
    const page = await open({ data: emptyReport() });
    assert.deepEqual(await page.locator('main > section').evaluateAll((found) => found.map(({ id }) => id)), [
      'overview',
      'examples',
      'recipe',
    ]);
    const text = await textOf(page.locator('main'));
    assert.match(text, /paused by seedmill: the key is wrong/);
    assert.match(text, /There are none yet/);
    assert.doesNotMatch(text, /NaN|undefined|null|Infinity/);
  });

  it('says what it is a sample of', async () => {
    const page = await open({
      data: { ...data, samples: ['2,000 of 1,000,000 examples, drawn with seed 0'] },
    });
    assert.match(await textOf(page.locator('#overview')), /2,000 of 1,000,000 examples, drawn with seed 0/);
  });

  it('leads to the content without the mouse', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'content');
  });

  it('prints on white, without what only a screen can use', async () => {
    const page = await open({ context: { colorScheme: 'dark' } });
    await page.emulateMedia({ media: 'print' });
    assert.ok(
      lightness(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)) > 200,
    );
    assert.equal(await page.locator('.filters').isVisible(), false);
    assert.equal(await page.locator('nav').isVisible(), false);
  });
});

/** Mean of red, green and blue of `rgb(…)`. */
function lightness(colour: string): number {
  const parts = (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part, 0) / 3;
}

/** In the page: texts whose contrast with the ground below them is less than 4.5 (WCAG AA), by element. */
function contrasts(): string[] {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour: string): number[] => {
    if (canvas === null) return [];
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour: number[]) => {
    const [r = 0, g = 0, b = 0] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const weak = new Set<string>();
  for (const element of document.querySelectorAll('body *:not(script, style, noscript)')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
    if (!hasText || element.closest('svg, :disabled, option')) continue;
    const [front, back] = [luminance(rgb(getComputedStyle(element).color)), luminance(ground(element))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) weak.add(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return [...weak];
}
