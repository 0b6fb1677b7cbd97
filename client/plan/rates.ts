/** Shares and yields of a method's calls, from what was measured, else as they are assumed. */
import type { StoredRecipe } from '../../activities/run-data.js';
import { skillMixOf } from '../../activities/run-data.js';
import type { phasesOf } from '../../activities/recipe-phases.js';
import type { CallPhase } from '../../activities/types.js';
import { expectedPasses } from '../../methods/self-instruct/expected.js';
import { GATE_PASSES } from '../../methods/skillmix/expected.js';
import { askedFor } from './assume-loop.js';
import type { Basis, ConversationRates, LoopRates } from './expect.js';
import type { Measured } from './measure.js';

/** One of the figures that numbers of calls come from. */
export interface Rate {
  /** In words: `drafts that were cut off`. */
  name: string;
  value: number;
  /** A share is shown in per cent. */
  isShare: boolean;
  basis: Basis;
}

/** Rows that were looked at, and how many of them, or of what they came to, a rate counts. */
interface Found {
  is: number;
  of: number;
  what: string;
  runs: string[];
}

/** Collects rates as they are used, each once. */
class RateBook {
  readonly rates: Rate[] = [];

  /** `assumed` where no rows were looked at. */
  share(name: string, found: Found | null, assumed: number) {
    return this.add({ name, isShare: true, found, assumed });
  }

  mean(name: string, found: Found | null, assumed: number) {
    return this.add({ name, isShare: false, found, assumed });
  }

  private add(options: { name: string; isShare: boolean; found: Found | null; assumed: number }): number {
    const { name, isShare, found, assumed } = options;
    const isMeasured = found !== null && found.of > 0;
    const value = isMeasured ? found.is / found.of : assumed;
    const basis: Basis = isMeasured
      ? { from: 'measured', rows: found.of, of: found.what, runs: found.runs }
      : { from: 'assumed' };
    if (!this.rates.some((rate) => rate.name === name)) this.rates.push({ name, value, isShare, basis });
    return value;
  }
}

export function conversationRates(options: {
  recipe: StoredRecipe;
  measured: Measured;
  assumedCutOff: (phase: CallPhase) => number;
}): { values: ConversationRates; rates: Rate[] } {
  const { recipe, measured, assumedCutOff } = options;
  const { shirkers, rewrites } = skillMixOf(recipe);
  const book = new RateBook();
  const { outcomes } = measured;
  const answered = (phase: CallPhase) => {
    const sums = measured.calls.get(phase);
    const found = sums ? { is: sums.answered, of: sums.calls, what: 'calls', runs: sums.runs } : null;
    return book.share(`calls for ${phase} with a usable answer`, found, 1);
  };
  const cutOff = (phase: 'draft' | 'improve', name: string) => {
    const sums = measured.calls.get(phase);
    const found = sums ? { is: sums.cutOff, of: sums.answered, what: 'calls', runs: sums.runs } : null;
    return book.share(name, found, assumedCutOff(phase));
  };
  const passes = (name: string, scores: readonly (number | null)[] | undefined, assumed: number) => {
    const threshold = recipe.gate?.threshold ?? 0;
    const is = (scores ?? []).filter((score) => score !== null && score >= threshold).length;
    const found =
      outcomes && scores ? { is, of: scores.length, what: 'examples', runs: outcomes.runs } : null;
    return book.share(name, found, assumed);
  };
  const values: ConversationRates = {
    answered,
    cutOff: {
      draft: cutOff('draft', 'drafts that are cut off'),
      improve: cutOff('improve', 'improved pairs that are cut off'),
    },
    rewritesAlways: rewrites === 'always',
    whole: book.share(
      'finished conversations that come to an example',
      outcomes && { is: outcomes.passed, of: outcomes.complete, what: 'conversations', runs: outcomes.runs },
      1,
    ),
    shirkers: shirkers?.share ?? null,
    gate:
      recipe.gate === undefined
        ? null
        : {
            passGood: passes('good examples that pass the gate', outcomes?.goodScores, GATE_PASSES.good),
            passShirked:
              shirkers === undefined
                ? 1
                : passes('shirkers that pass the gate', outcomes?.shirkedScores, GATE_PASSES.shirked),
          },
  };
  return { values, rates: book.rates };
}

export function loopRates(options: {
  recipe: StoredRecipe;
  measured: Measured;
  phases: ReturnType<typeof phasesOf>;
}): { values: LoopRates; rates: Rate[] } {
  const { recipe, measured, phases } = options;
  const { outcomes } = measured;
  const { ask, answer } = phases;
  const book = new RateBook();
  const runs = outcomes?.runs ?? [];
  const values: LoopRates = {
    ask,
    answer,
    candidatesPerCall: book.mean(
      `candidates of a call for ${ask}`,
      outcomes && { is: outcomes.candidates, of: outcomes.begun, what: 'calls', runs },
      askedFor[ask === 'tasks' ? 'tasks' : 'instructions'],
    ),
    passed: book.share(
      'candidates that pass heuristics and filter',
      outcomes && { is: outcomes.passed, of: outcomes.candidates, what: 'candidates', runs },
      expectedPasses(recipe.filter.poolThreshold),
    ),
    acceptedPerPassed: book.mean(
      'examples of a candidate that passes',
      outcomes && { is: outcomes.accepted, of: outcomes.passed, what: 'candidates', runs },
      1,
    ),
  };
  return { values, rates: book.rates };
}
