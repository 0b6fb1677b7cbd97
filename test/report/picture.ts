/**
 * Pictures of a report: `npx tsx test/report/picture.ts FOLDER [REPORT.html]` writes `report.png` (1280 pixels wide, light)
 * and `report-phone.png` (dark). Without a report it draws made-up data.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { reportHtml } from '../../client/report/write-html.js';
import { launchChromium } from './browser.js';
import { reportFixture } from './fixture.js';

const pictures = [
  { file: 'report.png', colorScheme: 'light', width: 1280, height: 1420, hash: '' },
  { file: 'report-phone.png', colorScheme: 'dark', width: 390, height: 1100, hash: '#similarity' },
] as const;

const [folder, given] = process.argv.slice(2);
if (folder === undefined) throw new Error('Say which folder the pictures go to.');
await mkdir(folder, { recursive: true });
const report = given ?? path.join(os.tmpdir(), `report-fixture-${process.pid}.html`);
if (given === undefined) await writeFile(report, await reportHtml(reportFixture()));
const browser = await launchChromium();
try {
  for (const { file, colorScheme, width, height, hash } of pictures) {
    const viewport = { width, height };
    const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
    await page.goto(pathToFileURL(path.resolve(report)).href + hash);
    await page.waitForSelector('.plot svg');
    await page.screenshot({ path: path.join(folder, file) });
    await page.close();
  }
} finally {
  await browser.close();
}
