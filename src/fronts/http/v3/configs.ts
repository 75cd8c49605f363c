/**
 * REST v3: the configs of topics, of the broker, and of all brokers together. The surprise: a
 * topic's and a broker's configs are altered only under names there are, while anything may be set
 * for the whole cluster, where only what was set is listed.
 */
import { ConfigSource } from '../../../core/cluster/config-definitions.ts';
import {
  type DescribeConfigsResponse,
  describeConfigs,
} from '../../../protocol/apis/describe-configs.ts';
import { incrementalAlterConfigs } from '../../../protocol/apis/incremental-alter-configs.ts';
import { checkFields, checkList, checkObject, checkString, optional } from '../check.ts';
import { HttpError, plainHttpError } from '../errors.ts';
import type { HttpContext, Route } from '../routes.ts';
import { flag, list, object, one, orNull, text, whole } from '../schemas.ts';
import { brokerAt } from './clusters.ts';
import {
  answers,
  body,
  clusterPath,
  done,
  resourceOf,
  resourcesOf,
  route,
  topicPath,
} from './route.ts';
import {
  brokerUrl,
  type Cluster,
  checkCode,
  clusterAt,
  json,
  listOf,
  nothing,
  requireBody,
  resource,
  topicUrl,
  validateOnly,
} from './shapes.ts';

type Config = Omit<
  DescribeConfigsResponse['results'][number]['configs'][number],
  'configType' | 'documentation'
>;

/** Something that has configs. */
export interface Owner {
  /** Kafka's kind of it, as a code and in an error's words. */
  readonly type: 2 | 4;
  readonly name: string;
  readonly kind: string;
  /** Where its configs live. */
  readonly url: string;
  /** A config of it, but for the config's own name. */
  readonly crn: string;
  /** What each of its configs says of it. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether only configs that are there can be altered. */
  readonly isStrict: boolean;
}

type OwnerAt = (c: HttpContext, cluster: Cluster) => Owner | Promise<Owner>;

export interface Change {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}

const topicType = 2;
const brokerType = 4;
const operations: Readonly<Record<string, number>> = { SET: 0, DELETE: 1 };
const sourceNames = new Map<number, string>(
  Object.entries(ConfigSource).map(([name, code]) => [code, name]),
);

export const topicNamed = (name: string, cluster: Cluster): Owner => ({
  type: topicType,
  name,
  kind: 'KafkaTopicConfig',
  url: `${topicUrl(cluster, name)}/configs`,
  crn: `topic=${name}/config=`,
  fields: { topic_name: name },
  isStrict: true,
});

const topicAt: OwnerAt = (c, cluster) => topicNamed(c.req.param('topic')!, cluster);

const brokerNumbered = (broker: number, cluster: Cluster): Owner => ({
  type: brokerType,
  name: String(broker),
  kind: 'KafkaBrokerConfig',
  url: `${brokerUrl(cluster, broker)}/configs`,
  crn: `broker=${broker}/config=`,
  fields: { broker_id: broker },
  isStrict: true,
});

const brokerOf: OwnerAt = async (c, cluster) => brokerNumbered(await brokerAt(c), cluster);

/** A broker without a number stands for all of them. */
const allBrokers: OwnerAt = (_c, { url }) => ({
  type: brokerType,
  name: '',
  kind: 'KafkaClusterConfig',
  url: `${url}/broker-configs`,
  crn: 'broker-config=',
  fields: { config_type: 'BROKER' },
  isStrict: false,
});

const listConfigs = (ownerAt: OwnerAt) => async (c: HttpContext) => {
  const cluster = await clusterAt(c);
  const owner = await ownerAt(c, cluster);
  return listOf(`${owner.kind}List`, owner.url, await configsOf(c, cluster, [owner]));
};

/** The configs of every topic, topic by topic. */
async function listAllTopicConfigs(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const topics = await c.get('kafka').topics(null);
  const owners = topics
    .map(({ name }) => name!)
    .sort()
    .map((name) => topicNamed(name, cluster));
  const data = await configsOf(c, cluster, owners);
  return listOf('KafkaTopicConfigList', `${cluster.url}/topics/-/configs`, data);
}

/** The configs of every broker: of the one there is. */
async function listAllBrokerConfigs(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const owner = brokerNumbered(c.env.gateway.config.nodeId, cluster);
  const data = await configsOf(c, cluster, [owner]);
  return listOf('KafkaBrokerConfigList', `${cluster.url}/brokers/-/configs`, data);
}

const getConfig = (ownerAt: OwnerAt) => async (c: HttpContext) => {
  const cluster = await clusterAt(c);
  const owner = await ownerAt(c, cluster);
  const [config] = await configsOf(c, cluster, [owner], c.req.param('name')!);
  if (config === undefined) throw plainHttpError(404);
  return json(config);
};

const putConfig = (ownerAt: OwnerAt) => async (c: HttpContext) => {
  const cluster = await clusterAt(c);
  const owner = await ownerAt(c, cluster);
  const { value } = await requireBody(c, ['value']);
  const name = c.req.param('name')!;
  const change = { name, configOperation: operations.SET, value: textOf(value) };
  return alter(c, cluster, owner, [change], false);
};

/** Back to its default. */
const resetConfig = (ownerAt: OwnerAt) => async (c: HttpContext) => {
  const cluster = await clusterAt(c);
  const owner = await ownerAt(c, cluster);
  const change = { name: c.req.param('name')!, configOperation: operations.DELETE, value: null };
  return alter(c, cluster, owner, [change], false);
};

/** All of them, or none. */
const alterConfigs = (ownerAt: OwnerAt) => async (c: HttpContext) => {
  const cluster = await clusterAt(c);
  const owner = await ownerAt(c, cluster);
  const given = await requireBody(c, ['data', 'validate_only']);
  const changes = checkList(given.data, 'data').map((item, index) =>
    parseChange(item, `data[${index}]`),
  );
  return alter(c, cluster, owner, changes, validateOnly(given));
};

export function parseChange(element: unknown, where: string): Change {
  const item = checkObject(element, where);
  checkFields(item, ['name', 'value', 'operation']);
  const name = checkString(item.name, `${where}.name`);
  const operation = optional(item.operation, (value) => checkString(value, `${where}.operation`));
  const configOperation = operations[(operation ?? 'SET').toUpperCase()];
  if (configOperation === undefined) {
    throw new HttpError(400, 400, `${where}.operation must be SET or DELETE`);
  }
  return { name, configOperation, value: textOf(item.value) };
}

/** A number or a boolean is what it looks like: configs are text. */
function textOf(value: unknown): string | null {
  return optional(value, String) ?? null;
}

/** Throws 404 where a config is unknown, so that nobody deletes what never was. */
export async function checkKnown(
  c: HttpContext,
  cluster: Cluster,
  owner: Owner,
  changes: readonly Change[],
): Promise<void> {
  const known = new Set((await configsOf(c, cluster, [owner])).map(({ name }) => name));
  const stranger = changes.find(({ name }) => !known.has(name));
  if (stranger === undefined) return;
  const type = owner.type === topicType ? 'TOPIC' : 'BROKER';
  const place = `${type} ${owner.name} in cluster ${cluster.id}`;
  throw new HttpError(404, 404, `Config ${stranger.name} cannot be found for ${place}.`);
}

async function alter(
  c: HttpContext,
  cluster: Cluster,
  owner: Owner,
  configs: Change[],
  validateOnly: boolean,
): Promise<Response> {
  if (owner.isStrict) await checkKnown(c, cluster, owner, configs);
  const resources = [{ resourceType: owner.type, resourceName: owner.name, configs }];
  const [{ errorCode, errorMessage }] = (
    await c.get('kafka').call(incrementalAlterConfigs, { resources, validateOnly })
  ).responses;
  checkCode(errorCode, errorMessage);
  return nothing();
}

/** The configs of these, or the one with this name of each. */
async function configsOf(
  c: HttpContext,
  cluster: Cluster,
  owners: readonly Owner[],
  name?: string,
) {
  const { results } = await c.get('kafka').call(describeConfigs, {
    resources: owners.map((owner) => ({
      resourceType: owner.type,
      resourceName: owner.name,
      configurationKeys: name === undefined ? null : [name],
    })),
    includeSynonyms: true,
    includeDocumentation: false,
  });
  return results.flatMap(({ errorCode, errorMessage, configs }, index) => {
    checkCode(errorCode, errorMessage);
    return configs.map((config) => configToJson(config, owners[index], cluster));
  });
}

export function configToJson(config: Config, owner: Owner, cluster: Cluster) {
  const { name, value, readOnly, isSensitive, configSource, synonyms } = config;
  const self = `${owner.url}/${encodeURIComponent(name)}`;
  return {
    ...resource(owner.kind, self, cluster, `${owner.crn}${name}`),
    ...owner.fields,
    name,
    value,
    is_read_only: readOnly,
    is_sensitive: isSensitive,
    source: sourceNames.get(configSource),
    synonyms: synonyms.map((synonym) => ({
      name: synonym.name,
      value: synonym.value,
      source: sourceNames.get(synonym.source),
    })),
    is_default: configSource === ConfigSource.DEFAULT_CONFIG,
  };
}

const source = one(...sourceNames.values());
const configSchema = (kind: string, owner: Readonly<Record<string, object>>) =>
  resourceOf(kind, {
    ...owner,
    name: text,
    value: orNull(text),
    is_read_only: flag,
    is_sensitive: flag,
    source,
    synonyms: list(object({ name: text, value: orNull(text), source })),
    is_default: flag,
  } as Readonly<Record<string, typeof text>>);
export const topicConfigSchema = configSchema('KafkaTopicConfig', { topic_name: text });
const brokerSchema = configSchema('KafkaBrokerConfig', { broker_id: whole });
const clusterSchema = configSchema('KafkaClusterConfig', { config_type: one('BROKER') });
export const changeSchema = object(
  { name: text },
  { value: orNull(text), operation: one('SET', 'DELETE') },
);

/** The six routes that everything with configs has. */
function routesOf(
  path: string,
  whose: string,
  ownerAt: OwnerAt,
  schema: typeof text,
  example: readonly [name: string, value: string],
): readonly Route[] {
  const kind = (schema.properties as { kind: { const: string } }).kind.const;
  const [name, value] = example;
  return [
    route('GET', path, listConfigs(ownerAt), {
      summary: `List the configs of ${whose}`,
      answers: answers(resourcesOf(`${kind}List`, schema), 'The configs.'),
    }),
    route('POST', `${path}:alter`, alterConfigs(ownerAt), {
      summary: `Set and reset configs of ${whose}: all of them, or none`,
      body: body(object({ data: list(changeSchema) }, { validate_only: flag }), {
        data: [{ name, value }],
      }),
      answers: done,
    }),
    route('GET', `${path}/:name`, getConfig(ownerAt), {
      summary: `Get a config of ${whose}`,
      answers: answers(schema, 'The config.'),
    }),
    route('PUT', `${path}/:name`, putConfig(ownerAt), {
      summary: `Set a config of ${whose}`,
      body: body(object({}, { value: orNull(text) }), { value }),
      answers: done,
    }),
    route('DELETE', `${path}/:name`, resetConfig(ownerAt), {
      summary: `Reset a config of ${whose} to its default`,
      answers: done,
    }),
  ];
}

const brokersPath = `${clusterPath}/brokers`;
const retention = ['retention.ms', '86400000'] as const;
const messageSize = ['message.max.bytes', '1000000'] as const;

export const configRoutes: readonly Route[] = [
  route('GET', `${clusterPath}/topics/-/configs`, listAllTopicConfigs, {
    summary: 'List the configs of all topics',
    answers: answers(resourcesOf('KafkaTopicConfigList', topicConfigSchema), 'The configs.'),
  }),
  ...routesOf(`${topicPath}/configs`, 'a topic', topicAt, topicConfigSchema, retention),
  route('GET', `${brokersPath}/-/configs`, listAllBrokerConfigs, {
    summary: 'List the configs of all brokers',
    answers: answers(resourcesOf('KafkaBrokerConfigList', brokerSchema), 'The configs.'),
  }),
  ...routesOf(`${brokersPath}/:broker/configs`, 'a broker', brokerOf, brokerSchema, messageSize),
  ...routesOf(
    `${clusterPath}/broker-configs`,
    'all brokers',
    allBrokers,
    clusterSchema,
    messageSize,
  ),
];
