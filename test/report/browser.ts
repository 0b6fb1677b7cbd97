/** A real Chromium for the report's tests. */
import { type Browser, chromium as playwright } from 'playwright-core';

/**
 * Headless Chromium: the one that SEEDMILL_TEST_CHROMIUM names; on Linux x64 the one that is in an npm package, with the
 * libraries that it needs; elsewhere an installed Chrome. The caller closes it.
 */
export async function launchChromium(): Promise<Browser> {
  const named = process.env.SEEDMILL_TEST_CHROMIUM;
  if (named) return await playwright.launch({ executablePath: named, args: ['--no-sandbox'] });
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return await playwright.launch({ channel: 'chrome' });
  // Unpacks NSS and its kind too, which a slim system lacks; read when the package is loaded.
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs20.x';
  const { default: chromium } = await import('@sparticuz/chromium');
  return await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--headless=shell', '--no-sandbox', '--no-zygote', '--disable-gpu', '--font-render-hinting=none'],
  });
}
