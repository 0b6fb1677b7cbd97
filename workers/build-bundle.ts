/** Part of `npm run build`: writes the workflow bundle next to the compiled code. */
import writeFileAtomic from 'write-file-atomic';
import { bundlePath, bundleWorkflows } from './workflow-bundle.js';

await writeFileAtomic(bundlePath, await bundleWorkflows());
