/**
 * DescribeConfigs: what a topic or the broker is set to, and why. The surprise: a broker with an
 * empty name stands for the defaults of all brokers that were set while they ran, and for nothing
 * else.
 *
 * Behaviour
 * - To describe the configs of the topic, the group, or for all else the cluster is asked for.
 * - Topics, groups, client metrics and the broker answer from one table each, whether there is
 *   such a group or not; loggers have nothing that could be set and answer an empty list.
 * - A list of keys picks among the configs; an empty list, like null, is all of them.
 * - A resource that cannot be described is refused by itself, with Kafka's words.
 * - The controller is asked once for whatever is named, be it one topic or a thousand.
 *
 * Versions
 * - 1: synonyms and sources (KIP-226) · 3: types and documentation (KIP-569) · 4: flexible
 *   (KIP-482)
 */
import type { BrokerSettings } from '../../core/cluster/broker-settings.ts';
import type { TopicView } from '../../core/cluster/commands.ts';
import type { EffectiveConfig } from '../../core/cluster/effective-configs.ts';
import {
  effectiveBrokerConfigs,
  effectiveBrokerDefaults,
  effectiveClientMetricsConfigs,
  effectiveGroupConfigs,
  effectiveTopicConfigs,
} from '../../core/cluster/effective-configs.ts';
import type { ResourceKind } from '../../core/cluster/resource-configs.ts';
import { topicNameProblem } from '../../core/cluster/topic-names.ts';
import type {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from '../../protocol/apis/describe-configs.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { settingsBeside } from '../../runtime/broker-settings.ts';
import { deniedConfigs, mayWithConfigs } from '../config-permissions.ts';
import type { Handler, RequestContext } from '../context.ts';
import { ResourceType } from '../resource-type.ts';

type Resource = DescribeConfigsRequest['resources'][number];
type Answer = DescribeConfigsResponse['results'][number];

export const handleDescribeConfigs: Handler<
  DescribeConfigsRequest,
  DescribeConfigsResponse
> = async (request, context) => {
  const known = new Set<number>(Object.values(ResourceType));
  const stranger = request.resources.find(({ resourceType }) => !known.has(resourceType));
  if (stranger) {
    throw invalid(`Unexpected resource type UNKNOWN for resource ${stranger.resourceName}`);
  }
  const mayDescribe = await mayWithConfigs(context, 'DESCRIBE_CONFIGS', request.resources);
  const resources = request.resources.filter(mayDescribe);
  const found = await lookUp(resources, context);
  const results = resources.map((resource) => describe(resource, request, found));
  const forbidden = request.resources.filter((resource) => !mayDescribe(resource));
  return { throttleTimeMs: 0, results: [...results, ...forbidden.map(refused)] };
};

function refused(resource: Resource): Answer {
  const { resourceType, resourceName } = resource;
  const errorCode = deniedConfigs(resource);
  const errorMessage = errorInfo(errorCode).message;
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] };
}

/** What a request needs to know, asked for all of its resources at once. */
interface Found {
  readonly context: RequestContext;
  readonly topics: ReadonlyMap<string, TopicView>;
  readonly settings: BrokerSettings;
  /** What is set on a group or a subscription to client metrics. */
  readonly setOn: ReadonlyMap<Resource, Readonly<Record<string, string>>>;
}

async function lookUp(resources: readonly Resource[], context: RequestContext): Promise<Found> {
  const { config, metadata, objects } = context;
  const names = resources.filter(isTopic).map(({ resourceName }) => resourceName);
  const others = resources.filter(({ resourceType }) => kinds.has(resourceType));
  const asked = others.map(({ resourceType, resourceName: name }) => ({
    kind: kinds.get(resourceType)!,
    name,
  }));
  const [topics, [settings, ...set]] = await Promise.all([
    metadata.recent(names.filter((name) => topicNameProblem(name) === undefined)),
    settingsBeside(asked, objects.controller(), config),
  ]);
  const setOn = new Map(others.map((resource, i) => [resource, set[i]]));
  return { context, topics, settings, setOn };
}

const isTopic = ({ resourceType }: Resource): boolean => resourceType === ResourceType.TOPIC;

const kinds: ReadonlyMap<number, ResourceKind> = new Map([
  [ResourceType.GROUP, 'group'],
  [ResourceType.CLIENT_METRICS, 'clientMetrics'],
]);

function describe(resource: Resource, request: DescribeConfigsRequest, found: Found): Answer {
  const { resourceType, resourceName, configurationKeys: keys } = resource;
  const answer = {
    errorCode: ErrorCode.NONE as number,
    errorMessage: null,
    resourceType,
    resourceName,
  };
  try {
    const configs = configsOf(resource, found).filter(
      ({ name }) => !keys || keys.length === 0 || keys.includes(name),
    );
    return { ...answer, configs: configs.map((config) => entry(config, request)) };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { ...answer, errorCode: error.code, errorMessage: error.message, configs: [] };
  }
}

function configsOf(
  resource: Resource,
  { context: { config, advertised }, topics, settings, setOn }: Found,
): readonly EffectiveConfig[] {
  const { resourceType, resourceName: name } = resource;
  switch (resourceType) {
    case ResourceType.TOPIC: {
      const problem = topicNameProblem(name);
      if (problem !== undefined) throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
      const topic = topics.get(name);
      if (!topic) throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      return effectiveTopicConfigs(topic.configs, settings);
    }
    case ResourceType.BROKER: {
      if (name === '') return effectiveBrokerDefaults(settings);
      checkBrokerId(name, config.nodeId, ' or empty string, but');
      const listener = `PLAINTEXT://${advertised.host}:${advertised.port}`;
      const fixed = new Map([...settings.fixed, ['advertised.listeners', listener]]);
      return effectiveBrokerConfigs({ ...settings, fixed });
    }
    case ResourceType.BROKER_LOGGER:
      if (name === '') throw invalid('Broker id must not be empty');
      checkBrokerId(name, config.nodeId, ' but');
      return [];
    case ResourceType.GROUP:
      if (name === '') throw invalid('Group name must not be empty');
      return effectiveGroupConfigs(setOn.get(resource)!, settings);
    default:
      if (name === '') throw invalid('Client metrics subscription name must not be empty');
      return effectiveClientMetricsConfigs(setOn.get(resource)!);
  }
}

function checkBrokerId(name: string, nodeId: number, expectation: string): void {
  if (!/^[+-]?\d+$/.test(name)) throw invalid(`Broker id must be an integer, but it is: ${name}`);
  if (Number(name) !== nodeId) {
    throw invalid(`Unexpected broker id, expected ${nodeId}${expectation} received ${name}`);
  }
}

function entry(
  config: EffectiveConfig,
  { includeSynonyms, includeDocumentation }: DescribeConfigsRequest,
): Answer['configs'][number] {
  return {
    name: config.name,
    value: config.value,
    readOnly: config.readOnly,
    configSource: config.source,
    isSensitive: config.isSensitive,
    synonyms: includeSynonyms ? [...config.synonyms] : [],
    configType: config.type,
    documentation: includeDocumentation ? config.documentation : null,
  };
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
