/**
 * The inner loops of `../rouge-l-pool.ts` and `../cosine-index.ts`, in AssemblyScript: compiled to WebAssembly with SIMD
 * by `npm run build`. One instance serves one pool or index. Everything lies in the one linear memory that the host
 * passes in and hands out; addresses are bytes.
 */
export { cosine, finishRow } from './cosine';
export { lcs } from './lcs';
export { scanPool } from './scan';
export { similarities } from './similarities';
export { listRows, placeRows } from './signature';
export { internToken, setTokenBytes, setTokenTable, tokenBytesTop, tokenCount, tokenise } from './tokens';
export { placeVector, roundVector, scanVectors } from './vectors';
