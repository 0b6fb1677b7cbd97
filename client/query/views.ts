/** What `seedmill query` shows of a run: which files make which view, and which columns it has. */
import { roundFiles, runFiles } from '../../activities/run-files.js';

/** Columns by name, in their order, each with its DuckDB type; in the files' own words. */
export type Columns = Record<string, string>;

export interface FileView {
  name: string;
  /** For people: what a row is. */
  what: string;
  /** Of the names below the run, those whose rows it has. */
  files: (names: readonly string[]) => string[];
  columns: Columns;
  /** Columns that its files' names say. */
  named?: readonly (keyof typeof namedColumns)[];
  /** Over `rows`, which has the columns above and `file`, the name below the run; without it the columns are the view's. */
  sql?: string;
  /** One object in each file, not one in each line. */
  isWhole?: true;
}

/** A view over other views. */
export interface DerivedView {
  name: string;
  what: string;
  of: readonly string[];
  sql: string;
}

/** Over `file`, the name below the run. */
export const namedColumns = {
  round: `CAST(regexp_extract(file, 'rounds/([0-9]+)/', 1) AS INTEGER)`,
  phase: `regexp_extract(file, 'rounds/[0-9]+/([a-z-]+)/', 1)`,
  shard: `CAST(regexp_extract(file, 'shard-([0-9]+)', 1) AS INTEGER)`,
};

const run = runFiles('run');
const round = roundFiles('run', 1);
/** A name of a run whose id is `run`, below the run's folder. */
const below = (name: string) => name.slice('run/'.length);
const exactly = (name: string) => (names: readonly string[]) => names.filter((one) => one === below(name));
/** The same file of every round. */
const ofRounds = (name: string) => {
  const end = below(name).replace('rounds/001/', '');
  return (names: readonly string[]) =>
    names.filter((one) => one.startsWith('rounds/') && one.split('/').slice(2).join('/') === end);
};
const ofPhases = (pattern: RegExp) => (names: readonly string[]) => names.filter((one) => pattern.test(one));

const verdict = 'STRUCT(state VARCHAR, reason VARCHAR, detail VARCHAR)';
const call =
  'STRUCT(phase VARCHAR, callKey VARCHAR, teacher VARCHAR, model VARCHAR, template VARCHAR, templateHash VARCHAR, sampling JSON, promptTokens BIGINT, completionTokens BIGINT, costUsd DOUBLE)';
const score =
  'STRUCT(id VARCHAR, complexity DOUBLE[], quality DOUBLE[], score DOUBLE, missing VARCHAR, "again" JSON)';
const choice =
  'STRUCT(id VARCHAR, score DOUBLE, verdict VARCHAR, rank BIGINT, nearest STRUCT(id VARCHAR, cosine DOUBLE))';

const candidate: Columns = {
  id: 'VARCHAR',
  contentHash: 'VARCHAR',
  round: 'INTEGER',
  callIndex: 'BIGINT',
  position: 'INTEGER',
  instance: 'INTEGER',
  instruction: 'VARCHAR',
  input: 'VARCHAR',
  output: 'VARCHAR',
  isClassification: 'BOOLEAN',
  calls: `${call}[]`,
  seedIds: 'VARCHAR[]',
  nearest: 'STRUCT(id VARCHAR, similarity DOUBLE, atMost DOUBLE)',
  verdict,
  flags: 'VARCHAR[]',
  review:
    'STRUCT("by" VARCHAR, verdict VARCHAR, note VARCHAR, original STRUCT(instruction VARCHAR, input VARCHAR, output VARCHAR))',
  mix: 'STRUCT(skills VARCHAR[], queryType VARCHAR, shirker VARCHAR, score DOUBLE)',
  evolution: 'STRUCT(origin VARCHAR, "row" BIGINT, strategy VARCHAR, gain BOOLEAN)',
};

const lineage: Columns = {
  ...candidate,
  run: 'VARCHAR',
  method: 'VARCHAR',
  place: 'STRUCT(status VARCHAR, round INTEGER, batch VARCHAR)',
  scores: 'STRUCT(answerLoss DOUBLE, instructionScore DOUBLE, batchGain DOUBLE)',
  scored: score,
  selection: choice,
  seedSources: 'VARCHAR[]',
  seedLicences: 'VARCHAR[]',
  // Of given rows, and of what was evolved from them.
  row: 'BIGINT',
  origin: 'VARCHAR',
  variant: 'INTEGER',
  strategy: 'VARCHAR',
  text: 'VARCHAR',
  score: 'DOUBLE',
  eliminated: 'VARCHAR',
  gain: 'BOOLEAN',
  survivors: 'INTEGER',
  unranked: 'VARCHAR',
};

const seed: Columns = {
  id: 'VARCHAR',
  origin: 'VARCHAR',
  instruction: 'VARCHAR',
  instances: 'STRUCT(input VARCHAR, output VARCHAR)[]',
  isClassification: 'BOOLEAN',
  ancestors: 'VARCHAR[]',
  round: 'INTEGER',
  score: 'DOUBLE',
  source: 'VARCHAR',
  licence: 'VARCHAR',
};

const examples = 'STRUCT(id VARCHAR, instruction VARCHAR, input VARCHAR, output VARCHAR)[]';

/** Each row of the ledger is an intent or an outcome; both may be there twice, and only the first one counts. */
const attempts = `
  WITH once AS (
    SELECT * FROM rows QUALIFY row_number() OVER (PARTITION BY attemptId, "row" ORDER BY "at") = 1
  )
  SELECT intent.round, intent.phase, intent.shard, intent.callIndex, intent.attemptId, intent.callKey, intent.activity,
    intent.attempt, intent.model, intent."at" AS sentAt, intent.highestTokens, intent.highestUsd, intent.price,
    outcome.kind, outcome.status, outcome.reason, outcome.usage, outcome.costUsd,
    coalesce(outcome.bill, 'unknown') AS bill, outcome.latencyMs, outcome.requestId, outcome."at" AS endedAt
  FROM (SELECT * FROM once WHERE "row" = 'intent') AS intent
  LEFT JOIN (SELECT * FROM once WHERE "row" = 'outcome') AS outcome USING (attemptId)`;

/** Every view that is made of files. */
export const fileViews: readonly FileView[] = [
  {
    name: 'candidates',
    what: 'every candidate with its last verdict; of a round under way with its first one',
    files: (names) => {
      const decided = ofRounds(round.candidates)(names);
      const folders = new Set(decided.map(folderOf));
      return [...decided, ...ofRounds(round.screened)(names).filter((one) => !folders.has(folderOf(one)))];
    },
    columns: candidate,
  },
  {
    name: 'examples',
    what: 'the dataset of a run that has ended, with lineage',
    files: exactly(run.dataset('lineage.jsonl')),
    columns: lineage,
  },
  {
    name: 'surplus',
    what: 'what was accepted and is not in the dataset, or was not selected',
    files: exactly(run.dataset('surplus.jsonl')),
    columns: lineage,
  },
  {
    name: 'plan',
    what: 'planned calls: what each is about',
    files: ofPhases(/^rounds\/\d+\/[a-z-]+\/plan\.jsonl$/),
    named: ['round', 'phase'],
    columns: {
      callIndex: 'BIGINT',
      seedIds: 'VARCHAR[]',
      candidateId: 'VARCHAR',
      isClassification: 'BOOLEAN',
      mix: 'JSON',
      deita: 'JSON',
      promptHash: 'VARCHAR',
      nth: 'INTEGER',
    },
  },
  {
    name: 'calls',
    what: 'calls of closed shards: what became of each, with the answer’s text',
    files: ofPhases(/^rounds\/\d+\/[a-z-]+\/shard-\d+\.calls\.jsonl$/),
    named: ['round', 'shard'],
    columns: {
      callIndex: 'BIGINT',
      phase: 'VARCHAR',
      template: 'VARCHAR',
      templateHash: 'VARCHAR',
      sampling: 'JSON',
      teacher: 'VARCHAR',
      outcome: 'VARCHAR',
      callKey: 'VARCHAR',
      sampleKey: 'VARCHAR',
      text: 'VARCHAR',
      firstToken: 'STRUCT(token VARCHAR, logprob DOUBLE)[]',
      truncated: 'BOOLEAN',
      via: 'VARCHAR',
      isMended: 'BOOLEAN',
      model: 'VARCHAR',
      promptTokens: 'BIGINT',
      completionTokens: 'BIGINT',
      costUsd: 'DOUBLE',
    },
  },
  {
    name: 'attempts',
    what: 'the ledger: every request that was sent, with its bill',
    // A part of a log that is still written to lies in a folder named after the log.
    files: ofPhases(/\/shard-\d+\.ledger(\.jsonl|\/[^/]+)$/),
    named: ['round', 'phase', 'shard'],
    columns: {
      row: 'VARCHAR',
      attemptId: 'VARCHAR',
      callKey: 'VARCHAR',
      callIndex: 'BIGINT',
      activity: 'VARCHAR',
      attempt: 'INTEGER',
      model: 'VARCHAR',
      highestTokens: 'STRUCT(prompt BIGINT, completion BIGINT)',
      highestUsd: 'DOUBLE',
      price: 'JSON',
      at: 'TIMESTAMP',
      kind: 'VARCHAR',
      status: 'INTEGER',
      reason: 'VARCHAR',
      usage: 'STRUCT(promptTokens BIGINT, cachedPromptTokens BIGINT, completionTokens BIGINT)',
      costUsd: 'DOUBLE',
      bill: 'VARCHAR',
      latencyMs: 'DOUBLE',
      requestId: 'VARCHAR',
    },
    sql: attempts,
  },
  {
    name: 'batches',
    what: 'training batches as they were composed',
    files: ofRounds(round.batches),
    named: ['round'],
    columns: { batch: 'VARCHAR', examples },
  },
  {
    name: 'signals',
    what: 'what the student measured on each batch',
    files: ofRounds(round.signal),
    named: ['round'],
    columns: {
      batch: 'VARCHAR',
      gain: 'DOUBLE',
      standardError: 'DOUBLE',
      examples: 'STRUCT(id VARCHAR, answerLoss DOUBLE, score DOUBLE)[]',
    },
  },
  {
    name: 'seeds',
    what: 'seed tasks as they were given',
    files: exactly(run.seeds),
    columns: seed,
  },
  {
    name: 'seed_pool',
    what: 'what each round’s prompts draw from, or what the round before added to that',
    files: ofRounds(round.seedPool),
    columns: seed,
    sql: `SELECT ${namedColumns.round} AS round, * EXCLUDE (round, file), round AS madeIn FROM rows`,
  },
  {
    name: 'heldout',
    what: 'the held-out tasks',
    files: exactly(run.heldOut),
    columns: { id: 'VARCHAR', half: 'VARCHAR', instruction: 'VARCHAR', input: 'VARCHAR', output: 'VARCHAR' },
  },
  {
    name: 'rows',
    what: 'DEITA: the conversations that are scored',
    files: ofRounds(round.rows),
    named: ['round'],
    columns: { id: 'VARCHAR', turns: 'STRUCT(instruction VARCHAR, response VARCHAR)[]' },
  },
  {
    name: 'scores',
    what: 'DEITA: scores of each row, turn by turn',
    files: ofRounds(round.scores),
    named: ['round'],
    columns: {
      id: 'VARCHAR',
      complexity: 'DOUBLE[]',
      quality: 'DOUBLE[]',
      score: 'DOUBLE',
      missing: 'VARCHAR',
      again: 'JSON',
    },
  },
  {
    name: 'selection',
    what: 'DEITA: what became of each row',
    files: exactly(run.selection),
    columns: {
      id: 'VARCHAR',
      score: 'DOUBLE',
      verdict: 'VARCHAR',
      rank: 'BIGINT',
      nearest: 'STRUCT(id VARCHAR, cosine DOUBLE)',
    },
  },
  {
    name: 'rankings',
    what: 'DEITA’s evolution: what became of each origin’s variants',
    files: ofRounds(round.rankings),
    named: ['round'],
    columns: {
      origin: 'VARCHAR',
      survivors: 'INTEGER',
      variants: 'INTEGER[]',
      scores: 'DOUBLE[]',
      missing: 'VARCHAR',
      call,
    },
  },
  {
    name: 'skills',
    what: 'Instruct-SkillMix: skills that examples are drawn from',
    files: exactly(run.skills),
    columns: {
      skill: 'VARCHAR',
      named: 'BIGINT',
      aliases: 'VARCHAR[]',
      topics: 'VARCHAR[]',
      rows: 'BIGINT[]',
    },
  },
  {
    name: 'query_types',
    what: 'Instruct-SkillMix: query types',
    files: exactly(run.queryTypes),
    columns: { name: 'VARCHAR', definition: 'VARCHAR' },
  },
  {
    name: 'changes',
    what: 'what was changed in the run while it lived',
    files: (names) => names.filter((one) => one.startsWith(`${below(run.changes)}/`)),
    columns: { version: 'INTEGER', at: 'TIMESTAMP', by: 'VARCHAR', what: 'VARCHAR' },
    isWhole: true,
  },
];

/** Every other view. */
export const derivedViews: readonly DerivedView[] = [
  {
    name: 'rounds',
    what: 'one row for each round: calls, candidates and what they cost',
    of: ['plan', 'calls', 'candidates', 'attempts'],
    sql: `
      WITH planned AS (SELECT round, count(*) AS planned FROM plan GROUP BY round),
      called AS (
        SELECT round, count(*) FILTER (outcome = 'answered') AS answered, count(*) FILTER (outcome <> 'answered') AS failed
        FROM calls GROUP BY round
      ),
      made AS (
        SELECT round, count(*) AS candidates, count(*) FILTER (verdict.state = 'accepted') AS accepted,
          count(*) FILTER (verdict.state = 'rejected') AS rejected, count(*) FILTER (verdict.state = 'undecided') AS undecided
        FROM candidates GROUP BY round
      ),
      paid AS (
        SELECT round, count(*) AS sent, sum(costUsd) FILTER (bill = 'known') AS costUsd,
          count(*) FILTER (bill = 'unknown') AS unknownBills, sum(highestUsd) FILTER (bill = 'unknown') AS unknownUsd
        FROM attempts GROUP BY round
      )
      SELECT round, coalesce(planned, 0) AS planned, coalesce(answered, 0) AS answered, coalesce(failed, 0) AS failed,
        coalesce(candidates, 0) AS candidates, coalesce(accepted, 0) AS accepted, coalesce(rejected, 0) AS rejected,
        coalesce(undecided, 0) AS undecided, coalesce(sent, 0) AS sent, costUsd,
        coalesce(unknownBills, 0) AS unknownBills, unknownUsd
      FROM planned FULL JOIN called USING (round) FULL JOIN made USING (round) FULL JOIN paid USING (round)
      ORDER BY round`,
  },
];

function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}
