/** Data for the report's tests: every section has something, and each text field somewhere something hostile. */
import type {
  ReportCoverage,
  ReportData,
  ReportExample,
  ReportMap,
  ReportRound,
  ReportSimilarity,
  ReportStudent,
} from '../../client/report/report-data.js';
import { seededRandom } from '../../methods/random.js';

const topics = [
  'soups',
  'rivers',
  'letters',
  'maps',
  'clocks',
  'gardens',
  'proofs',
  'songs',
  'bridges',
  'taxes',
];
const verbs = ['Describe', 'Compare', 'Summarise', 'Explain', 'Translate', 'Rank', 'Rewrite', 'List'];
const reasons = ['similar', 'too-short', 'unparsable', 'bad-start', 'empty-output'] as const;

export interface FixtureOptions {
  examples?: number;
  rounds?: number;
  /** Put where a teacher, a person or a file could have put them; none for pictures. */
  hostile?: readonly string[];
}

/** The same for the same options. */
export function reportFixture(options: FixtureOptions = {}): ReportData {
  const { examples: size = 300, rounds: roundCount = 6, hostile = [] } = options;
  const { next: random, int: whole } = seededRandom('report');
  let used = 0;
  /** Every text gets a hostile tail in turn. */
  const tainted = (text: string) =>
    hostile.length === 0 ? text : `${text} ${hostile[used++ % hostile.length]}`;

  const skills = Array.from({ length: 14 }, (_, index) =>
    tainted(`${verbs[index % 8]?.toLowerCase()} ${topics[index % 10]}`),
  );
  const examples = Array.from({ length: size }, (_, index): ReportExample => {
    const isRejected = random() < 0.4;
    const [first, second] = [whole(14), whole(14)];
    const topic = topics[whole(10)];
    return {
      id: `${String(index % roundCount).padStart(3, '0')}-${String(index).padStart(5, '0')}-0`,
      round: index % roundCount,
      batch: isRejected ? null : batchName(index % roundCount, Math.floor(index / roundCount / 3)),
      state: isRejected ? 'rejected' : index > size * 0.95 ? 'surplus' : 'dataset',
      reason: isRejected ? (reasons[whole(reasons.length)] ?? null) : null,
      history: index === 5 ? [{ instruction: tainted('Where am I?'), response: tainted('At home.') }] : [],
      instruction: tainted(`${verbs[whole(8)]} three ${topic} that a traveller might meet, number ${index}.`),
      input: random() < 0.3 ? tainted(`The traveller likes ${topic}.`) : '',
      output: tainted(
        `Here are three ${topic}.\n\n1. The first of them\n2. The second of them\n3. The last of them`,
      ),
      isCut: index % 50 === 0,
      similarity: Math.min(1, 0.2 + random() * (isRejected ? 0.75 : 0.5)),
      nearestId:
        index === 0
          ? null
          : `${String((index - 1) % roundCount).padStart(3, '0')}-${String(index - 1).padStart(5, '0')}-0`,
      complexity: 1 + whole(6),
      quality: 1 + whole(6),
      skills: [skills[first] ?? '', skills[second] ?? ''],
      flags: index % 25 === 3 ? ['email'] : [],
      seeds: [{ id: `seed-${whole(20)}`, text: tainted(`Name a few ${topic}.`) }],
      calls: [
        {
          key: `${index.toString(16).padStart(8, '0')}c0ffee`.padEnd(64, '0'),
          phase: 'tasks',
          teacher: tainted('local'),
          model: tainted('teacher-7b'),
          template: 'self-instruct/tasks',
          promptTokens: 812 + whole(90),
          completionTokens: 230 + whole(300),
          costUsd: 0.00031,
        },
      ],
      review:
        index % 40 === 3 ? { by: tainted('Ada'), verdict: 'approved', note: tainted('Reads well.') } : null,
    };
  });

  const rounds = Array.from({ length: roundCount }, (_, round): ReportRound => {
    const candidates = 380 + whole(80);
    const similar = 60 + round * 22 + whole(20);
    const rejected = {
      similar,
      'too-short': 24 + whole(12),
      unparsable: 9 + whole(9),
      'bad-start': whole(14),
      'empty-output': whole(8),
    };
    const lost = Object.values(rejected).reduce((total, n) => total + n, 0);
    const calls = 120 + whole(16);
    return {
      round,
      calls,
      candidates,
      accepted: candidates - lost,
      rejected,
      costUsd: calls * 0.00031,
      heldOutLoss: { before: 2.61 - round * 0.09, after: 2.53 - round * 0.088 + random() * 0.02 },
      note: round === 2 ? tainted('8 of 21 batches attractive, 40 seeds replaced') : '',
    };
  });
  const total = (value: (round: ReportRound) => number) =>
    rounds.reduce((sum, round) => sum + value(round), 0);
  const rejected: Record<string, number> = {};
  for (const round of rounds)
    for (const [reason, n] of Object.entries(round.rejected)) rejected[reason] = (rejected[reason] ?? 0) + n;
  const calls = total((round) => round.calls);
  return {
    schemaVersion: 1,
    madeAt: '2026-11-21T16:20:00.000Z',
    seedmill: '0.1.0',
    run: {
      runId: 'sedi-2026-11-21-a1b2',
      recipe: tainted('sedi'),
      method: 'sedi',
      state: 'finished',
      stopReason: tainted('target reached'),
      startedAt: '2026-11-21T13:05:00.000Z',
      target: Math.round(size * 0.57),
      forkedFrom: { runId: 'sedi-2026-11-20-9f3e', round: 2 },
      paused: null,
    },
    recipe: `method: sedi\ntarget: 1000\nteacher:\n  model: teacher-7b\n  # ${tainted('a comment')}\n`,
    totals: {
      candidates: total((round) => round.candidates),
      accepted: total((round) => round.accepted),
      undecided: 0,
      examples: Math.round(size * 0.57),
      rejected,
      calls: {
        planned: calls,
        answered: calls - 7,
        failed: { refused: 2, 'timed-out': 5 },
        sent: calls - 20,
        fromStore: 32,
      },
      tokens: { prompt: calls * 850, completion: calls * 380 },
      costUsd: calls * 0.00031,
      unknownUsd: 0.0018,
    },
    rounds,
    similarity: similarityOf(examples),
    student: studentOf({ rounds, examples, random, tainted }),
    scores: {
      points: examples.flatMap(({ id, complexity, quality, instruction, state }) =>
        complexity === null || quality === null || state === 'rejected'
          ? []
          : [{ id, complexity, quality, selected: complexity + quality >= 8, text: instruction }],
      ),
      hasSelection: true,
    },
    map: mapOf(examples, random),
    coverage: coverageOf({ skills, whole, tainted }),
    unit: 'candidate',
    examples,
    changes: [
      { at: '2026-11-21T13:40:00.000Z', by: tainted('Ada'), what: tainted('target 800 → 1,000') },
      {
        at: '2026-11-21T14:02:00.000Z',
        by: tainted('Grace'),
        what: tainted('paused: the endpoint is being moved'),
      },
    ],
    samples: [],
  };
}

/** A run that has not got anywhere yet. */
export function emptyReport(): ReportData {
  const full = reportFixture({ examples: 1 });
  return {
    ...full,
    run: {
      ...full.run,
      state: 'running',
      stopReason: null,
      target: null,
      forkedFrom: null,
      paused: { by: 'seedmill', reason: 'the key is wrong' },
    },
    recipe: 'method: self-instruct\n',
    totals: {
      candidates: 0,
      accepted: 0,
      undecided: 0,
      examples: 0,
      rejected: {},
      calls: { planned: 0, answered: 0, failed: {}, sent: 0, fromStore: 0 },
      tokens: { prompt: 0, completion: 0 },
      costUsd: null,
      unknownUsd: null,
    },
    rounds: [],
    similarity: null,
    student: null,
    scores: null,
    map: null,
    coverage: null,
    examples: [],
    changes: [],
  };
}

function batchName(round: number, batch: number): string {
  return `r${String(round).padStart(3, '0')}-b${String(batch).padStart(3, '0')}`;
}

function similarityOf(examples: readonly ReportExample[]): ReportSimilarity {
  const size = 25;
  const bins = Array.from({ length: size }, (_, index) => {
    const [from, to] = [index / size, (index + 1) / size];
    const inside = examples.filter(
      ({ similarity }) => similarity !== null && similarity >= from && similarity < to,
    );
    const accepted = inside.filter(({ state }) => state !== 'rejected').length;
    const rejected = inside.filter(({ reason }) => reason === 'similar').length;
    return { from, to, accepted, rejected, other: inside.length - accepted - rejected };
  });
  const nearest = examples
    .slice(1)
    .sort(
      (a, b) =>
        Number(a.state === 'rejected') - Number(b.state === 'rejected') ||
        (b.similarity ?? 0) - (a.similarity ?? 0),
    )
    .slice(0, 10);
  const text = new Map(examples.map(({ id, instruction }) => [id, instruction]));
  const pairs = nearest.map(({ id, instruction, nearestId, similarity, state }) => ({
    id,
    text: instruction,
    nearestId: nearestId ?? '',
    nearestText: text.get(nearestId ?? '') ?? '',
    similarity: similarity ?? 0,
    accepted: state !== 'rejected',
  }));
  return { metric: 'ROUGE-L', threshold: 0.7, bins, bounded: 12, pairs };
}

function studentOf(options: {
  rounds: readonly ReportRound[];
  examples: readonly ReportExample[];
  random: () => number;
  tainted: (text: string) => string;
}): ReportStudent {
  const { rounds, examples, random, tainted } = options;
  const batches = rounds.flatMap(({ round }) =>
    Array.from({ length: 18 }, (_, batch) => {
      const score = random();
      const mine = examples.filter((example) => example.round === round).slice(batch * 3, batch * 3 + 3);
      return {
        round,
        batch: batchName(round, batch),
        size: 3,
        loss: 2.7 - round * 0.1 - batch * 0.008 + (random() - 0.5) * 0.35,
        score,
        attractive: score > 0.8,
        examples: mine.map(({ id }) => id),
      };
    }),
  );
  return {
    model: tainted('SmolLM2-135M-Instruct'),
    batches,
    heldOut: rounds.flatMap(({ round, heldOutLoss }) => (heldOutLoss ? [{ round, ...heldOutLoss }] : [])),
    seeds: examples
      .slice(0, 8)
      .map(({ round, id, instruction }) => ({ round, id, text: instruction, score: random() })),
  };
}

function mapOf(examples: readonly ReportExample[], random: () => number): ReportMap {
  const points = examples.map(({ id, round, skills, instruction }) => {
    const group = skills[0] ?? '';
    const at = (group.length * 37 + group.charCodeAt(0) * 91 + group.charCodeAt(group.length - 1) * 53) % 360;
    const spread = () => (random() + random() + random() - 1.5) * 2.2;
    return {
      id,
      round,
      group,
      x: 5 * Math.cos((at * Math.PI) / 180) + spread(),
      y: 4 * Math.sin((at * Math.PI) / 180) + spread(),
      text: instruction,
    };
  });
  return { by: 'UMAP', of: "the student's embeddings", missing: { count: 80, what: 'text' }, points };
}

function coverageOf(options: {
  skills: readonly string[];
  whole: (below: number) => number;
  tainted: (text: string) => string;
}): ReportCoverage {
  const { skills, whole, tainted } = options;
  const pairs = skills.flatMap((_, b) =>
    skills
      .slice(0, b)
      .flatMap((_, a) => (whole(4) === 0 ? [] : [{ a, b, used: 1 + whole(14 - Math.floor(b / 2)) }])),
  );
  return {
    skills: skills.map((name, index) => ({ name, used: 90 - index * 4 })),
    pairs,
    queryTypes: ['question', 'request for advice', 'puzzle', 'dialogue'].map((name, index) => ({
      name: tainted(name),
      used: 140 - index * 31,
    })),
    summary: ['2 of 140 skills were never used', tainted('612 of 9,730 possible pairs were used')],
  };
}
