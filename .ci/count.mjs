/**
 * Adds up the reports of mocha and pytest: `node count.mjs FOLDER` prints `N passed, N failed`. A report that is not
 * there counts as one failure: its tests ended before they could be counted.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = process.argv[2];
let passed = 0;
let failed = 0;
const parts = readdirSync(folder).filter((name) => /^mocha-.*\.json$/.test(name));
for (const name of parts) {
  const counts = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
  passed += counts.passed;
  failed += counts.failed;
}
if (parts.length === 0) failed += 1;
const pytest = path.join(folder, 'pytest.xml');
if (existsSync(pytest)) {
  // One <testsuite> element, whose attributes are the sums.
  const suite = /<testsuite [^>]*>/.exec(readFileSync(pytest, 'utf8'))?.[0] ?? '';
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const bad = count('failures') + count('errors');
  passed += count('tests') - bad - count('skipped');
  failed += bad;
} else if (failed === 0) {
  // After failures in mocha, `npm test` does not come to pytest.
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
