/** Content hashes and candidate ids: the names by which lineage refers to things. */
import { createHash } from 'node:crypto';
import type { Instance } from '../activities/types.js';

/** SHA-256 of a text's UTF-8 bytes, 64 hex digits. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Where a candidate stands: the call that wrote its instruction, its place in that answer, which of its instances. */
export interface CandidatePlace {
  callKey: string;
  /** Position in the parsed answer, from 0. */
  position: number;
  /** Instance of that instruction, from 0. */
  instance: number;
}

/**
 * The id of a candidate: hash(call key, position, instance), 32 hex digits (128 bits). Two equal candidates at two
 * places have two ids, and the same `contentHash`.
 */
export function candidateId({ callKey, position, instance }: CandidatePlace): string {
  return sha256Hex(JSON.stringify(['candidate', callKey, position, instance])).slice(0, 32);
}

/** Hash of what a candidate says, wherever it came from: 64 hex digits. */
export function contentHash({ instruction, input, output }: { instruction: string } & Instance): string {
  return sha256Hex(JSON.stringify([instruction, input, output]));
}
