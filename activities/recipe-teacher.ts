/** Who makes the calls: one teacher, and any number of further ones for single phases or as a fallback. */
import { z } from 'zod';
import type { PromptForm, TeacherForm } from '../methods/prompt.js';

const count = z.int().min(1);
const noLimit = { error: 'must be a whole number above 0; leave the key out for no limit' };
const limit = z.int(noLimit).min(1, noLimit);
const usdPerMillionTokens = z.number().min(0, 'a price is 0 or more, in dollars per million tokens');

const listPrice = {
  inputUsdPerMTok: usdPerMillionTokens.describe('Dollars per million prompt tokens.'),
  cachedInputUsdPerMTok: usdPerMillionTokens.optional().meta({
    description: 'Dollars per million prompt tokens that the endpoint had cached.',
    byDefault: 'as `inputUsdPerMTok`',
  }),
  outputUsdPerMTok: usdPerMillionTokens.describe('Dollars per million completion tokens.'),
};

/** What is reserved for a call takes none of its prompt as cached. */
const cachedIsNoMore = (price: { inputUsdPerMTok: number; cachedInputUsdPerMTok?: number | undefined }) =>
  price.cachedInputUsdPerMTok === undefined || price.cachedInputUsdPerMTok <= price.inputUsdPerMTok;
const dearCache = {
  path: ['cachedInputUsdPerMTok'],
  error: 'cached input cannot cost more than inputUsdPerMTok',
};

const price = z
  .strictObject({
    ...listPrice,
    batch: z.strictObject(listPrice).refine(cachedIsNoMore, dearCache).optional().meta({
      description: 'Prices through the Batch API, with the same keys.',
      byDefault: 'half of the others',
    }),
  })
  .refine(cachedIsNoMore, dearCache);

const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !new URL(url).username && !new URL(url).password, {
    error: 'must not contain credentials: keys come from the environment',
  });

export const teacherName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'lower-case letters, digits and dashes, at most 31');

const settings = {
  endpoint: z
    .enum(['local', 'openai'])
    .describe('`local`: llama.cpp started by seedmill; `openai`: any OpenAI-compatible endpoint.'),
  model: z.string().min(1).optional().meta({
    description: 'Name of the model as the endpoint knows it.',
    byDefault: 'required with `openai`, which alone has it',
  }),
  gguf: z.string().min(1).optional().meta({
    description: 'With `local`: a GGUF, relative to the recipe.',
    byDefault: 'the bundled SmolLM2-135M-Instruct',
  }),
  baseUrl: httpUrl.optional().meta({
    description: 'With `openai`: address of the endpoint, without credentials.',
    byDefault: '`OPENAI_BASE_URL` of the worker, else OpenAI’s',
  }),
  id: z.string().min(1).optional().meta({
    description: 'Names the teacher in the keys of stored answers.',
    byDefault: 'from the URL or the model file',
  }),
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, 'the name of an environment variable, not a key')
    .default('OPENAI_API_KEY')
    .describe('Name of the environment variable that holds the key, on the worker; never the key itself.'),
  form: z
    .enum(['completion', 'chat', 'embedding'] satisfies TeacherForm[])
    .optional()
    .meta({
      description:
        'Raw text to /v1/completions, messages to /v1/chat/completions (with a JSON Schema where the endpoint takes one), or texts to /v1/embeddings, which only one of `teachers` can; skillmix needs `chat`.',
      byDefault: '`completion` (local), `chat` (openai, or with skillmix)',
    }),
  mode: z
    .enum(['online', 'batch'])
    .default('online')
    .describe('`batch`: through the endpoint’s Batch API, for half the price and within a day.'),
  batchPollSeconds: z.number().min(0.1).max(3600).optional().meta({
    description:
      'With `mode: batch`: seconds to the first look at a batch; each next one is half as far again, up to five minutes.',
    byDefault: '60',
  }),
  reuse: z
    .enum(['project', 'run', 'off'])
    .default('project')
    .describe(
      'Whose stored answers count: any run of the store, this run, or only a retry of the same call.',
    ),
  concurrency: count
    .max(200)
    .optional()
    .meta({ description: 'Calls of the run in flight at once.', byDefault: '4 (local), 50 (openai)' }),
  requestsPerMinute: limit
    .max(10_000_000)
    .optional()
    .describe(
      'Limit of the endpoint, held over all workers and runs that use it; of several runs the strictest.',
    ),
  tokensPerMinute: limit
    .max(10_000_000_000)
    .optional()
    .describe('Limit of the endpoint in prompt and completion tokens, held as `requestsPerMinute` is.'),
  timeoutMs: count.max(3_600_000).default(120_000).describe('Longest time of one request, in milliseconds.'),
  repair: z
    .boolean()
    .default(true)
    .describe(
      'Where a `chat` answers in JSON: one request that shows the model its answer and what could not be read of it (ours).',
    ),
  freshSamples: z.int().min(0).max(5).optional().meta({
    description:
      'Further samples after an answer that is refused, filtered, cut off, or unparsable even after its repair.',
    byDefault: '1 (0 with `form: embedding`)',
  }),
  fallback: z
    .array(teacherName)
    .max(5)
    .refine((names) => new Set(names).size === names.length, 'names a teacher twice')
    .default([])
    .describe(
      'Names of `teachers` that take over, in this order, while this one does not answer; same `form`, not `batch`.',
    ),
  price: price.optional().meta({
    description: 'What the model costs.',
    byDefault: '0 (local), that of store/list-prices.ts (OpenAI’s own host), else unknown',
  }),
};

const teacherSettings = z.strictObject(settings);
type Settings = z.infer<typeof teacherSettings>;

const keys: z.core.CheckFn<Settings> = (context) => {
  const { endpoint, model, gguf, baseUrl, form, mode, batchPollSeconds, fallback } = context.value;
  const complain = (path: string, message: string) =>
    context.issues.push({ code: 'custom', input: context.value, path: [path], message });
  const isLocal = endpoint === 'local';
  if (!isLocal && !model) complain('model', 'is needed with endpoint: openai');
  if (!isLocal && gguf) complain('gguf', 'belongs to endpoint: local');
  if (isLocal && baseUrl) complain('baseUrl', 'belongs to endpoint: openai');
  if (isLocal && model) complain('model', 'belongs to endpoint: openai; a local model is a gguf');
  if (isLocal && mode === 'batch')
    complain('mode', 'batch belongs to endpoint: openai; llama.cpp has no batches');
  if (form === 'embedding' && mode === 'batch')
    complain(
      'mode',
      'batch belongs to form: completion and form: chat; vectors are asked for one call at a time',
    );
  if (mode === 'batch' && fallback.length > 0) complain('fallback', 'belongs to mode: online');
  if (mode !== 'batch' && batchPollSeconds !== undefined)
    complain('batchPollSeconds', 'belongs to mode: batch');
};

/** The recipe's `teacher`: the one that makes every call unless the recipe says otherwise. */
export const mainTeacher = z
  .strictObject({
    name: teacherName
      .default('default')
      .describe('First part of the queue’s name, so that limits belong to one endpoint.'),
    ...settings,
  })
  .check(keys)
  .refine(({ form }) => form !== 'embedding', {
    path: ['form'],
    error: 'embedding belongs to one of `teachers`; this one writes texts',
  });

/** One of the recipe's `teachers`: its key there is its name. */
export const furtherTeacher = teacherSettings.check(keys);

export type TeacherFile = z.infer<typeof mainTeacher>;

/** llama.cpp's small models only continue text; endpoints of others mostly chat. */
export function formOf({ form, endpoint }: Pick<Settings, 'form' | 'endpoint'>): TeacherForm {
  return form ?? (endpoint === 'local' ? 'completion' : 'chat');
}

/** How a teacher's prompts are put. @throws Error for one that makes vectors: no recipe gives it prompts. */
export function promptFormOf({ name, form }: { name: string; form: TeacherForm }): PromptForm {
  if (form === 'embedding') throw new Error(`teacher "${name}" makes vectors and takes no prompts`);
  return form;
}

/** What is wrong between a recipe's teachers: names that nobody has, fallbacks that cannot take over. */
export function teacherProblems(recipe: {
  teacher: TeacherFile;
  teachers: Record<string, Settings>;
  generation: { teachers: Record<string, string | undefined> };
}): { path: string[]; message: string }[] {
  const { teacher, teachers, generation } = recipe;
  const problems: { path: string[]; message: string }[] = [];
  const known = new Map<string, Settings>([...Object.entries(teachers), [teacher.name, teacher]]);
  const names = [...known.keys()].join(', ');
  if (Object.hasOwn(teachers, teacher.name)) {
    problems.push({
      path: ['teachers', teacher.name],
      message: 'is the name of `teacher`; give one another name',
    });
  }
  for (const [phase, name] of Object.entries(generation.teachers)) {
    if (name === undefined) continue;
    const settings = known.get(name);
    const message =
      settings === undefined ? `no teacher "${name}"; there are ${names}` : misuse(phase, name, settings);
    if (message !== null) problems.push({ path: ['generation', 'teachers', phase], message });
  }
  for (const [name, { fallback, ...settings }] of known) {
    const path = name === teacher.name ? ['teacher', 'fallback'] : ['teachers', name, 'fallback'];
    for (const other of fallback) {
      const standIn = known.get(other);
      const message =
        standIn === undefined || other === name
          ? `no other teacher "${other}"; there are ${names}`
          : formOf(standIn) !== formOf(settings)
            ? `"${other}" has form: ${formOf(standIn)}, "${name}" has form: ${formOf(settings)}; a stand-in gets the same prompts`
            : standIn.mode === 'batch'
              ? `"${other}" has mode: batch and cannot stand in for another`
              : formOf(standIn) === 'embedding' && standIn.model !== settings.model
                ? `"${other}" has another model than "${name}"; vectors of two models cannot be compared`
                : null;
      if (message !== null) problems.push({ path, message });
    }
  }
  return [...problems, ...localProblems(known)];
}

/** Why a teacher cannot make a phase's calls; null: it can. */
function misuse(phase: string, name: string, settings: Settings): string | null {
  const wantsVectors = phase === 'embeddings';
  if ((formOf(settings) === 'embedding') === wantsVectors) return null;
  return wantsVectors
    ? `"${name}" has form: ${formOf(settings)}; vectors need a teacher with form: embedding`
    : `"${name}" has form: embedding and writes no texts`;
}

/** One model server is started: it writes texts and makes vectors with the same model. */
function localProblems(known: Map<string, Settings>): { path: string[]; message: string }[] {
  const locals = [...known].filter(([, { endpoint }]) => endpoint === 'local');
  const embedders = locals.filter(([, settings]) => formOf(settings) === 'embedding');
  const writers = locals.filter(([, settings]) => formOf(settings) !== 'embedding');
  const problems: { path: string[]; message: string }[] = [];
  if (writers.length > 1 || embedders.length > 1) {
    problems.push({
      path: ['teachers'],
      message:
        'one teacher can have endpoint: local, and one more with form: embedding; one model server is started',
    });
  }
  const [writer] = writers;
  for (const [name, { gguf }] of embedders) {
    if (writer === undefined || gguf === undefined) continue;
    problems.push({
      path: ['teachers', name, 'gguf'],
      message: `belongs to "${writer[0]}": one model server is started, and makes the vectors too`,
    });
  }
  return problems;
}

/** A teacher with every choice made but its price, which depends on where it is reached. */
export type Teacher = ReturnType<typeof teacherWithDefaults>;

/** Fills in the defaults that depend on other keys. */
export function teacherWithDefaults(teacher: TeacherFile) {
  const isLocal = teacher.endpoint === 'local';
  return {
    ...teacher,
    form: formOf(teacher),
    freshSamples: teacher.freshSamples ?? (formOf(teacher) === 'embedding' ? 0 : 1),
    model: teacher.model ?? 'local',
    concurrency: teacher.concurrency ?? (isLocal ? 4 : 50),
    /** A local model costs nothing. */
    price: teacher.price ?? (isLocal ? { inputUsdPerMTok: 0, outputUsdPerMTok: 0 } : null),
  };
}
