/** Limits of an endpoint: what a run asks for, what holds when several runs ask, and the rate that keeps it. */
import type { EndpointLimits, QueueLimits } from '../activities/types.js';
import type { RunPlan } from './inputs.js';
import type { Settings } from './messages.js';
import type { CallNeeds } from './recent-calls.js';

export const noLimits: EndpointLimits = { requestsPerMinute: null, tokensPerMinute: null };

/** Longer than nearly every call's, until a shard has said what its calls can need. */
const unknownCall: CallNeeds = { requests: 1, tokens: 4_000 };

export function isLimited({ requestsPerMinute, tokensPerMinute }: EndpointLimits): boolean {
  return requestsPerMinute !== null || tokensPerMinute !== null;
}

/** The stricter of each. */
export function lowest(limits: EndpointLimits[]): EndpointLimits {
  const least = (key: keyof EndpointLimits) => {
    const given = limits.flatMap((limit) => limit[key] ?? []);
    return given.length > 0 ? Math.min(...given) : null;
  };
  return { requestsPerMinute: least('requestsPerMinute'), tokensPerMinute: least('tokensPerMinute') };
}

/**
 * Limits of one of a run's teachers: the recipe's, unless people changed them. Runs that an earlier version began know
 * of none.
 */
export function limitsOf(
  { name, requestsPerMinute, tokensPerMinute }: Partial<EndpointLimits> & { name: string },
  { limits }: Partial<Pick<Settings, 'limits'>>,
): EndpointLimits {
  return (
    limits?.[name] ?? {
      requestsPerMinute: requestsPerMinute ?? null,
      tokensPerMinute: tokensPerMinute ?? null,
    }
  );
}

/** What a run asks of the endpoints that it uses; none without a limit. */
export function declaredLimits({ teachers }: Pick<RunPlan, 'teachers'>, settings: Settings): QueueLimits[] {
  const byQueue = new Map<string, EndpointLimits>();
  for (const teacher of Object.values(teachers).flat()) {
    // What goes to a Batch API counts in the provider's own queue.
    if (teacher.batchPollMs) continue;
    const limits = limitsOf(teacher, settings);
    if (isLimited(limits))
      byQueue.set(teacher.queue, lowest([byQueue.get(teacher.queue) ?? noLimits, limits]));
  }
  return [...byQueue].map(([queue, limits]) => ({ queue, ...limits }));
}

/** Calls per second that keep the limits; null: there is none. `needs` null: nothing is known of the calls yet. */
export function rateFor(limits: EndpointLimits, needs: CallNeeds | null): number | null {
  const { requestsPerMinute, tokensPerMinute } = limits;
  if (!isLimited(limits)) return null;
  const { requests, tokens } = needs ?? unknownCall;
  const byRequests = (requestsPerMinute ?? Number.POSITIVE_INFINITY) / requests;
  const byTokens = (tokensPerMinute ?? Number.POSITIVE_INFINITY) / Math.max(1, tokens);
  return Math.min(byRequests, byTokens) / 60;
}
