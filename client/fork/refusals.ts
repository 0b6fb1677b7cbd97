/** Which keys a fork cannot have changed, because the rounds that it is given were made by them. */
import type { Recipe } from '../../activities/recipe.js';
import { startsFromData } from '../../activities/recipe-deita.js';
import { callPhasesOf } from '../../activities/recipe-phases.js';
import type { CallPhase } from '../../activities/types.js';
import { UserError } from '../../store/errors.js';
import type { ForkPoint } from './fork-point.js';
import type { ForkRecipe } from './fork-recipe.js';

/** Phases of DEITA's stages, which a fork makes anew. */
const stagePhases: readonly CallPhase[] = ['complexity', 'quality', 'vectors'];

export interface ForkChange extends ForkRecipe {
  point: ForkPoint;
  /** Skills that examples are drawn from; null: they are still to be found, or there are none. */
  skills: number | null;
}

/** @throws UserError that names each key that cannot change, and why. */
export function refuseChanges(change: ForkChange): void {
  const refused = change.changed.flatMap((key) => {
    const why = reasonAgainst(key, change);
    return why === null ? [] : [`--set ${key}: cannot change in a fork: ${why}`];
  });
  const all = [...refused, ...formProblems(change)];
  if (all.length > 0) {
    throw new UserError([...all, 'A run of its own takes any recipe: seedmill run'].join('\n'));
  }
}

/** Keys of a run of DEITA that change neither a score nor a vector. */
const besideScores =
  /^(name|budget\..+|stop\..+|select\.(size|tau)|teachers?\.(.+\.)?(concurrency|requestsPerMinute|tokensPerMinute|timeoutMs|apiKeyEnv|mode|batchPollSeconds|price.*))$/;

/** Whether DEITA's scores and vectors of given rows are others by this key, so that those of no part can be kept. */
export function remakesScores(key: string): boolean {
  return !besideScores.test(key);
}

/** null: it may change. */
function reasonAgainst(key: string, { base, recipe, point, skills }: ForkChange): string | null {
  const { round } = point;
  const stored = round === 1 ? 'round 1' : `rounds 1 to ${round}`;
  const [group, name] = key.split('.');
  switch (group) {
    case 'method':
      return `${stored} were made by ${base.method}`;
    case 'seed':
      return `every draw of ${stored} and the held-out set derive from it`;
    case 'seeds':
    case 'data':
      return 'a fork keeps what its parent was given';
    case 'heldout':
      return `the held-out set of ${stored} stays, or losses before and after could not be compared`;
    case 'rowsPerRound':
      return startsFromData(base.method) ? 'the rows lie in the store in parts of this size' : null;
    case 'decontaminate':
      return `the examples of ${stored} were checked as it was`;
    case 'gate':
      return name === undefined ? `the examples of ${stored} were judged as it was` : null;
    case 'scan':
      return `the examples of ${stored} were scanned as it was`;
    case 'filter':
      return name === 'tokens' ? `${stored} were compared by these words` : null;
    case 'generation':
      if (name === 'language') return `${stored} are in ${base.generation.language}`;
      return name === 'prompts' || name === 'answers' ? `the calls of ${stored} were of this form` : null;
    case 'student':
      return point.hasCheckpoint && /^(model|loraRank|loraAlpha)$/.test(name ?? '')
        ? `the student after round ${round} is an adapter that fits no other (with signal: none nothing is trained)`
        : null;
    case 'skillmix':
      return skillMixReason(key, { recipe, isExtracted: point.hasLists, skills });
    case 'evolve':
      if (name === 'aspect') return `${stored} evolved ${base.evolve?.aspect}`;
      return (recipe.evolve?.rounds ?? 0) < round ? `${round} rounds of variants are made already` : null;
    default:
      return null;
  }
}

function skillMixReason(
  key: string,
  { recipe, isExtracted, skills }: { recipe: Recipe; isExtracted: boolean; skills: number | null },
): string | null {
  if (key === 'skillmix.k' && skills !== null && skills < (recipe.skillmix?.k ?? 0)) {
    return `there are only ${skills} skills`;
  }
  if (!/^skillmix\.(skills|queryTypes)\b/.test(key)) return null;
  if (!/\.(topics|perTopic|count|maxRounds|minNewShare)$/.test(key)) {
    return 'a fork draws from the lists of its parent';
  }
  return isExtracted ? 'the skills are extracted; fork after an earlier round' : null;
}

/** Answers are read by the form of their phase's teacher, those of copied rounds too. */
function formProblems({ base, recipe }: ForkChange): string[] {
  const phases = callPhasesOf(base).filter((phase) => !stagePhases.includes(phase));
  const kept = new Set<CallPhase>(callPhasesOf(recipe));
  const changed = phases.filter(
    (phase) => kept.has(phase) && formFor(base, phase) !== formFor(recipe, phase),
  );
  const [first] = changed;
  if (first === undefined) return [];
  return [
    `--set: the teacher of ${changed.join(', ')} has form: ${formFor(recipe, first)}; the stored answers were given to form: ${formFor(base, first)}, and a fork reads them again`,
  ];
}

function formFor({ generation, teacher, teachers, skillmix }: Recipe, phase: CallPhase): string | undefined {
  if (phase === 'vectors') return 'embedding';
  if (phase === 'embeddings') return skillmix?.skills.from === 'dataset' ? 'embedding' : undefined;
  const name = generation.teachers[phase] ?? teacher.name;
  return name === teacher.name ? teacher.form : teachers[name]?.form;
}
