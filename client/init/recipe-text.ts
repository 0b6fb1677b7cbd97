/** The recipe that `seedmill init` writes: one of the project's own, fitted to what was chosen, with a comment on each key. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Document, isMap, isScalar, parse, type YAMLMap } from 'yaml';
import { startsFromData } from '../../activities/recipe-deita.js';
import { packageRoot } from '../../workers/folders.js';
import { recipeKeyList } from '../reference/key-list.js';
import { type Choices, hasSeeds } from './choices.js';
import type { Method } from './options.js';

type Keys = Record<string, unknown>;

/** The recipe of the project that a choice begins with: with the local teacher, and with an endpoint. */
const models: Record<Method, { local: string; openai: string }> = {
  sedi: { local: 'quickstart', openai: 'openai' },
  'self-instruct': { local: 'self-instruct', openai: 'openai' },
  skillmix: { local: 'skillmix-local', openai: 'skillmix' },
  deita: { local: 'deita-local', openai: 'deita' },
  evolve: { local: 'evolve', openai: 'evolve' },
};

const lineWidth = 110;

/** The text of a recipe that is to lie at `file`, a path from the present folder. */
export function recipeText(choices: Choices, file: string): string {
  const document = new Document(keysOf(choices, file));
  commentKeys(document.contents as YAMLMap, '');
  const toSchema = fromFolderOf(file, path.join(packageRoot, 'recipes', 'recipe.schema.json'));
  const head = [
    `# yaml-language-server: $schema=${toSchema}`,
    ...comment(purposeOf(choices)).map((line) => `#${line}`),
    ...keyLines(choices),
    `#   npx seedmill plan ${file}    # what it will need`,
    `#   npx seedmill run ${file}`,
    '# All other keys: npx seedmill schema, and docs/recipes.md of seedmill.',
  ];
  return `${head.join('\n')}\n\n${document.toString({ lineWidth: 0 })}`;
}

function keysOf({ method, where, target, budget, data, seeds }: Choices, file: string): Keys {
  const base = models[method][where.endpoint];
  const folder = path.join(packageRoot, 'recipes');
  const given = parse(readFileSync(path.join(folder, `${base}.yaml`), 'utf8')) as Keys;
  const { stop: _stop, batchSize: _size, signal: _signal, ...kept } = given;
  const keys: Keys = { ...kept, name: nameOf(file, method), method };
  // Of a recipe with few examples; the defaults fit any number.
  if (method === 'sedi') keys.signal = 'train';
  if (hasSeeds(method)) {
    const tasks = seeds ?? path.join(folder, given.seeds as string);
    keys.seeds = fromFolderOf(file, tasks);
  }
  if (startsFromData(method)) keys.data = fromFolderOf(file, data ?? '');
  else keys.target = target;
  if (method === 'deita') keys.select = selectionOf(given.select as Keys, { where, target });
  if (method === 'deita' && where.endpoint === 'openai' && where.baseUrl !== null) delete keys.teachers;
  if (method === 'skillmix') keys.skillmix = withFile(given.skillmix as Keys, { folder, file });
  keys.teacher = teacherOf(given.teacher as Keys, { where, method });
  if (budget !== null) keys.budget = { [budget.unit]: budget.amount };
  return keys;
}

/** Another endpoint may have no model for vectors: the student makes them. */
function selectionOf(select: Keys, { where, target }: Pick<Choices, 'where' | 'target'>): Keys {
  const isOther = where.endpoint === 'openai' && where.baseUrl !== null;
  return { ...select, size: target, ...(isOther && { embedder: 'student' }) };
}

/** A list that comes with the project lies where it lies. */
function withFile(skillmix: Keys, { folder, file }: { folder: string; file: string }): Keys {
  const queryTypes = skillmix.queryTypes as Keys;
  if (typeof queryTypes.file !== 'string') return skillmix;
  return {
    ...skillmix,
    queryTypes: { ...queryTypes, file: fromFolderOf(file, path.join(folder, queryTypes.file)) },
  };
}

function teacherOf(given: Keys, { where, method }: Pick<Choices, 'where' | 'method'>): Keys {
  if (where.endpoint === 'local') {
    const { endpoint: _endpoint, model: _model, concurrency: _concurrency, ...kept } = given;
    return { endpoint: 'local', ...(method === 'evolve' && { form: 'chat' }), ...kept };
  }
  const { endpoint: _endpoint, model: _model, ...kept } = given;
  return {
    endpoint: 'openai',
    model: where.model,
    ...(where.baseUrl !== null && { baseUrl: where.baseUrl }),
    apiKeyEnv: 'OPENAI_API_KEY',
    ...kept,
  };
}

const purposes: Record<Method, string> = {
  sedi: 'SeDi-Instruct: new instructions from seed tasks; a student on this machine trains on them (Python), and what it learns most from becomes the next seeds. With signal: none it needs no Python and no student.',
  'self-instruct': 'Self-Instruct: new instructions from seed tasks, with a strict filter. No student.',
  skillmix:
    'Instruct-SkillMix: skills first, then one example for each random set of them and a query type. No seed tasks.',
  deita: 'DEITA: scores given rows for complexity and quality, and selects the best that differ enough.',
  evolve:
    'DEITA’s evolution: variants of given rows, ranked: better responses (or harder instructions), pairs for DPO and for a scorer.',
};

function purposeOf({ method, where }: Choices): string {
  const isSmall = where.endpoint === 'local';
  return isSmall
    ? `${purposes[method]} The bundled teacher of 135M parameters shows it working and writes poor data: give it a better model (teacher.gguf).`
    : purposes[method];
}

function keyLines({ where }: Choices): string[] {
  if (where.endpoint === 'local') return [];
  return ['#   export OPENAI_API_KEY=…    # a key is read from the environment, and never from here'];
}

/** Every key gets the words of the schema, above it. */
function commentKeys(map: YAMLMap, prefix: string): void {
  for (const [at, pair] of map.items.entries()) {
    const { key, value } = pair as { key: unknown; value: unknown };
    if (!isScalar(key)) continue;
    const path = prefix === '' ? String(key.value) : `${prefix}.${String(key.value)}`;
    const known = described.get(path);
    // A name that a person has chosen has no words of its own.
    const inside = known === undefined && prefix !== '' ? `${prefix}.*` : path;
    if (known !== undefined) key.commentBefore = comment(known).join('\n');
    if (at > 0 && prefix === '') key.spaceBefore = true;
    if (isMap(value)) commentKeys(value, inside);
  }
}

const described = new Map(
  recipeKeyList().map(({ path, description, byDefault }) => {
    const isSaid = byDefault !== '' && byDefault !== 'none' && !byDefault.startsWith('required');
    const text = isSaid ? `${description} Default: ${byDefault}.` : description;
    return [path, text.replaceAll('`', '')];
  }),
);

/** Wrapped, each line with the blank behind its `#`. */
function comment(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length < lineWidth)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(` ${word}`);
  }
  return lines;
}

/** Of the file, as far as a run can be called so; else of the method. */
function nameOf(file: string, method: Method): string {
  const name = path
    .basename(file, path.extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 41);
  return name === '' || name === 'recipe' ? method : name;
}

function fromFolderOf(file: string, target: string): string {
  return path
    .relative(path.dirname(path.resolve(file)), path.resolve(target))
    .split(path.sep)
    .join('/');
}
