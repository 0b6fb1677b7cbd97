/** What every activity of a run reads: its recipe and its seeds, cached per process because they never change. */
import { ApplicationFailure } from '@temporalio/common';
import { readJson, readJsonlAt } from '../store/artifacts.js';
import type { Price } from '../store/pricing.js';
import type { Store } from '../store/types.js';
import type { Recipe } from './recipe.js';
import type { SkillMixSettings } from './recipe-skillmix.js';
import { roundFiles, runFiles } from './run-files.js';
import type { RunContext, Seed } from './types.js';

/** Where one of a recipe's teachers is reached, settled when the run was started. */
export interface SettledEndpoint {
  /** Names the teacher in the response store's keys; see store/call-key.ts. */
  identity: string;
  /** The model's name as the endpoint knows it. */
  model: string;
  /** Task queue of its calls, where its limits lie. */
  queue: string;
  /** Of its calls, in the mode in which they are made; null: none is known. */
  price: Price | null;
}

/** A recipe as the store keeps it, with what was settled when the run was started. */
export interface StoredRecipe extends Recipe {
  /** Where each teacher is reached, by its name. */
  endpoints: Record<string, SettledEndpoint>;
}

/** The keys of a run of Instruct-SkillMix. */
export function skillMixOf({ skillmix, name }: Recipe): SkillMixSettings {
  if (!skillmix) throw new Error(`the recipe "${name}" is none of SkillMix`);
  return skillmix;
}

/** Opens runs for the activities of one worker. */
export class Runs {
  readonly store: Store;
  private readonly storeId: string;
  private readonly recipes = new Map<string, Promise<StoredRecipe>>();

  constructor(options: { store: Store; storeId: string }) {
    this.store = options.store;
    this.storeId = options.storeId;
  }

  /**
   * The run's recipe.
   * @throws ApplicationFailure `OtherStore`, retryable, when this worker's store is not the run's.
   */
  async recipe(run: RunContext): Promise<StoredRecipe> {
    if (run.storeId !== this.storeId) {
      throw ApplicationFailure.retryable(
        `this worker's store is ${this.store.url}, but the run's data lies in ${run.storeUrl}: start the worker with SEEDMILL_STORE=${run.storeUrl}`,
        'OtherStore',
      );
    }
    const cached = this.recipes.get(run.runId);
    if (cached) return await cached;
    const reading = readJson<StoredRecipe>(this.store, runFiles(run.runId).recipe);
    this.recipes.set(run.runId, reading);
    try {
      return await reading;
    } catch (error) {
      this.recipes.delete(run.runId);
      throw error;
    }
  }

  /** Seeds of a round: human ones first. Self-Instruct stores what each round added, SeDi its whole bounded pool. */
  async seedPool(run: RunContext, round: number): Promise<Seed[]> {
    const { method } = await this.recipe(run);
    const rounds = method === 'sedi' ? [round] : Array.from({ length: round }, (_, n) => n + 1);
    const parts = await Promise.all(
      rounds.map((n) => readJsonlAt<Seed>(this.store, roundFiles(run.runId, n).seedPool)),
    );
    return parts.flat();
  }
}
