/**
 * Whose settings: a topic, a broker, a group, or those a quota is for. The surprise: to Kafka these
 * are two things. Topics, brokers and groups have configs, which are text; users, clients and
 * addresses have quotas, which are numbers and may be for pairs of them.
 */
import { alterClientQuotas } from '../../protocol/apis/alter-client-quotas.ts';
import { describeClientQuotas } from '../../protocol/apis/describe-client-quotas.ts';
import { describeConfigs } from '../../protocol/apis/describe-configs.ts';
import { incrementalAlterConfigs } from '../../protocol/apis/incremental-alter-configs.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Options, Values } from '../command.ts';
import type { Cluster } from '../connection/cluster.ts';
import { UsageError } from '../usage.ts';

export const entityOptions = {
  topic: { short: 't', value: 'name', summary: 'of this topic', complete: 'topic' },
  broker: { value: 'id', summary: 'of this broker' },
  'broker-defaults': { summary: 'of all brokers that have none of their own' },
  group: { value: 'name', summary: 'of this group', complete: 'group' },
  user: { value: 'name', summary: 'quotas of this user' },
  'user-defaults': { summary: 'quotas of all users that have none of their own' },
  'client-id': { value: 'id', summary: 'quotas of this client id; with --user, of both' },
  'client-defaults': { summary: 'quotas of all client ids that have none of their own' },
  ip: { value: 'address', summary: 'quotas of connections from this address' },
  'ip-defaults': { summary: 'quotas of all addresses that have none of their own' },
} as const satisfies Options;

type Said = Values<typeof entityOptions>;

export interface QuotaPart {
  readonly entityType: 'user' | 'client-id' | 'ip';
  /** null: all that have none of their own. */
  readonly entityName: string | null;
}

export type Entity =
  | { readonly kind: 'configs'; readonly type: ConfigType; readonly name: string }
  | { readonly kind: 'quotas'; readonly parts: readonly QuotaPart[] };

export type ConfigType = 'topic' | 'broker' | 'group';
const configTypes = { topic: 2, broker: 4, group: 32 } as const;

export interface Setting {
  readonly name: string;
  /** null: it is secret. */
  readonly value: string | null;
  readonly source: string;
  readonly isDefault: boolean;
  readonly isReadOnly: boolean;
}

/** Kafka's numbers of where a value comes from. */
const sources: Readonly<Record<number, string>> = {
  1: 'topic',
  2: 'broker',
  3: 'all brokers',
  4: 'at the start of the broker',
  5: 'default',
  6: 'broker logger',
  7: 'client metrics',
  8: 'group',
};
const defaultSource = 5;

/** The one that was named. Throws UsageError. */
export function entityOf(said: Said): Entity {
  const configs: Entity[] = [];
  const add = (type: ConfigType, name: string) => configs.push({ kind: 'configs', type, name });
  if (said.topic !== undefined) add('topic', said.topic);
  if (said.broker !== undefined) add('broker', said.broker);
  if (said['broker-defaults']) add('broker', '');
  if (said.group !== undefined) add('group', said.group);
  const parts: QuotaPart[] = [];
  const addPart = (entityType: QuotaPart['entityType'], name: string | undefined, all: boolean) => {
    if (name !== undefined) parts.push({ entityType, entityName: name });
    if (all) parts.push({ entityType, entityName: null });
  };
  addPart('user', said.user, said['user-defaults']);
  addPart('client-id', said['client-id'], said['client-defaults']);
  addPart('ip', said.ip, said['ip-defaults']);
  const quotas: Entity[] = parts.length > 0 ? [{ kind: 'quotas', parts }] : [];
  const [entity, other] = [...configs, ...quotas];
  if (entity === undefined) {
    throw new UsageError('say whose: --topic, --broker, --group, --user, --client-id or --ip.');
  }
  const types = new Set(parts.map(({ entityType }) => entityType));
  const isPair = types.size === parts.length && !(types.has('ip') && types.size > 1);
  if (other !== undefined || !isPair) {
    throw new UsageError('those are several: one at a time, please.');
  }
  return entity;
}

export function nameOf(entity: Entity): string {
  if (entity.kind === 'configs') {
    return entity.name === '' ? 'all brokers' : `${entity.type} ${entity.name}`;
  }
  return entity.parts
    .map(({ entityType, entityName }) => `${entityType} ${entityName ?? '(all others)'}`)
    .join(', ');
}

/** What somebody has set and, where `all`, what else there is. */
export async function settingsOf(
  { link }: Cluster,
  entity: Entity,
  all: boolean,
): Promise<Setting[]> {
  if (entity.kind === 'quotas') return quotasOf(await quotaEntries({ link }, entity.parts));
  const { type, name } = entity;
  const resource = { resourceType: configTypes[type], resourceName: name };
  const request = { resources: [{ ...resource, configurationKeys: null }] };
  const [result] = (await link.call(describeConfigs, request)).results;
  check(result, nameOf(entity));
  return result.configs
    .filter(({ configSource }) => all || isOwn(type, name, configSource))
    .map(({ name, value, configSource, readOnly }) => ({
      name,
      value,
      source: sources[configSource] ?? String(configSource),
      isDefault: configSource === defaultSource,
      isReadOnly: readOnly,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether it was set for just this one. */
function isOwn(type: ConfigType, name: string, source: number): boolean {
  return source === { topic: 1, broker: name === '' ? 3 : 2, group: 8 }[type];
}

export type Change =
  | { readonly set: string }
  | { readonly add: string }
  | { readonly take: string };

/** null: back to the default. Throws UsageError for what is no number where it must be one. */
export async function change(
  { link }: Cluster,
  entity: Entity,
  changes: ReadonlyMap<string, Change | null>,
): Promise<void> {
  if (entity.kind === 'quotas') {
    const ops = [...changes].map(([key, to]) => ({ key, ...quotaChange(key, to) }));
    const request = { entries: [{ entity: entity.parts, ops }], validateOnly: false };
    const answer = await link.call(alterClientQuotas, request);
    for (const entry of answer.entries) check(entry, nameOf(entity));
    return;
  }
  const configs = [...changes].map(([name, to]) => ({ name, ...configChange(to) }));
  const resource = { resourceType: configTypes[entity.type], resourceName: entity.name };
  const request = { resources: [{ ...resource, configs }], validateOnly: false };
  const answer = await link.call(incrementalAlterConfigs, request);
  for (const response of answer.responses) check(response, nameOf(entity));
}

function configChange(to: Change | null): { configOperation: number; value: string | null } {
  if (to === null) return { configOperation: 1, value: null };
  if ('set' in to) return { configOperation: 0, value: to.set };
  return 'add' in to
    ? { configOperation: 2, value: to.add }
    : { configOperation: 3, value: to.take };
}

function quotaChange(key: string, to: Change | null): { value: number; remove: boolean } {
  if (to === null) return { value: 0, remove: true };
  const value = 'set' in to ? Number(to.set) : Number.NaN;
  if (Number.isNaN(value)) throw new UsageError(`${key} must be a number.`);
  return { value, remove: false };
}

export interface QuotaEntry {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[];
  readonly values: readonly { readonly key: string; readonly value: number }[];
}

/** Those of just these, or (undefined) all there are. */
export async function quotaEntries(
  { link }: Pick<Cluster, 'link'>,
  parts: readonly QuotaPart[] | undefined,
): Promise<readonly QuotaEntry[]> {
  const components = (parts ?? []).map(({ entityType, entityName }) => ({
    entityType,
    // 0: of this name; 1: the default.
    matchType: entityName === null ? 1 : 0,
    match: entityName,
  }));
  const request = { components, strict: parts !== undefined };
  const answer = await link.call(describeClientQuotas, request);
  check(answer);
  return answer.entries ?? [];
}

export function quotasOf(entries: readonly QuotaEntry[]): Setting[] {
  return entries.flatMap(({ values }) =>
    values.map(({ key, value }) => ({
      ...{ name: key, value: String(value), source: 'quota' },
      ...{ isDefault: false, isReadOnly: false },
    })),
  );
}

function check(
  { errorCode, errorMessage }: { errorCode: number; errorMessage: string | null },
  what?: string,
): void {
  if (errorCode === ErrorCode.NONE) return;
  const { message } = new KafkaError(errorCode, errorMessage ?? undefined);
  throw new KafkaError(errorCode, what === undefined ? message : `${message} (${what})`);
}
