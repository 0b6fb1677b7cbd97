/** A run's report as one HTML file that needs nothing else: no network, no other file. */
import { createHash } from 'node:crypto';
import { loadPage } from './page-bundle.js';
import type { ReportData } from './report-data.js';
import { reportMark } from './report-mark.js';

/**
 * The page as HTML, about 300 kB plus the data. A content security policy lets only the page's own script and style
 * run, by their hashes, and nothing be loaded from anywhere. What a teacher wrote is in there as data only; the script sets
 * it as text. Throws when running from a `dist/` that was not built.
 */
export async function reportHtml(data: ReportData): Promise<string> {
  const { script, style } = await loadPage();
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${reportMark}
<title>seedmill report</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<noscript>This report draws itself with JavaScript, all of which is in this file. Please allow it to run.</noscript>
<script type="application/json" id="report-data">${embeddable(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that no text in it can turn into the end of its element, or into a comment. */
function embeddable(data: ReportData): string {
  return JSON.stringify(data)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
}
