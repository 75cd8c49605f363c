/**
 * Topics and records for a test to begin with, in one request. The surprise: they go the way of
 * every client's, so what a topic would refuse is refused; but no fault strikes them.
 */
import { bytesOf, headersOf } from '../../core/record-lines.ts';
import { createTopics } from '../../protocol/apis/create-topics.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { timeNow } from '../../runtime/clock.ts';
import { readJsonObject } from '../http/body.ts';
import { fromKafka } from '../http/errors.ts';
import { isObject, type JsonObject } from '../http/json.ts';
import type { Kafka } from '../http/kafka.ts';
import { produceRecords, type RecordToProduce } from '../http/produce.ts';
import { bad, checkKnown, optional, text, whole } from './requests.ts';

interface NewTopic {
  readonly name: string;
  /** -1: as many as topics usually have. */
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
}

export interface Seed {
  readonly topics: readonly NewTopic[];
  /** By topic, in their order. */
  readonly records: ReadonlyMap<string, readonly RecordToProduce[]>;
}

export async function readSeed(request: Request): Promise<Seed> {
  const body = (await readJsonObject(request)) ?? {};
  checkKnown(body, ['topics', 'records'], '');
  const records = objects(body.records, 'records').map(({ said, where }) => recordOf(said, where));
  return {
    topics: objects(body.topics, 'topics').map(({ said, where }) => topicOf(said, where)),
    records: new Map(
      [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, all]) => [
        topic,
        all.map(({ record }) => record),
      ]),
    ),
  };
}

/** Settles when everything is stored. */
export async function sow({ topics, records }: Seed, kafka: Kafka): Promise<void> {
  try {
    if (topics.length > 0) await make(topics, kafka);
    for (const [topic, all] of records) {
      for (const result of await produceRecords(kafka, topic, all)) {
        if ('errorCode' in result) throw fromKafka(result.errorCode, result.message);
      }
    }
  } finally {
    kafka.close();
  }
}

async function make(topics: readonly NewTopic[], kafka: Kafka): Promise<void> {
  const { topics: made } = await kafka.call(createTopics, {
    topics: topics.map(({ name, partitions, configs }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: -1,
      assignments: [],
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })),
    timeoutMs: 30_000,
    validateOnly: false,
  });
  for (const { name, errorCode, errorMessage } of made) {
    if (errorCode === ErrorCode.NONE) continue;
    const error = fromKafka(errorCode, errorMessage);
    error.message = `topic ${name}: ${error.message}`;
    throw error;
  }
}

function topicOf(said: JsonObject, where: string): NewTopic {
  checkKnown(said, ['name', 'partitions', 'configs'], where);
  const configs = said.configs ?? {};
  if (!isObject(configs)) throw bad(`${where}configs must be an object.`);
  return {
    name: text(said.name, `${where}name`),
    partitions: optional(said.partitions, `${where}partitions`, whole(1)) ?? -1,
    configs: Object.fromEntries(Object.entries(configs).map(([name, v]) => [name, String(v)])),
  };
}

const recordFields = ['topic', 'key', 'value', 'headers', 'partition', 'timestamp'];

function recordOf(said: JsonObject, where: string): { topic: string; record: RecordToProduce } {
  checkKnown(said, recordFields, where);
  const timestamp = optional(said.timestamp, `${where}timestamp`, whole(0)) ?? timeNow();
  const partition = optional(said.partition, `${where}partition`, whole(0)) ?? null;
  try {
    const [key, value, headers] = [bytesOf(said.key), bytesOf(said.value), headersOf(said.headers)];
    const topic = text(said.topic, `${where}topic`);
    return { topic, record: { key, value, headers, partition, timestamp } };
  } catch (error) {
    if (error instanceof SyntaxError) throw bad(`${where}${error.message}.`);
    throw error;
  }
}

function objects(value: unknown, name: string): { said: JsonObject; where: string }[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw bad(`${name} must be a list.`);
  return value.map((said, index) => {
    if (!isObject(said)) throw bad(`${name}[${index}] must be an object.`);
    return { said, where: `${name}[${index}].` };
  });
}
