/**
 * Pictures of a report: `tsx test/report/picture.ts FOLDER [REPORT.html]` writes `light.png` (1280 px wide), `dark.png` (a
 * phone) and parts of the page. Without a report it draws made-up data.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { reportHtml } from '../../client/report/write-html.js';
import { launchChromium } from './browser.js';
import { reportFixture } from './fixture.js';

const [folder, report] = process.argv.slice(2);
if (folder === undefined) throw new Error('Say which folder the pictures go to.');
await mkdir(folder, { recursive: true });
const file = path.resolve(report ?? path.join(folder, 'report.html'));
if (report === undefined) await writeFile(file, await reportHtml(reportFixture()));
const browser = await launchChromium();
try {
  const sizes = { light: { width: 1280, height: 1600 }, dark: { width: 390, height: 1600 } };
  for (const [colorScheme, viewport] of Object.entries(sizes)) {
    const page = await browser.newPage({
      viewport,
      colorScheme: colorScheme as 'light' | 'dark',
      reducedMotion: 'reduce',
    });
    page.on('console', (message) => console.error(message.text()));
    page.on('pageerror', (error) => console.error(error));
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector('.plot svg');
    await page.screenshot({ path: path.join(folder, `${colorScheme}.png`) });
    await page.screenshot({ path: path.join(folder, `${colorScheme}-whole.png`), fullPage: true });
  }
} finally {
  await browser.close();
}
