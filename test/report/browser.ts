/** A real Chromium for the report's tests. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type Browser, chromium } from 'playwright-core';
import { cacheFolder, packageRoot } from '../../workers/folders.js';

/**
 * Headless Chromium: the one that SEEDMILL_TEST_CHROMIUM names; on Linux x64 the one that is in an npm package, with the
 * fonts and libraries that it needs; elsewhere an installed Chrome. The caller closes it.
 */
export async function launchChromium(): Promise<Browser> {
  const named = process.env.SEEDMILL_TEST_CHROMIUM;
  if (named) return await chromium.launch({ executablePath: named, args: ['--no-sandbox'] });
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return await chromium.launch({ channel: 'chrome' });
  const folder = await unpackedChromium();
  const { LD_LIBRARY_PATH: before, ...env } = process.env;
  const libraries = path.join(folder, 'al2023', 'lib');
  return await chromium.launch({
    executablePath: path.join(folder, 'chromium'),
    args: ['--headless=shell', '--no-sandbox', '--no-zygote', '--disable-gpu', '--font-render-hinting=none'],
    env: {
      ...(env as Record<string, string>),
      LD_LIBRARY_PATH: before ? `${libraries}:${before}` : libraries,
      FONTCONFIG_PATH: path.join(folder, 'fonts'),
    },
  });
}

/** Folder of what the package unpacks, in the user's cache: written once, by whoever is first. */
async function unpackedChromium(): Promise<string> {
  const manifest = path.join(
    path.dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))),
    '../../package.json',
  );
  const { version } = JSON.parse(await readFile(manifest, 'utf8'));
  const folder = path.join(cacheFolder(), `chromium-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const unpacking = await mkdtemp(`${folder}-`);
  try {
    // The package writes into the temporary folder, and brings libraries only to where it takes itself to be in Lambda.
    const script =
      "const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath();";
    await execa(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: packageRoot,
      env: { TMPDIR: unpacking, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' },
    });
    // Its own names the folder that it usually unpacks into.
    await writeFile(
      path.join(unpacking, 'fonts', 'fonts.conf'),
      fontConfiguration(path.join(folder, 'fonts')),
    );
    await rename(unpacking, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(unpacking, { recursive: true, force: true });
  }
  return folder;
}

function fontConfiguration(fonts: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${fonts}/cache</cachedir>
</fontconfig>
`;
}
