/**
 * REST v3: the configs of topics. The surprise: each says where its value comes from, the list of
 * those places included, so that a default is told from what somebody set.
 */
import { ConfigSource } from '../../../core/cluster/config-definitions.ts';
import type { DescribeConfigsResponse } from '../../../protocol/apis/describe-configs.ts';
import { describeConfigs } from '../../../protocol/apis/describe-configs.ts';
import { incrementalAlterConfigs } from '../../../protocol/apis/incremental-alter-configs.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { readJsonObject } from '../body.ts';
import { checkFields, checkList, checkObject, checkString, optional } from '../check.ts';
import { HttpError, invalid, plainHttpError } from '../errors.ts';
import type { HttpContext } from '../routes.ts';
import { clusterUrl, json, listOf, requireCluster, resource } from './shapes.ts';

type Config = DescribeConfigsResponse['results'][number]['configs'][number];

interface Change {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}

const topicResource = 2;
const operations: Readonly<Record<string, number>> = { SET: 0, DELETE: 1 };
const sourceNames = new Map<number, string>(
  Object.entries(ConfigSource).map(([name, code]) => [code, name]),
);

/** The configs of one topic. */
export async function listTopicConfigs(c: HttpContext): Promise<Response> {
  const url = await clusterUrl(c);
  const topic = c.req.param('topic')!;
  const data = await configsOf(c, [topic]);
  return listOf('KafkaTopicConfigList', `${topicUrl(url, topic)}/configs`, data);
}

/** The configs of every topic, topic by topic. */
export async function listAllTopicConfigs(c: HttpContext): Promise<Response> {
  const url = await clusterUrl(c);
  const topics = await c.get('kafka').topics(null);
  const names = topics.map(({ name }) => name!).sort();
  return listOf('KafkaTopicConfigList', `${url}/topics/-/configs`, await configsOf(c, names));
}

export async function getTopicConfig(c: HttpContext): Promise<Response> {
  const topic = c.req.param('topic')!;
  const name = c.req.param('name')!;
  const [config] = await configsOf(c, [topic], name);
  if (config === undefined) throw plainHttpError(404);
  return json(config);
}

export async function putTopicConfig(c: HttpContext): Promise<Response> {
  await requireCluster(c);
  const body = await readJsonObject(c.req.raw);
  if (body === undefined) throw invalid('The request needs a body with value');
  checkFields(body, ['value']);
  const name = c.req.param('name')!;
  await alter(c, [{ name, configOperation: operations.SET, value: textOf(body.value) }]);
  return new Response(null, { status: 204 });
}

/** Back to its default. */
export async function resetTopicConfig(c: HttpContext): Promise<Response> {
  await requireCluster(c);
  const name = c.req.param('name')!;
  await alter(c, [{ name, configOperation: operations.DELETE, value: null }]);
  return new Response(null, { status: 204 });
}

/** All of them, or none. */
export async function alterTopicConfigs(c: HttpContext): Promise<Response> {
  await requireCluster(c);
  const body = await readJsonObject(c.req.raw);
  if (body === undefined) throw invalid('The request needs a body with data');
  checkFields(body, ['data', 'validate_only']);
  const validateOnly = body.validate_only ?? false;
  if (typeof validateOnly !== 'boolean') {
    throw new HttpError(400, 400, 'validate_only must be true or false');
  }
  const changes = checkList(body.data, 'data').map(parseChange);
  await alter(c, changes, validateOnly);
  return new Response(null, { status: 204 });
}

function parseChange(element: unknown, index: number): Change {
  const where = `data[${index}]`;
  const item = checkObject(element, where);
  checkFields(item, ['name', 'value', 'operation']);
  const name = checkString(item.name, `${where}.name`);
  const operation = optional(item.operation, (text) => checkString(text, `${where}.operation`));
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

/** Throws 404 where the topic or a config is unknown, so that nobody deletes what never was. */
async function alter(c: HttpContext, configs: Change[], validateOnly = false): Promise<void> {
  const topic = c.req.param('topic')!;
  const kafka = c.get('kafka');
  const known = new Set((await kafka.topicConfigs(topic)).map(({ name }) => name));
  const stranger = configs.find(({ name }) => !known.has(name));
  if (stranger !== undefined) {
    const place = `TOPIC ${topic} in cluster ${await requireCluster(c)}`;
    throw new HttpError(404, 404, `Config ${stranger.name} cannot be found for ${place}.`);
  }
  const resources = [{ resourceType: topicResource, resourceName: topic, configs }];
  const [{ errorCode, errorMessage }] = (
    await kafka.call(incrementalAlterConfigs, { resources, validateOnly })
  ).responses;
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
}

/** The configs of these topics, or the one with this name of each. */
async function configsOf(c: HttpContext, topics: readonly string[], name?: string) {
  const url = await clusterUrl(c);
  const id = await requireCluster(c);
  const configurationKeys = name === undefined ? null : [name];
  const { results } = await c.get('kafka').call(describeConfigs, {
    resources: topics.map((resourceName) => ({
      resourceType: topicResource,
      resourceName,
      configurationKeys,
    })),
    includeSynonyms: true,
    includeDocumentation: false,
  });
  return results.flatMap(({ errorCode, errorMessage, resourceName: topic, configs }) => {
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
    return configs.map((config) => configToJson(config, topic, url, id));
  });
}

function configToJson(config: Config, topic: string, cluster: string, id: string) {
  const { name, value, readOnly, isSensitive, configSource, synonyms } = config;
  const self = `${topicUrl(cluster, topic)}/configs/${encodeURIComponent(name)}`;
  return {
    ...resource('KafkaTopicConfig', self, `kafka=${id}/topic=${topic}/config=${name}`),
    cluster_id: id,
    topic_name: topic,
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

function topicUrl(cluster: string, name: string): string {
  return `${cluster}/topics/${encodeURIComponent(name)}`;
}
