/**
 * The inner loops of `../rouge-l-pool.ts`, in AssemblyScript: compiled to WebAssembly with SIMD by `npm run build`.
 * One instance serves one pool. Everything lies in the one linear memory that the host passes in and hands out;
 * addresses are bytes.
 */
export { lcs } from './lcs';
export { scanPool } from './scan';
export { writeSignature } from './signature';
export { internToken, setTokenBytes, setTokenTable, tokenBytesTop, tokenCount, tokenise } from './tokens';
