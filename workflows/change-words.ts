/** What a change came to, in the words that the record of changes, the status and the UI show. */
import type { Budget, EndpointLimits } from '../activities/types.js';
import { budgetKeys } from './budget.js';

const limitKeys = ['requestsPerMinute', 'tokensPerMinute'] as const;

/** `budget.usd 10 → 20`; several with a comma between. */
export function budgetChange(before: Budget, after: Budget): string {
  return budgetKeys
    .filter((key) => before[key] !== after[key])
    .map((key) => fromTo(`budget.${key}`, before[key], after[key]))
    .join(', ');
}

/** `default: requestsPerMinute none → 600` */
export function limitsChange(teacher: string, before: EndpointLimits, after: EndpointLimits): string {
  const changed = limitKeys.filter((key) => before[key] !== after[key]);
  return `${teacher}: ${changed.map((key) => fromTo(key, before[key], after[key])).join(', ')}`;
}

/** `target 500 → 800` */
export function fromTo(name: string, before: number | string | null, after: number | string | null): string {
  return `${name} ${before ?? 'none'} → ${after ?? 'none'}`;
}

/** `12 seed tasks` */
export function seedTasks(count: number): string {
  return count === 1 ? '1 seed task' : `${count} seed tasks`;
}
