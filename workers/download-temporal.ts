/**
 * Lets the SDK download the Temporal CLI: `node download-temporal.js FOLDER VERSION`. A process of its own,
 * because the SDK's download has no time limit and cannot be called off.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir, version] = process.argv.slice(2);
if (downloadDir === undefined || version === undefined) {
  console.error('usage: download-temporal FOLDER VERSION');
  process.exit(2);
}
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir, version: `v${version}` } },
  });
  await environment.teardown();
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
