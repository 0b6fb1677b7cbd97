/**
 * The search attributes that runs carry. They are created at each start, because the server's start-up flag is
 * ignored on an existing database, and a run that upserts an unknown one retries for ever.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { messageOf } from './service-error.js';

const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_KEYWORD_LIST } =
  proto.temporal.api.enums.v1.IndexedValueType;

const wanted = {
  SeedmillMethod: INDEXED_VALUE_TYPE_KEYWORD_LIST,
  SeedmillRecipe: INDEXED_VALUE_TYPE_KEYWORD,
  SeedmillState: INDEXED_VALUE_TYPE_KEYWORD,
  SeedmillRound: INDEXED_VALUE_TYPE_INT,
  SeedmillAccepted: INDEXED_VALUE_TYPE_INT,
} as const;

export type SearchAttributeName = keyof typeof wanted;
const names = Object.keys(wanted) as SearchAttributeName[];

/** gRPC status of a request to create what another process has just created. */
const alreadyExists = 6;
const visibleWithinMs = 20_000;

/**
 * Creates what is missing and returns the names that runs may upsert: those the server lists with the right
 * type. A server that refuses gives fewer or none, and `say` tells so.
 */
export async function ensureSearchAttributes(
  client: Client,
  say: (line: string) => void,
): Promise<SearchAttributeName[]> {
  const namespace = client.options.namespace;
  const { operatorService } = client.connection;
  const confirmed = async () => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return names.filter((name) => customAttributes[name] === wanted[name]);
  };
  try {
    const present = await confirmed();
    const missing = names.filter((name) => !present.includes(name));
    if (missing.length === 0) return present;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, wanted[name]]));
    try {
      await operatorService.addSearchAttributes({ namespace, searchAttributes });
    } catch (error) {
      if ((error as { code?: number }).code !== alreadyExists) {
        say(`Temporal: the server refuses to create search attributes (${messageOf(error)})`);
        return present;
      }
    }
    let usable = await confirmed();
    for (
      const deadline = Date.now() + visibleWithinMs;
      usable.length < names.length && Date.now() < deadline;
    ) {
      await sleep(200);
      usable = await confirmed();
    }
    const unusable = names.filter((name) => !usable.includes(name));
    if (unusable.length > 0) say(`Temporal: runs go without the search attributes ${unusable.join(', ')}`);
    return usable;
  } catch (error) {
    say(
      `Temporal: the server does not tell its search attributes, runs go without them (${messageOf(error)})`,
    );
    return [];
  }
}
