/** What a run is expected to need, from what is known of one call and of what comes of it: arithmetic and nothing else. */
import type { CallPhase } from '../../activities/types.js';
import { costUsd, type Price } from '../../store/pricing.js';

/** What a figure rests on: so many calls (or examples, …) of earlier runs, newest first, or what is assumed of the method. */
export type Basis = { from: 'measured'; rows: number; of: string; runs: string[] } | { from: 'assumed' };

/** One call, its repairs and fresh samples included, on average. */
export interface CallFigures {
  requests: number;
  promptTokens: number;
  /** Part of `promptTokens`. */
  cachedPromptTokens: number;
  completionTokens: number;
  basis: Basis;
}

/** One kind of call in the whole run. */
export interface PhaseExpectation {
  phase: CallPhase;
  calls: number;
  requests: number;
  promptTokens: number;
  completionTokens: number;
  /** null: no price is known. */
  usd: number | null;
  basis: Basis;
}

export type Amounts = Omit<PhaseExpectation, 'phase' | 'basis'>;

/** Calls of each kind. */
export type Calls = Partial<Record<CallPhase, number>>;

/** What `asks` calls that begin something new lead to. */
export interface Outcome {
  calls: Calls;
  accepted: number;
}

/** Shares of Instruct-SkillMix's conversations, each from 0 to 1. */
export interface ConversationRates {
  /** Calls with a usable answer. */
  answered: (phase: CallPhase) => number;
  /** Of the answered ones, those that ended at the token limit. */
  cutOff: { draft: number; improve: number };
  /** The rewriting turns are always sent. */
  rewritesAlways: boolean;
  /** Conversations with all their turns that come to an example which nothing but the gate can reject. */
  whole: number;
  /** Examples whose answer is made worse; null: none. */
  shirkers: number | null;
  /** null: no gate. */
  gate: { passGood: number; passShirked: number } | null;
}

/** Calls of so many drafts, and the examples that they come to. */
export function expectConversations(drafts: number, rates: ConversationRates): Outcome {
  const { answered, cutOff, rewritesAlways, whole, shirkers, gate } = rates;
  const rewritten = (share: number) => (rewritesAlways ? 1 : share);
  const critique = drafts * answered('draft');
  const improve = critique * answered('critique');
  const improved = improve * answered('improve');
  const examples = improved * whole;
  const shirk = examples * (shirkers ?? 0);
  const shirked = shirk * (shirk === 0 ? 1 : answered('shirk'));
  const good = examples - shirk;
  return {
    calls: {
      draft: drafts,
      'draft-rewrite': critique * rewritten(cutOff.draft),
      critique,
      improve,
      'improve-rewrite': improved * rewritten(cutOff.improve),
      ...(shirkers !== null && { shirk }),
      ...(gate !== null && { judge: good + shirked }),
    },
    accepted: gate === null ? good + shirked : good * gate.passGood + shirked * gate.passShirked,
  };
}

/** What comes of Self-Instruct's and SeDi-Instruct's calls. */
export interface LoopRates {
  ask: CallPhase;
  /** Phases that follow, each with one call for each candidate that passed the screen. */
  answer: CallPhase[];
  candidatesPerCall: number;
  /** Candidates that pass the screen, from 0 to 1. */
  passed: number;
  /** Accepted ones of one that passed; above 1 where an instruction has several instances. */
  acceptedPerPassed: number;
}

export function expectLoop(asks: number, rates: LoopRates): Outcome {
  const passed = asks * rates.candidatesPerCall * rates.passed;
  const answers = rates.answer.map((phase) => [phase, passed] as const);
  return {
    calls: { [rates.ask]: asks, ...Object.fromEntries(answers) },
    accepted: passed * rates.acceptedPerPassed,
  };
}

/** When a run ends that is left alone. */
export interface StopRules {
  target: number;
  maxRounds: number;
  maxCallsPerAccepted: number;
}

export interface Rounds {
  asks: number;
  rounds: number;
  /** Why it ends. */
  stop: 'target' | 'maxRounds' | 'maxCallsPerAccepted';
}

/** Plays the rounds: each begins as many as the run itself would, by what the ones before it came to. */
export function expectRounds(options: {
  stop: StopRules;
  /** As the run plans a round. */
  callsWanted: (wanted: { remaining: number; askCalls: number; accepted: number }) => number;
  /** Of one call that begins something. */
  outcome: Outcome;
}): Rounds {
  const { stop, callsWanted, outcome } = options;
  const callsPerAsk = sum(Object.values(outcome.calls));
  for (let asks = 0, rounds = 0; ; ) {
    const accepted = asks * outcome.accepted;
    const isReached = accepted >= stop.target - 1e-9;
    if (isReached) return { asks, rounds, stop: 'target' };
    if (rounds >= stop.maxRounds) return { asks, rounds, stop: 'maxRounds' };
    if (asks * callsPerAsk > stop.maxCallsPerAccepted * Math.max(accepted, 1)) {
      return { asks, rounds, stop: 'maxCallsPerAccepted' };
    }
    // Less than a whole example is none to reckon by.
    const known = accepted < 1 ? 0 : accepted;
    asks += callsWanted({ remaining: stop.target - accepted, askCalls: asks, accepted: known });
    rounds += 1;
  }
}

/** The calls of one kind, and what they cost. */
export function expectPhase(options: {
  phase: CallPhase;
  calls: number;
  figures: CallFigures;
  price: Price | null;
}): PhaseExpectation {
  const { phase, calls, figures, price } = options;
  const usage = {
    promptTokens: calls * figures.promptTokens,
    cachedPromptTokens: calls * figures.cachedPromptTokens,
    completionTokens: calls * figures.completionTokens,
  };
  return {
    phase,
    calls,
    requests: calls * figures.requests,
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    usd: costUsd(usage, price),
    basis: figures.basis,
  };
}

/** What a sum of dollars is when one of them is unknown: unknown, unless nothing is bought at that price. */
export function total(phases: readonly Amounts[]): Amounts {
  const isUnknown = phases.some(({ usd, calls }) => usd === null && calls > 0);
  return {
    calls: sum(phases.map(({ calls }) => calls)),
    requests: sum(phases.map(({ requests }) => requests)),
    promptTokens: sum(phases.map(({ promptTokens }) => promptTokens)),
    completionTokens: sum(phases.map(({ completionTokens }) => completionTokens)),
    usd: isUnknown ? null : sum(phases.map(({ usd }) => usd ?? 0)),
  };
}

/** The same for one of `examples`; null where there is none. */
export function perExample(amounts: Amounts, examples: number): Amounts | null {
  if (examples === 0) return null;
  return {
    calls: amounts.calls / examples,
    requests: amounts.requests / examples,
    promptTokens: amounts.promptTokens / examples,
    completionTokens: amounts.completionTokens / examples,
    usd: amounts.usd === null ? null : amounts.usd / examples,
  };
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
