/** `KEY=VALUE` as people type it after `seedmill set`, as the updates that a run understands. */
import type { Budget, EndpointLimits, Thresholds } from '../activities/types.js';
import { UserError } from '../store/errors.js';
import type { RunPlan } from '../workflows/inputs.js';
import {
  budgetProblem,
  concurrencyProblem,
  limitsProblem,
  isThreshold,
  targetProblem,
  thresholdKeys,
  thresholdsProblem,
} from '../workflows/settings-rules.js';

/** One update of a run; who makes it is added where it is sent. */
export type SettingsChange =
  | { update: 'setBudget'; arg: { budget: Partial<Budget> } }
  | { update: 'setConcurrency'; arg: { teacher: string; concurrency: number } }
  | { update: 'setLimits'; arg: { teacher: string } & Partial<EndpointLimits> }
  | { update: 'setTarget'; arg: { target: number } }
  | { update: 'setThresholds'; arg: { thresholds: Thresholds } };

const budgetKeys: Record<string, keyof Budget> = {
  'budget.usd': 'usd',
  'budget.calls': 'calls',
  'budget.tokens': 'tokens',
};
const limitKeys = ['requestsPerMinute', 'tokensPerMinute'] as const;
const allKeys = ['target', ...Object.keys(budgetKeys), 'concurrency', ...limitKeys, ...thresholdKeys];

/**
 * The updates that make these changes, those of one kind in one update.
 * @throws UserError naming the change that cannot be made.
 */
export function settingsChanges(
  changes: readonly string[],
  { teacher, plan }: { teacher: string; plan: RunPlan },
): SettingsChange[] {
  const budget: Partial<Budget> = {};
  const limits: Partial<EndpointLimits> = {};
  const thresholds: Thresholds = {};
  let concurrency: number | null = null;
  let target: number | null = null;
  for (const change of changes) {
    const { key, value, text } = parse(change);
    if (isThreshold(key)) {
      // A quantile is a text; what else is none is refused with the rest.
      if (key === 'select.tau') thresholds[key] = value ?? text;
      else if (value === null) throw new UserError(`${change}: a number is needed`);
      else thresholds[key] = value;
      continue;
    }
    if (value === null && text !== 'none')
      throw new UserError(`${change}: "${text}" is no number; "none" takes a limit away`);
    const budgetKey = Object.hasOwn(budgetKeys, key) ? budgetKeys[key] : undefined;
    const limitKey = limitKeys.find((name) => name === key);
    if (budgetKey) budget[budgetKey] = value;
    else if (limitKey) limits[limitKey] = value;
    else if (key === 'target') {
      if (value === null) throw new UserError(`${change}: a whole number is needed`);
      target = value;
    } else if (key !== 'concurrency')
      throw new UserError(`${change}: no such key; there are ${allKeys.join(', ')}`);
    else if (value === null) throw new UserError(`${change}: a number from 1 to 200 is needed`);
    else concurrency = value;
  }
  const hasBudget = Object.keys(budget).length > 0;
  const hasThresholds = Object.keys(thresholds).length > 0;
  const hasLimits = Object.keys(limits).length > 0;
  // One update is made after the other: a value that the run would refuse must not come after one that it has taken.
  const problem =
    (hasBudget ? budgetProblem(budget) : null) ??
    (concurrency === null ? null : concurrencyProblem(concurrency)) ??
    (hasLimits ? limitsProblem(limits) : null) ??
    (target === null ? null : targetProblem(target, plan)) ??
    (hasThresholds ? thresholdsProblem(thresholds, plan) : null);
  if (problem !== null) throw new UserError(`${changes.join(' ')}: nothing has changed: ${problem}`);
  return [
    ...(hasBudget ? [{ update: 'setBudget' as const, arg: { budget } }] : []),
    ...(concurrency === null ? [] : [{ update: 'setConcurrency' as const, arg: { teacher, concurrency } }]),
    ...(target === null ? [] : [{ update: 'setTarget' as const, arg: { target } }]),
    ...(hasThresholds ? [{ update: 'setThresholds' as const, arg: { thresholds } }] : []),
    ...(hasLimits ? [{ update: 'setLimits' as const, arg: { teacher, ...limits } }] : []),
  ];
}

/** `value` null: the text is no number. */
function parse(change: string): { key: string; value: number | null; text: string } {
  const at = change.indexOf('=');
  if (at < 1) throw new UserError(`${change}: expected key=value, for example budget.usd=20`);
  const key = change.slice(0, at).trim();
  const text = change.slice(at + 1).trim();
  const value = Number(text);
  return { key, value: text === '' || !Number.isFinite(value) ? null : value, text };
}
