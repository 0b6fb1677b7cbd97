/** Part of `npm run build`: writes the report's browser code and style next to the compiled code. */
import writeFileAtomic from 'write-file-atomic';
import { bundlePage, pageFiles } from './page-bundle.js';

const { script, style } = await bundlePage();
await writeFileAtomic(pageFiles.script, script);
await writeFileAtomic(pageFiles.style, style);
