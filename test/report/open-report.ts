/** A report in a real browser, and what it did that it should not. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { ReportData } from '../../client/report/report-data.js';
import { reportHtml } from '../../client/report/write-html.js';

export interface OpenReport {
  page: Page;
  /** Errors in the console, exceptions, and breaches of the security policy. */
  errors: string[];
  /** Addresses of everything that the page asked for. */
  requests: string[];
}

/** Writes the report into a folder and opens it there, once its plots are drawn. `hash`: with its `#`. */
export async function openReport(
  browser: Browser,
  options: { folder: string; data: ReportData; hash?: string; context?: BrowserContextOptions },
): Promise<OpenReport> {
  const { folder, data, hash = '', context: contextOptions = {} } = options;
  const file = path.join(folder, 'report.html');
  await writeFile(file, await reportHtml(data));
  const address = pathToFileURL(file).href;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    ...contextOptions,
  });
  // Chromium tells a page, and nobody else, of plots that change each other's room while they are drawn.
  await context.addInitScript(() => addEventListener('error', ({ message }) => console.error(message)));
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  await context.route('**/*', async (route) => {
    const asked = route.request().url();
    if (asked.split('#')[0] === address) return await route.continue();
    requests.push(asked);
    await route.abort();
  });
  await page.goto(address + hash);
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.plot')].every(
      (plot) => plot.closest('details:not([open])') || plot.querySelector('svg'),
    ),
  );
  return { page, errors, requests };
}

/** Opens everything that is folded, and waits for what it then gets. */
export async function unfold(page: Page): Promise<void> {
  await page.locator('details').evaluateAll((found) => {
    for (const element of found) (element as HTMLDetailsElement).open = true;
  });
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.chart details')].every((numbers) => numbers.querySelector('table')),
  );
}

/** What people see of it: not what the style hides. */
export function textOf(locator: Locator): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: hidden text is not to count
  return locator.innerText();
}
