/** All templates of Self-Instruct's calls, so that a run can store what it asked with. */
import type { Template } from '../prompt.js';

export const templates: readonly Template[] = [];
