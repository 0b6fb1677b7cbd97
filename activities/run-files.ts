/** Names of everything that a run keeps in its store. Deterministic, so that a second attempt finds or replaces. */
import type { Aspect, CallPhase, RecordedChange } from './types.js';

/** Rows of files that a recipe names besides its seeds, as they are kept with the run. */
export type GivenName = 'skills' | 'query-types' | 'source-rows' | 'benchmark';

export function runFiles(runId: string) {
  const file = (name: string) => `${runId}/${name}`;
  return {
    /** The resolved recipe. */
    recipe: file('recipe.json'),
    /** When, by which version and from what the run was started. */
    manifest: file('run.json'),
    /** Seeds as they were given, after parsing. */
    seeds: file('seeds.jsonl'),
    /** Seed tasks that people added to it while it lived, by the SHA-256 of the file. */
    addedSeeds: (sha256: string) => file(`added-seeds/${sha256}.jsonl`),
    /** Held-out tasks as they were given in a file of their own. */
    heldOutGiven: file('heldout-given.jsonl'),
    /** Files that the recipe names, as rows. */
    given: (name: GivenName) => file(`given/${name}.jsonl`),
    /** Instruct-SkillMix: what examples are drawn from, once it is extracted or given: `SkillRow`, `QueryTypeRow`. */
    skills: file('skills.jsonl'),
    queryTypes: file('query-types.jsonl'),
    /** The held-out set after the split: `HeldOutRow`. */
    heldOut: file('heldout.jsonl'),
    heldOutReport: file('heldout.json'),
    prompts: (template: string) => file(`prompts/${template}.txt`),
    /** DEITA: what became of each row: `SelectionRow`; and `SelectionReport`. */
    selection: file('selection.jsonl'),
    selectionReport: file('selection.json'),
    /** Of the selection, where people had changed any: `Thresholds`. */
    selectionThresholds: file('selection.thresholds.json'),
    /** Adapter of a scorer that was given; its `adapter_config.json` lies beside it. */
    scorer: (aspect: Aspect) => file(`given/scorer-${aspect}/adapter_model.safetensors`),
    /** Folder of the scorer that DEITA's evolution has trained; and `TrainScorerResult`. */
    trainedScorer: file('scorer'),
    scorerReport: file('scorer.json'),
    /** Only of a fork: the state that its loop begins with, `ForkState`. */
    fork: file('fork.json'),
    state: file('state.json'),
    /** What people and stop rules have changed, one file each: `RecordedChange`. A run that begins again counts its versions anew. */
    changes: file('changes'),
    change: ({ at, version }: Pick<RecordedChange, 'at' | 'version'>) =>
      file(`changes/${at.replaceAll(/[^0-9TZ]/g, '')}-${String(version).padStart(10, '0')}.json`),
    progress: file('progress.json'),
    /** Request parameters that a teacher was found not to take, where its calls go by batch. */
    refusedParameters: (teacher: string) => file(`refused-parameters-${teacher}.json`),
    /** Written last: a run with it has ended. */
    result: file('result.json'),
    dataset: (name: string) => file(`dataset/${name}`),
  };
}

/** Names of one round's files. */
export function roundFiles(runId: string, round: number) {
  const file = (name: string) => `${runId}/rounds/${String(round).padStart(3, '0')}/${name}`;
  return {
    folder: file('').slice(0, -1),
    /** Seeds that this round's prompts draw from, frozen at its start. */
    seedPool: file('seed-pool.jsonl'),
    /** Of its seeds those that people added while the run lived and that are new in this round; none, no file. */
    joinedSeeds: file('joined-seeds.jsonl'),
    /** Every candidate with the verdict of heuristics and similarity filter. */
    screened: file('screened.jsonl'),
    /** Every candidate with its last verdict. */
    candidates: file('candidates.jsonl'),
    /** What people are shown of a round that waits for them: `SampleRow`; their decision: `ReviewDecision`. */
    reviewSample: file('review-sample.jsonl'),
    review: file('review.json'),
    /** `ReviewVerdict`s, by the first digits of their SHA-256: a decision names those that count. */
    verdicts: (sha256: string) => file(`verdicts/${sha256.slice(0, 16)}.jsonl`),
    batches: file('batches.jsonl'),
    /** Target that the batches were composed by, where people had changed it: `{ target }`; else no file. */
    composedTarget: file('composed.target.json'),
    /** Thresholds that people had changed when the verdicts of this step were given: `Thresholds`; else no file. */
    thresholds: (step: 'screened' | 'decided') => file(`${step}.thresholds.json`),
    /** Accepted examples that fitted no batch, oldest first. */
    waiting: file('waiting.jsonl'),
    /** Accepted examples beyond the target, oldest first; none, no file. */
    heldBack: file('held-back.jsonl'),
    signal: file('signal.jsonl'),
    refined: file('refined.json'),
    /** The student after this round, where it was trained. */
    checkpoint: file('student/checkpoint.safetensors'),
    /** What the student said of the round: `TrainRoundResult`. */
    trained: file('student/result.json'),
    /** What a round of Instruct-SkillMix's extraction came to: `GatheredSkills`. */
    extracted: file('extracted.json'),
    /** Its lists, each with everything up to this round. */
    topics: file('topics.jsonl'),
    /** Of a dataset's rows, before synonyms are merged. */
    namedSkills: file('named-skills.jsonl'),
    skills: file('skills.jsonl'),
    queryTypes: file('query-types.jsonl'),
    /** Names that may mean one skill: `SynonymGroup`. */
    synonymGroups: file('synonym-groups.jsonl'),
    /** DEITA: `ConversationRow`, the same rows as they were given, `ScoredRow`, and a vector for each of them. */
    rows: file('rows.jsonl'),
    originals: file('originals.jsonl'),
    scores: file('scores.jsonl'),
    vectors: file('vectors.npy'),
    /** What the student is asked, and what it said, where it is the scorer. */
    scorerPrompts: (aspect: Aspect) => file(`${aspect}-prompts.jsonl`),
    scorerScores: (aspect: Aspect) => file(`${aspect}-scores.jsonl`),
    /** DEITA's evolution: `Ranking` of each origin; `ScorerPair`. */
    rankings: file('rankings.jsonl'),
    scorerPairs: file('scorer-pairs.jsonl'),
    phase: (phase: CallPhase) => ({
      folder: file(phase),
      plan: file(`${phase}/plan.jsonl`),
      calls: (shard: number) => file(`${phase}/shard-${pad(shard)}.calls.jsonl`),
      ledger: (shard: number) => file(`${phase}/shard-${pad(shard)}.ledger`),
      /** What a closed shard came to: `CallCounts`. */
      counts: (shard: number) => file(`${phase}/shard-${pad(shard)}.counts.json`),
      /** One file of requests for a Batch API: `submission` counts the files of one planned batch. */
      batch: ({ batch, submission }: { batch: number; submission: number }) => {
        const name = `${phase}/batch-${pad(batch)}-${String(submission).padStart(3, '0')}`;
        return {
          /** Names the batch in its provider's metadata. */
          id: file(name),
          /** Its requests, each with what the ledger needs to know of it. */
          requests: file(`${name}.jsonl`),
          /** Written once when the ledger has its intents. */
          intended: file(`${name}.intended.json`),
          /** What its provider said last. */
          status: file(`${name}.status.json`),
        };
      },
    }),
  };
}

function pad(n: number): string {
  return String(n).padStart(2, '0');
}
