/** The report's browser code and style: built once by `npm run build`, or on the spot when running from sources. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isCompiled, packageRoot } from '../../workers/folders.js';

export interface PageBundle {
  /** JavaScript for one inline `<script>`; nothing in it ends the element. */
  script: string;
  /** CSS for one inline `<style>`; nothing in it ends the element. */
  style: string;
}

/** Where `npm run build` puts the two files. */
export const pageFiles = {
  script: path.join(packageRoot, 'dist/client/report/page.js'),
  style: path.join(packageRoot, 'dist/client/report/page.css'),
};

/** A process that runs from sources bundles them once, however many reports it writes. */
let fromSources: Promise<PageBundle> | undefined;

/** The page's code. Throws when running from a `dist/` that was not built. */
export async function loadPage(): Promise<PageBundle> {
  if (!isCompiled) {
    fromSources ??= bundlePage();
    return await fromSources;
  }
  const [script, style] = await Promise.all([
    readFile(pageFiles.script, 'utf8'),
    readFile(pageFiles.style, 'utf8'),
  ]);
  return { script, style };
}

/** Bundles `page/` with the libraries that it uses, minified, and their licences. Takes less than a second. */
export async function bundlePage(): Promise<PageBundle> {
  // Loaded here: only a build has it, and a command reads the files that are there.
  const { build } = await import('esbuild');
  const folder = path.join(packageRoot, 'client/report/page');
  const { outputFiles, metafile } = await build({
    absWorkingDir: packageRoot,
    entryPoints: { page: path.join(folder, 'main.ts'), 'page-style': path.join(folder, 'style.css') },
    outdir: path.join(packageRoot, 'dist/client/report'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    write: false,
  });
  const text = (extension: string) =>
    outputFiles.find((file) => file.path.endsWith(extension))?.text.trim() ?? '';
  const licences = await licencesOf(Object.keys(metafile.inputs));
  const script = `${licences}\n${text('.js')}`;
  const style = text('.css');
  // esbuild writes these otherwise where they stand in a text.
  if (/<(?:\/?script|!--)/i.test(script) || /<\/style/i.test(style))
    throw new Error('The code or style of the report holds a mark that would end its element.');
  return { script, style };
}

/** One comment with the licence of each package that a file is of; a text that several share stands there once. */
async function licencesOf(files: string[]): Promise<string> {
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  const holders = new Map<string, string[]>();
  for (const folder of [...new Set(folders)].sort()) {
    const { name, version } = JSON.parse(
      await readFile(path.join(packageRoot, folder, 'package.json'), 'utf8'),
    );
    const file = (await readdir(path.join(packageRoot, folder))).find((name) => /^licen[sc]e/i.test(name));
    if (file === undefined) throw new Error(`${name} ${version} has no licence file to put into the report.`);
    const lines = (await readFile(path.join(packageRoot, folder, file), 'utf8')).split(/\r?\n/);
    const isCopyright = (line: string) => /^\s*(?:\(c\)|copyright\b)/i.test(line);
    const rest = lines.filter((line) => !isCopyright(line)).join(' ');
    const key = rest.replaceAll(/\s+/g, ' ').trim();
    const copyright = lines.filter(isCopyright).map((line) => line.trim());
    holders.set(key, [...(holders.get(key) ?? []), `${name} ${version}: ${copyright.join('; ')}`]);
  }
  const parts = [...holders].map(([licence, names]) => `${names.join('\n')}\n\n${licence}`);
  return `/*!\n${parts.join('\n\n---\n\n').replaceAll('*/', '* /')}\n*/`;
}
