import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { temporaryFolder } from '../temporary-folder.js';
import { launchChromium } from './browser.js';
import { reportFixture } from './fixture.js';
import { openReport, textOf } from './open-report.js';

const data = reportFixture({ examples: 2000 });
const example = (index: number) => {
  const found = data.examples[index];
  assert.ok(found);
  return found;
};

describe('the examples of a report, 2,000 of them', () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    this.timeout(0);
    browser = await launchChromium();
  });
  beforeEach(async () => {
    ({ page, errors } = await openReport(browser, { folder: folder(), data }));
  });
  afterEach(async () => {
    await page.context().close();
    assert.deepEqual(errors, []);
  });
  after(async () => await browser.close());

  const rows = () => page.locator('.rows tbody tr');
  const found = () => textOf(page.locator('.found'));
  const dialog = () => page.locator('dialog[open]');

  it('come in pages', async () => {
    assert.equal(await rows().count(), 50);
    assert.equal(await found(), '2,000 candidates');
    await page.getByRole('button', { name: 'Next' }).click();
    assert.match(await textOf(page.locator('.pager')), /51 to 100 of 2,000/);
    assert.match(await textOf(rows().first()), /number 50\./);
  });

  it('are searched by every word in instruction, input, output and skills', async () => {
    await page.getByRole('searchbox').fill('NUMBER 1234. traveller');
    assert.equal(await found(), '1 of 2,000 candidates');
    assert.match(await textOf(rows().first()), /number 1234\./);
    await page.getByRole('searchbox').fill('nothing has this');
    assert.equal(await found(), '0 of 2,000 candidates');
    assert.equal(await rows().count(), 0);
    await page.getByRole('button', { name: 'Reset' }).click();
    assert.equal(await found(), '2,000 candidates');
  });

  it('are filtered by state, reason, round and skill at once', async () => {
    await page
      .getByLabel('State', { exact: true })
      .selectOption({ label: await optionOf('State', 'rejected') });
    await page
      .getByLabel('Reason', { exact: true })
      .selectOption({ label: await optionOf('Reason', 'too short') });
    await page.getByLabel('Round', { exact: true }).selectOption({ label: await optionOf('Round', '3') });
    const skill = example(0).skills[0] ?? '';
    await page.getByLabel('Skill', { exact: true }).selectOption({ label: await optionOf('Skill', skill) });
    const expected = data.examples.filter(
      ({ state, reason, round, skills }) =>
        state === 'rejected' && reason === 'too-short' && round === 3 && skills.includes(skill),
    );
    assert.ok(expected.length > 0);
    assert.match(await found(), new RegExp(`^${expected.length} of `));
  });

  async function optionOf(label: string, name: string): Promise<string> {
    const options = await page.getByLabel(label, { exact: true }).locator('option').allInnerTexts();
    const option = options.find((text) => text.startsWith(`${name} (`));
    assert.ok(option, options.join());
    return option;
  }

  it('are sorted by a column, the other way round, and then as they were', async () => {
    const first = async () => Number(await textOf(rows().first().locator('td[data-label=similarity]')));
    const similarities = data.examples.map(({ similarity }) => similarity ?? 0);
    const head = page.getByRole('button', { name: 'similarity' });
    await head.click();
    assert.equal(await first(), Number(Math.min(...similarities).toFixed(3)));
    assert.equal(await page.locator('th[aria-sort=ascending]').count(), 1);
    await head.click();
    assert.equal(await first(), Number(Math.max(...similarities).toFixed(3)));
    await head.click();
    assert.equal(await page.locator('th[aria-sort]').count(), 0);
    assert.match(await textOf(rows().first()), /number 0\./);
  });

  it('open with all that is known of them, down to the call', async () => {
    await rows().nth(3).click();
    const text = await textOf(dialog());
    const { id, output, seeds, calls, review, nearestId } = example(3);
    for (const part of [
      id,
      output,
      seeds[0]?.text,
      calls[0]?.key,
      calls[0]?.model,
      review?.note,
      nearestId,
    ]) {
      assert.ok(part && text.includes(part), part ?? undefined);
    }
  });

  it('are filtered by what a scan has flagged, and say it', async () => {
    await page.getByLabel('Flag', { exact: true }).selectOption({ label: await optionOf('Flag', 'email') });
    assert.equal(await found(), '80 of 2,000 candidates');
    await rows().first().click();
    assert.match(await textOf(dialog()), /Flags\s+email/);
  });

  it('are called examples where they were accepted, else candidates', async () => {
    const heading = async (state: string) => {
      const { id } = data.examples.find((one) => one.state === state) ?? example(0);
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `#example=${id}`);
      const title = page.locator('#detail-title', { hasText: id });
      await title.waitFor();
      return (await textOf(title)).replace(id, '').trim();
    };
    assert.equal(await heading('dataset'), 'Example');
    assert.equal(await heading('rejected'), 'Candidate');
  });

  it('are sorted on a phone by a choice, and the focus goes to nothing that is out of sight', async () => {
    const sort = page.getByLabel('Sort by', { exact: true });
    assert.equal(await sort.isVisible(), false);
    await page.setViewportSize({ width: 360, height: 740 });
    await sort.selectOption('similarity, highest first');
    const similarities = data.examples.map(({ similarity }) => similarity ?? 0);
    const first = rows().first().locator('td[data-label=similarity]');
    assert.match(await textOf(first), new RegExp(`${Math.max(...similarities).toFixed(3)}$`));
    await sort.focus();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Reset');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.closest('td')?.className), 'main');
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.equal(await page.locator('th[aria-sort=descending]').count(), 1);
    await page.getByRole('button', { name: 'similarity' }).click();
    assert.equal(await sort.inputValue(), '');
  });

  it('are reached by keyboard alone: search, rows, dialog, and back', async () => {
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
    await page.keyboard.type('number 77');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await dialog().waitFor();
    assert.match(await textOf(dialog()), /number 77\./);
    await page.keyboard.press('ArrowRight');
    assert.match(await textOf(dialog()), /number 177\./);
    await page.keyboard.press('ArrowLeft');
    assert.match(await textOf(dialog()), /number 77\./);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    assert.match((await page.evaluate(() => document.activeElement?.textContent)) ?? '', /number 77\./);
  });

  it('keep the focus inside the dialog', async () => {
    await rows().first().click();
    await dialog().waitFor();
    for (let press = 0; press < 12; press += 1) {
      await page.keyboard.press('Tab');
      const isInside = await page.evaluate(() => {
        const active = document.activeElement;
        return active === document.body || active?.closest('dialog') !== null;
      });
      assert.ok(isInside);
    }
  });

  it('are opened by the address, which follows what is open', async () => {
    const { id } = example(1999);
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#example=${id}`);
    await dialog().waitFor();
    assert.match(await textOf(dialog()), /number 1999\./);
    await page.getByRole('button', { name: 'Close' }).click();
    assert.doesNotMatch(page.url(), /example=/);
    await rows().first().click();
    assert.ok(page.url().endsWith(`#example=${example(0).id}`));
    await page.goBack();
    await dialog().waitFor({ state: 'detached' });
  });

  it('say so when the address names one that the report has not', async () => {
    await page.evaluate(() => {
      location.hash = '#example=%ff%3Cb%3E';
    });
    assert.match(await textOf(dialog()), /not in the report/);
  });

  it('are opened by a click on their point of the map, which says its text when pointed at', async () => {
    const plot = page.locator('#map .plot');
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.locator('[aria-label=dot] > *').last().boundingBox();
    assert.ok(box);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await plot.locator('[aria-label=tip] text').first().waitFor();
    assert.match((await plot.locator('[aria-label=tip]').textContent()) ?? '', /traveller/);
    await page.mouse.click(x, y);
    await dialog().waitFor();
  });
});
