/**
 * REST v3: the configs of many topics at once, and those that a topic would have. The surprise: to
 * learn of the defaults a topic is created, but only to see whether it could be.
 */
import { createTopics } from '../../../protocol/apis/create-topics.ts';
import { incrementalAlterConfigs } from '../../../protocol/apis/incremental-alter-configs.ts';
import { checkFields, checkList, checkObject, checkString } from '../check.ts';
import { invalid } from '../errors.ts';
import type { HttpContext, Route } from '../routes.ts';
import { flag, list, object, text, whole } from '../schemas.ts';
import {
  changeSchema,
  checkKnown,
  configToJson,
  parseChange,
  topicConfigSchema,
  topicNamed,
} from './configs.ts';
import { answers, body, clusterPath, done, resourcesOf, route, topicPath } from './route.ts';
import {
  clusterAt,
  fromKafkaV3,
  json,
  listOf,
  nothing,
  requireBody,
  topicUrl,
  validateOnly,
} from './shapes.ts';

async function listDefaultConfigs(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const name = c.req.param('topic')!;
  const topic = { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
  const request = { topics: [topic], timeoutMs: 30_000, validateOnly: true };
  const [{ errorCode, errorMessage, topicConfigErrorCode, configs }] = (
    await c.get('kafka').call(createTopics, request)
  ).topics;
  const refusal = errorCode || topicConfigErrorCode;
  if (refusal !== 0) throw fromKafkaV3(refusal, errorMessage, name);
  const owner = topicNamed(name, cluster);
  const data = (configs ?? []).map((config) =>
    configToJson({ ...config, synonyms: [] }, owner, cluster),
  );
  return listOf('KafkaTopicConfigList', `${topicUrl(cluster, name)}/default-configs`, data);
}

/** Each topic's configs are altered together; one topic does not keep the others from it. */
async function alterManyTopics(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const given = await requireBody(c, ['data', 'validate_only']);
  const resources = checkList(given.data, 'data').map(parseTopic);
  const names = resources.map(({ resourceName }) => resourceName);
  if (new Set(names).size < names.length) throw invalid('data must name each topic once');
  for (const { resourceName, configs } of resources) {
    await checkKnown(c, cluster, topicNamed(resourceName, cluster), configs);
  }
  const request = { resources, validateOnly: validateOnly(given) };
  const { responses } = await c.get('kafka').call(incrementalAlterConfigs, request);
  const failures = responses
    .filter(({ errorCode }) => errorCode !== 0)
    .map(({ errorCode, errorMessage, resourceName }) => ({
      topic_name: resourceName,
      ...fromKafkaV3(errorCode, errorMessage, resourceName).body,
    }));
  return failures.length === 0 ? nothing() : json({ failures }, 207);
}

function parseTopic(element: unknown, index: number) {
  const where = `data[${index}]`;
  const item = checkObject(element, where);
  checkFields(item, ['topic_name', 'configs']);
  const resourceName = checkString(item.topic_name, `${where}.topic_name`);
  const configs = checkList(item.configs, `${where}.configs`).map((change, at) =>
    parseChange(change, `${where}.configs[${at}]`),
  );
  return { resourceType: 2, resourceName, configs };
}

const topicChanges = object({ topic_name: text, configs: list(changeSchema) });
const failure = object({ topic_name: text, error_code: whole, message: text });

export const topicConfigRoutes: readonly Route[] = [
  route('POST', `${clusterPath}/topics/-/configs:alter`, alterManyTopics, {
    summary: 'Set and reset configs of several topics: of each topic all of them, or none',
    body: body(object({ data: list(topicChanges) }, { validate_only: flag }), {
      data: [{ topic_name: 'orders', configs: [{ name: 'retention.ms', value: '86400000' }] }],
    }),
    answers: {
      ...done,
      ...answers(object({ failures: list(failure) }), 'Those that failed.', 207),
    },
  }),
  route('GET', `${topicPath}/default-configs`, listDefaultConfigs, {
    summary: 'List the configs that a topic would have if it were created',
    answers: {
      ...answers(resourcesOf('KafkaTopicConfigList', topicConfigSchema), 'The configs.'),
      400: { description: 'There is such a topic already, or its name cannot be one.' },
    },
  }),
];
