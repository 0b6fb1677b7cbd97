/** What DEITA's calls are expected to be like before any is made. **Ours.** */

/** A judge's digit, and the end of its answer. */
export const SCORE_TOKENS = 2;
