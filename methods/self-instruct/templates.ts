/** All templates of Self-Instruct's calls, so that a run can store what it asked with. */
import type { Template } from '../prompt.js';
import { chatTemplates } from './templates-chat.js';
import { completionTemplates } from './templates-completion.js';

export const templates: readonly Template[] = [
  ...Object.values(completionTemplates),
  ...Object.values(chatTemplates),
];
