/** A failure that is told to people in its message alone: what is wrong, where, and what to do. No stack needed. */
export class ServiceError extends Error {
  override name = 'ServiceError';
}

/** Message of anything thrown, for use inside a longer sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
