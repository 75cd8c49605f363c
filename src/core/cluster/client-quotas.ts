/**
 * The quotas that were set for users, client ids and addresses, by Kafka's rules. The surprise: of
 * an entity that one request names twice the first change counts, and the answer is an error all
 * the same, as in Kafka.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Row } from '../machine.ts';
import type { Result } from './results.ts';
import { resultOf } from './results.ts';

/** An entity by type, for example `{ user: 'alice' }`; null is the default of the type. */
export type QuotaEntity = Readonly<Record<string, string | null>>;

export interface QuotaEntry {
  readonly entity: QuotaEntity;
  readonly values: Readonly<Record<string, number>>;
}

export interface QuotaAlteration {
  readonly entity: QuotaEntity;
  readonly ops: readonly {
    readonly key: string;
    readonly value: number;
    readonly remove: boolean;
  }[];
}

export interface QuotaFilter {
  readonly components: readonly {
    readonly entityType: string;
    /** One of MatchType. */
    readonly matchType: number;
    readonly match: string | null;
  }[];
  /** Nothing but what has exactly these types. */
  readonly strict: boolean;
}

export type AlteredQuota = Result & { readonly entity: QuotaEntity };

export const MatchType = { EXACT: 0, DEFAULT: 1, SPECIFIED: 2 } as const;

type QuotaType = 'LONG' | 'INT' | 'DOUBLE';

const ofClients: Readonly<Record<string, QuotaType>> = {
  producer_byte_rate: 'LONG',
  consumer_byte_rate: 'LONG',
  request_percentage: 'DOUBLE',
  controller_mutation_rate: 'DOUBLE',
};
const ofAddresses: Readonly<Record<string, QuotaType>> = { connection_creation_rate: 'INT' };

const largest = { LONG: 2 ** 63, INT: 2 ** 31 - 1 };
const entityTypes = ['user', 'client-id', 'ip'];

export class ClientQuotas {
  readonly #entries = new Map<string, QuotaEntry>();
  #version = 0;

  /** Changes with the entries. */
  get version(): number {
    return this.#version;
  }

  all(): QuotaEntry[] {
    return [...this.#entries.values()];
  }

  /** `id`: of an entity; empty for the version of them all. */
  replay(id: string, values: QuotaEntry['values'] | null): void {
    if (id === '') this.#version = values?.version ?? 0;
    else if (values === null) this.#entries.delete(id);
    else this.#entries.set(id, { entity: entityOf(id), values });
  }

  /** One answer for each entity, and the rows that make it so. */
  alter(alterations: readonly QuotaAlteration[]): {
    readonly entries: readonly AlteredQuota[];
    readonly rows: readonly Row[];
  } {
    const results = new Map<string, AlteredQuota>();
    const rows: Row[] = [];
    for (const { entity, ops } of alterations) {
      const id = idOf(entity);
      const isTwice = results.has(id) || new Set(ops.map(({ key }) => key)).size < ops.length;
      const result = resultOf(() => {
        if (isTwice) throw invalid(`Ignoring duplicate entity ${id}`);
        const keys = keysOf(entity);
        for (const { key, value, remove } of ops) if (!remove) checkValue(keys, key, value);
        rows.push(...this.#rows(id, ops));
      });
      results.set(id, { ...result, entity });
    }
    if (rows.length > 0) rows.push({ key: 'quota:', value: { version: this.#version + 1 } });
    return { entries: [...results.values()], rows };
  }

  #rows(id: string, ops: QuotaAlteration['ops']): Row[] {
    const before = this.#entries.get(id)?.values ?? {};
    const values = new Map(Object.entries(before));
    for (const { key, value, remove } of ops) {
      if (remove) values.delete(key);
      else values.set(key, value);
    }
    if (values.size === 0 && Object.keys(before).length === 0) return [];
    const value = values.size === 0 ? null : Object.fromEntries(values);
    return [{ key: `quota:${id}`, value }];
  }

  /** Throws what Kafka says of a filter that makes no sense. */
  matching(filter: QuotaFilter): QuotaEntry[] {
    checkFilter(filter);
    const { components, strict } = filter;
    return [...this.#entries.values()].filter(({ entity }) => {
      if (strict && Object.keys(entity).length !== components.length) return false;
      return components.every(({ entityType, matchType, match }) => {
        if (!Object.hasOwn(entity, entityType)) return false;
        return matchType === MatchType.SPECIFIED || entity[entityType] === match;
      });
    });
  }
}

/** The same for the same entity, whatever the order of its types. */
function idOf(entity: QuotaEntity): string {
  return JSON.stringify(Object.entries(entity).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function entityOf(id: string): QuotaEntity {
  return Object.fromEntries(JSON.parse(id) as [string, string | null][]);
}

/** Which quotas such an entity may have. */
function keysOf(entity: QuotaEntity): Readonly<Record<string, QuotaType>> {
  const types = Object.keys(entity);
  if (types.length === 0) throw invalid('Invalid empty client quota entity');
  for (const type of types) {
    if (!entityTypes.includes(type)) throw invalid(`Unhandled client quota entity type: ${type}`);
    if (entity[type] === '') throw invalid(`Empty ${type} not supported`);
  }
  if (!types.includes('ip')) return ofClients;
  if (types.length > 1) {
    throw invalid(
      'Invalid quota entity combination, an IP entity stands without user and client id',
    );
  }
  if (entity.ip !== null && !isAddress(entity.ip)) {
    throw invalid(`${entity.ip} is not a valid IP or resolvable host.`);
  }
  return ofAddresses;
}

function checkValue(keys: Readonly<Record<string, QuotaType>>, key: string, value: number): void {
  const type = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (type === undefined) throw invalid(`Invalid configuration key ${key}`);
  if (!Number.isFinite(value)) throw invalid(`Quota ${key} must be a finite number`);
  if (value <= 0) throw invalid(`Quota ${key} must be greater than 0`);
  if (type === 'DOUBLE') return;
  if (value > largest[type]) throw invalid(`Proposed value for ${key} is too large for a ${type}.`);
  if (!Number.isInteger(value)) throw invalid(`${key} cannot be a fractional value.`);
}

/** An IPv4 or IPv6 address; names are nobody's to resolve here. */
function isAddress(text: string): boolean {
  const parts = text.split('.');
  const isV4 = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && +part < 256);
  return isV4 || (text.includes(':') && /^[0-9a-f:.]+(%\w+)?$/i.test(text));
}

function checkFilter({ components }: QuotaFilter): void {
  const types = new Set<string>();
  for (const { entityType: type, matchType, match } of components) {
    if (type === '') throw invalid('Invalid empty entity type.');
    if (types.has(type)) {
      throw invalid(`Entity type ${type} cannot appear more than once in the filter.`);
    }
    types.add(type);
    if (!entityTypes.includes(type)) {
      throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `Unsupported entity type ${type}`);
    }
    checkMatch(matchType, match);
  }
  if (types.has('ip') && types.size > 1) {
    throw invalid(
      'Invalid entity filter component combination: ip stands without user and client-id.',
    );
  }
}

function checkMatch(matchType: number, match: string | null): void {
  switch (matchType) {
    case MatchType.EXACT:
      if (match === null) throw invalid('An exact match needs a string to match.');
      return;
    case MatchType.DEFAULT:
      if (match !== null) throw invalid('A match of the default has no string to match.');
      return;
    case MatchType.SPECIFIED:
      if (match !== null) throw invalid('A match of any name has no string to match.');
      return;
    default:
      throw invalid(`Unknown match type ${matchType}`);
  }
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
