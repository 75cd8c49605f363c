/**
 * Which quota holds for a client, of those that were set: the most specific one, in Kafka's order
 * (KIP-13, KIP-55). The surprise: a quota for a user is one for all its clients together; a default
 * is one for each whom it holds for.
 */
import type { QuotaEntity, QuotaEntry } from '../cluster/client-quotas.ts';

export const QuotaType = {
  PRODUCE: 'producer_byte_rate',
  FETCH: 'consumer_byte_rate',
  REQUEST: 'request_percentage',
  CONTROLLER_MUTATION: 'controller_mutation_rate',
  CONNECTION: 'connection_creation_rate',
} as const;
export type QuotaType = (typeof QuotaType)[keyof typeof QuotaType];

export interface Quota {
  readonly limit: number;
  /** Whoever has the same key shares what was used. */
  readonly key: string;
}

/** Client ids that are longer, and begin alike, are counted together: they take memory. */
const longestCounted = 200;

export class QuotaRules {
  readonly #limits = new Map<string, number>();
  readonly #types = new Set<string>();

  constructor(entries: readonly QuotaEntry[]) {
    for (const { entity, values } of entries) {
      for (const [type, limit] of Object.entries(values)) {
        this.#types.add(type);
        this.#limits.set(placeOf(type, entity), limit);
      }
    }
  }

  get isEmpty(): boolean {
    return this.#types.size === 0;
  }

  /** Whether nobody has such a quota. */
  isFree(type: QuotaType): boolean {
    return !this.#types.has(type);
  }

  /** That of a client; undefined: it has none. */
  ofClient(type: QuotaType, user: string, clientId: string): Quota | undefined {
    if (this.isFree(type)) return undefined;
    const client = { 'client-id': clientId };
    const both = { user, ...client };
    const users = { user };
    return (
      this.#at(type, both, both) ??
      this.#at(type, { user, 'client-id': null }, both) ??
      this.#at(type, users, users) ??
      this.#at(type, { user: null, ...client }, both) ??
      this.#at(type, { user: null, 'client-id': null }, both) ??
      this.#at(type, { user: null }, users) ??
      this.#at(type, client, client) ??
      this.#at(type, { 'client-id': null }, client)
    );
  }

  /** That of an address. */
  ofAddress(type: QuotaType, ip: string): Quota | undefined {
    return this.#at(type, { ip }, { ip }) ?? this.#at(type, { ip: null }, { ip });
  }

  #at(type: QuotaType, entity: QuotaEntity, shared: QuotaEntity): Quota | undefined {
    const limit = this.#limits.get(placeOf(type, entity));
    return limit === undefined ? undefined : { limit, key: placeOf(type, shortened(shared)) };
  }
}

function shortened(shared: QuotaEntity): QuotaEntity {
  const clientId = shared['client-id'];
  if (typeof clientId !== 'string' || clientId.length <= longestCounted) return shared;
  return { ...shared, 'client-id': clientId.slice(0, longestCounted) };
}

function placeOf(type: string, entity: QuotaEntity): string {
  const { user, 'client-id': clientId, ip } = entity;
  return JSON.stringify([type, user, clientId, ip].map((part) => (part === undefined ? 0 : part)));
}
