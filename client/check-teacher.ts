import type { Teacher } from '../activities/recipe-teacher.js';
import { readKey } from '../activities/teacher-client/client.js';
import { redact } from '../activities/teacher-client/redact.js';
import type { TeacherEndpoint } from '../activities/teacher-endpoint.js';
import { UserError } from '../store/errors.js';

const timeoutMs = 15_000;

/**
 * Asks the endpoint for its models before a run is started: an address that does not answer, a key that is refused,
 * a model that is not there or batches that it does not have are said now, and not by the first of a hundred thousand
 * calls.
 * @throws UserError that names the endpoint, and the variable or key to change.
 */
export async function checkTeacher(options: { teacher: Teacher; endpoint: TeacherEndpoint }): Promise<void> {
  const { teacher, endpoint } = options;
  const { baseUrl, apiKeyEnv, model } = endpoint;
  const key = readKey({ baseUrl, apiKeyEnv, env: process.env });
  const { response, data } = await ask({ baseUrl, apiKeyEnv, key, path: '/models' });
  if (teacher.endpoint === 'local') return;
  if (data === null && (response.ok || response.status === 404) && (await isUnderV1({ baseUrl, key }))) {
    const meant = `${withoutSlash(baseUrl)}/v1`;
    throw new UserError(
      `the teacher at ${baseUrl} has no list of models (HTTP ${response.status} at /models), but ${meant} has: did you mean ${meant}? Set OPENAI_BASE_URL or teacher.baseUrl in the recipe.`,
    );
  }
  const served = (data ?? []).flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
  // Not every compatible endpoint lists its models; where one does, its list is believed.
  if (response.ok && served.length > 0 && !served.includes(model)) {
    const known = served.slice(0, 10).join(', ');
    throw new UserError(
      `the teacher at ${baseUrl} has no model "${model}"; it has ${known}${served.length > 10 ? ', …' : ''}. Set teacher.model in the recipe.`,
    );
  }
  if (teacher.mode !== 'batch') return;
  const batches = await ask({ baseUrl, apiKeyEnv, key, path: '/batches?limit=1' });
  const { status, ok } = batches.response;
  // A server that is only busy has them all the same.
  if ([404, 405, 501].includes(status) || (ok && batches.data === null)) {
    throw new UserError(
      `the teacher at ${baseUrl} has no Batch API (HTTP ${status} at /batches): set teacher.mode to online in the recipe, or give an endpoint that has one`,
    );
  }
}

/** `data`: of the list that the endpoint gives; null when it gives something else. */
async function ask(options: {
  baseUrl: string;
  apiKeyEnv: string | null;
  key: string | null;
  path: string;
}): Promise<{ response: Response; data: { id?: unknown }[] | null }> {
  const { baseUrl, apiKeyEnv, key, path } = options;
  const hide = (text: string) => redact(key ? text.replaceAll(key, '[redacted]') : text);
  let response: Response;
  try {
    response = await get(`${withoutSlash(baseUrl)}${path}`, key);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
    throw new UserError(
      `the teacher at ${baseUrl} does not answer (${hide(cause.message)}): check OPENAI_BASE_URL or teacher.baseUrl in the recipe`,
    );
  }
  if (response.status >= 300 && response.status < 400) {
    const target = hide(response.headers.get('location') ?? 'another address');
    throw new UserError(
      `the teacher at ${baseUrl} redirects to ${target}: set OPENAI_BASE_URL or teacher.baseUrl to where it is`,
    );
  }
  const body = await response.text();
  if (response.status === 401 || response.status === 403) {
    throw new UserError(
      `the teacher at ${baseUrl} refuses the key in ${apiKeyEnv} (HTTP ${response.status}): ${hide(body)}`,
    );
  }
  return { response, data: listIn(body) };
}

/** The usual slip in a base URL: then every call would be refused with 404. */
async function isUnderV1({ baseUrl, key }: { baseUrl: string; key: string | null }): Promise<boolean> {
  try {
    const response = await get(`${withoutSlash(baseUrl)}/v1/models`, key);
    return [401, 403].includes(response.status) || (response.ok && listIn(await response.text()) !== null);
  } catch {
    // Nothing is there: what was found at the address itself has to do.
    return false;
  }
}

async function get(url: string, key: string | null): Promise<Response> {
  return await fetch(url, {
    headers: key ? { authorization: `Bearer ${key}` } : {},
    signal: AbortSignal.timeout(timeoutMs),
    // As the calls will have it: to follow would send prompts where the recipe does not say.
    redirect: 'manual',
  });
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

function listIn(body: string): { id?: unknown }[] | null {
  try {
    const { data } = JSON.parse(body) as { data?: unknown };
    return Array.isArray(data) ? data : null;
  } catch {
    return null;
  }
}
