/**
 * Changes the configs of whatever a request names, each resource for itself: Kafka's checks in
 * Kafka's order and with its words. The surprise: the broker's loggers are not known; all else the
 * controller keeps.
 */
import { ConfigOperation } from '../core/cluster/altered-configs.ts';
import type { ConfigChange } from '../core/cluster/commands.ts';
import type { ResourceKind } from '../core/cluster/resource-configs.ts';
import type { Result } from '../core/cluster/results.ts';
import { resultOf } from '../core/cluster/results.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { deniedConfigs, mayWithConfigs } from './config-permissions.ts';
import type { RequestContext } from './context.ts';
import { ResourceType } from './resource-type.ts';

export interface AlteredResource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly changes: readonly ConfigChange[];
}

export interface AlterAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
}

interface AlterOptions {
  /** What is not named goes back to its default. */
  readonly replaces: boolean;
  readonly validateOnly: boolean;
}

/** One answer a resource, in the order of the request. */
export async function alterResources(
  resources: readonly AlteredResource[],
  options: AlterOptions,
  context: RequestContext,
): Promise<AlterAnswer[]> {
  const counts = new Map<string, number>();
  for (const resource of resources) {
    counts.set(identityOf(resource), (counts.get(identityOf(resource)) ?? 0) + 1);
  }
  const mayAlter = await mayWithConfigs(context, 'ALTER_CONFIGS', resources);
  const results = resources.map((resource) => {
    const isTwice = counts.get(identityOf(resource))! > 1;
    const isAllowed = mayAlter(resource);
    return resultOf(() => check(resource, { isTwice, isAllowed, ...options }, context));
  });
  const passed = resources.filter((_, i) => results[i].errorCode === ErrorCode.NONE);
  const ofType = (...types: readonly number[]) =>
    passed.filter(({ resourceType }) => types.includes(resourceType));
  const altered = new Map([
    ...(await alterTopics(ofType(ResourceType.TOPIC), options, context)),
    ...(await alterOthers(ofType(...kinds.keys()), options, context)),
  ]);
  return resources.map((resource, i) => {
    const { errorCode, errorMessage } = altered.get(resource) ?? results[i];
    const { resourceType, resourceName } = resource;
    return { errorCode, errorMessage, resourceType, resourceName };
  });
}

const identityOf = ({ resourceType, resourceName }: AlteredResource): string =>
  `${resourceType} ${resourceName}`;

/** What the controller says to the changes of these topics. */
async function alterTopics(
  resources: readonly AlteredResource[],
  { replaces, validateOnly }: AlterOptions,
  { objects, metadata }: RequestContext,
): Promise<ReadonlyMap<AlteredResource, Result>> {
  if (resources.length === 0) return new Map();
  const topics = resources.map(({ resourceName: name, changes }) => ({ name, replaces, changes }));
  const reply = await objects.controller().call('alterConfigs', { topics, validateOnly });
  if (!validateOnly) metadata.learn(reply.topics.flatMap(({ topic }) => topic ?? []));
  return new Map(resources.map((resource, i) => [resource, reply.topics[i]]));
}

const kinds: ReadonlyMap<number, ResourceKind> = new Map([
  [ResourceType.GROUP, 'group'],
  [ResourceType.CLIENT_METRICS, 'clientMetrics'],
  [ResourceType.BROKER, 'broker'],
]);

/** The same of groups, of subscriptions to client metrics and of brokers. */
async function alterOthers(
  resources: readonly AlteredResource[],
  { replaces, validateOnly }: AlterOptions,
  { objects }: RequestContext,
): Promise<ReadonlyMap<AlteredResource, Result>> {
  if (resources.length === 0) return new Map();
  const altered = resources.map(({ resourceType, resourceName: name, changes }) => ({
    kind: kinds.get(resourceType)!,
    name,
    replaces,
    changes,
  }));
  const command = { resources: altered, validateOnly };
  const { results } = await objects.controller().call('alterResourceConfigs', command);
  return new Map(resources.map((resource, i) => [resource, results[i]]));
}

interface Checked extends AlterOptions {
  readonly isTwice: boolean;
  /** The client may alter it. */
  readonly isAllowed: boolean;
}

/** Throws the refusal that fits a resource; what the controller keeps it checks itself. */
function check(
  resource: AlteredResource,
  { isTwice, isAllowed, replaces }: Checked,
  { config }: RequestContext,
): void {
  if (isTwice) throw invalid('Each resource must appear at most once.');
  const { resourceType, changes } = resource;
  checkChanges(changes);
  const isKnown = Object.values<number>(ResourceType).includes(resourceType);
  // The levels of loggers are changed one by one, or not at all.
  if (!isKnown || (replaces && resourceType === ResourceType.BROKER_LOGGER)) {
    throw invalid(`Unknown resource type ${resourceType}`);
  }
  if (!isAllowed) throw new KafkaError(deniedConfigs(resource));
  if (resourceType === ResourceType.BROKER) checkBroker(resource, config.nodeId);
  if (resourceType === ResourceType.BROKER_LOGGER) checkLogger(resource, config.nodeId);
}

/** What Kafka asks of changes before it looks at what they change. */
function checkChanges(changes: readonly ConfigChange[]): void {
  const names = changes.map(({ name }) => name);
  if (new Set(names).size < names.length) throw invalid('Error due to duplicate config keys');
  const nulls = changes.filter(
    ({ operation, value }) => operation !== ConfigOperation.DELETE && value === null,
  );
  if (nulls.length > 0) {
    throw invalid(`Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`);
  }
  const operations: readonly number[] = Object.values(ConfigOperation);
  const stranger = changes.find(({ operation }) => !operations.includes(operation));
  if (stranger) throw invalid(`Unknown config operation ${stranger.operation}`);
}

function checkBroker({ resourceName }: AlteredResource, nodeId: number): void {
  if (resourceName !== '' && nodeIdOf(resourceName) !== nodeId) {
    throw invalid(`Unexpected broker id, expected ${nodeId}, but received ${resourceName}`);
  }
}

function checkLogger({ resourceName, changes }: AlteredResource, nodeId: number): void {
  if (nodeIdOf(resourceName) !== nodeId) {
    throw invalid(`Unexpected node id. Expected ${nodeId}, but received ${resourceName}`);
  }
  if (changes.length > 0) throw invalidConfig(`Logger ${changes[0].name} does not exist!`);
}

function nodeIdOf(name: string): number {
  if (!/^[+-]?\d+$/.test(name)) throw invalid(`Node id must be an integer, but it is: ${name}`);
  return Number(name);
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}

function invalidConfig(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_CONFIG, message);
}
