/** Where a recipe's teacher is to be reached from this worker. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { teacherIdentity } from '../store/call-key.js';
import { UserError } from '../store/errors.js';
import type { Teacher } from './recipe-teacher.js';
import type { SettledTeacher } from './teachers.js';

/** What the local teacher's service writes when it is ready, in the state folder. */
export interface LocalTeacher {
  baseUrl: string;
  model: string;
  ggufSha256: string;
}

export interface TeacherEndpoint {
  baseUrl: string;
  /** Name of the environment variable that holds the key; null: the endpoint takes none. */
  apiKeyEnv: string | null;
  model: string;
  identity: string;
}

const openAiBaseUrl = 'https://api.openai.com/v1';

/** The endpoint as this process sees it. Throws `TeacherUnavailable`, retryable, while the local one is not up. */
export async function resolveEndpoint(
  teacher: Pick<Teacher, 'endpoint' | 'id' | 'baseUrl' | 'apiKeyEnv' | 'model'>,
  stateDir: string,
): Promise<TeacherEndpoint> {
  const { id } = teacher;
  if (teacher.endpoint === 'local') {
    const local = await readLocalTeacher(stateDir);
    const identity = teacherIdentity({ id, ...local });
    return { baseUrl: local.baseUrl, apiKeyEnv: null, model: local.model, identity };
  }
  const baseUrl = teacher.baseUrl ?? baseUrlFromEnvironment();
  const identity = teacherIdentity({ id, baseUrl });
  return { baseUrl, apiKeyEnv: teacher.apiKeyEnv, model: teacher.model, identity };
}

/** A recipe's own URL is checked where the recipe is read. */
function baseUrlFromEnvironment(): string {
  const baseUrl = process.env.OPENAI_BASE_URL || openAiBaseUrl;
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    throw new UserError(
      'OPENAI_BASE_URL is no http or https URL; it should be like https://api.example.com/v1',
    );
  }
  const { username, password } = new URL(baseUrl);
  if (username !== '' || password !== '') {
    throw new UserError(
      'OPENAI_BASE_URL contains credentials: take them out, and give the key in OPENAI_API_KEY',
    );
  }
  return baseUrl;
}

/**
 * The endpoint, checked against the one that the run was started with: a worker with another OPENAI_BASE_URL would
 * store another teacher's answers under this one's name.
 */
export async function resolveEndpointOf(teacher: SettledTeacher, stateDir: string): Promise<TeacherEndpoint> {
  const endpoint = await resolveEndpoint(teacher, stateDir);
  if (endpoint.identity !== teacher.identity) {
    throw ApplicationFailure.retryable(
      `the run's teacher ${teacher.name} is ${teacher.identity}, but this worker reaches ${endpoint.identity}: set OPENAI_BASE_URL (or the recipe's gguf) as it was when the run was started`,
      'OtherTeacher',
    );
  }
  return endpoint;
}

async function readLocalTeacher(stateDir: string): Promise<LocalTeacher> {
  try {
    return JSON.parse(await readFile(path.join(stateDir, 'teacher.json'), 'utf8')) as LocalTeacher;
  } catch (error) {
    throw ApplicationFailure.retryable(
      `the local teacher is not running: start it with "npx seedmill up" (${(error as Error).message})`,
      'TeacherUnavailable',
    );
  }
}
