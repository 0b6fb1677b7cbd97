/**
 * Mocha's usual output, and for CI the counts as JSON: `mocha-PART.json` in the folder that SEEDMILL_TEST_REPORTS names,
 * where PART is from SEEDMILL_TEST_PART (`test/run-parts.ts`).
 */
const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { reporters, Runner } = require('mocha');

module.exports = class SpecWithCounts extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const folder = process.env.SEEDMILL_TEST_REPORTS;
    if (folder === undefined) return;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      const part = process.env.SEEDMILL_TEST_PART ?? 'all';
      const counts = { passed: passes, failed: failures };
      writeFileSync(path.join(folder, `mocha-${part}.json`), JSON.stringify(counts));
    });
  }
};
