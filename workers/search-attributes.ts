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

/** Returns the server's reason when it refuses. */
async function create({
  client,
  missing,
}: {
  client: Client;
  missing: SearchAttributeName[];
}): Promise<string | null> {
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, wanted[name]]));
  try {
    const { namespace } = client.options;
    await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return null;
  } catch (error) {
    return (error as { code?: number }).code === alreadyExists ? null : messageOf(error);
  }
}

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
    const has = (name: SearchAttributeName) => (customAttributes[name] ?? null) !== null;
    return {
      usable: names.filter((name) => customAttributes[name] === wanted[name]),
      taken: names.filter((name) => has(name) && customAttributes[name] !== wanted[name]),
    };
  };
  try {
    let { usable, taken } = await confirmed();
    const missing = names.filter((name) => !usable.includes(name) && !taken.includes(name));
    if (missing.length > 0) {
      const refusal = await create({ client, missing });
      if (refusal !== null) say(`Temporal: the server refuses to create search attributes (${refusal})`);
      const isPending = () => refusal === null && usable.length + taken.length < names.length;
      for (const deadline = Date.now() + visibleWithinMs; isPending() && Date.now() < deadline; ) {
        ({ usable, taken } = await confirmed());
        if (isPending()) await sleep(200);
      }
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
