/**
 * A subscription as JSON, both ways. The surprise: secrets go in and never come out; what is shown
 * is how many there are, and who leaves them out keeps them.
 */
import {
  defaultDeadLetterTopic,
  limits,
  type Subscription,
  type Target,
} from '../../../core/push/subscription.ts';
import { keyOfSecret } from '../../../core/push/webhook.ts';
import {
  checkFields,
  checkInteger,
  checkList,
  checkObject,
  checkString,
  optional,
} from '../check.ts';
import { invalid } from '../errors.ts';
import type { JsonObject } from '../json.ts';

/** Where partitions begin of which the group has committed nothing. */
export type Start =
  | { readonly at: 'earliest' | 'latest' }
  | { readonly timestamp: number }
  | { readonly offsets: readonly PartitionStart[] };

export interface PartitionStart {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export type WhatToDo = Omit<Subscription, 'principal' | 'createdAt' | 'updatedAt'>;

const mostSecrets = 5;
const fields = [
  'topics',
  'start',
  'target',
  'body',
  'max_batch_size',
  'max_batch_timeout_ms',
  'max_retries',
  'retry_delay_ms',
  'max_retry_delay_ms',
  'dead_letter_topic',
  'order',
  'max_concurrency',
  'partition_concurrency',
];

/** Kafka's rule for topics, which names of groups need not follow; ours do. */
export function checkName(name: string): string {
  const isGood = /^[A-Za-z0-9._-]+$/.test(name) && name.length <= limits.nameLength;
  if (isGood && name !== '.' && name !== '..') return name;
  throw invalid(
    `a subscription's name has 1 to ${limits.nameLength} of a-z, A-Z, 0-9, ".", "_", "-"`,
  );
}

export function parseSubscription(
  name: string,
  body: JsonObject,
): { what: WhatToDo; start: Start } {
  checkFields(body, fields);
  const { batchSize, batchTimeoutMs, retries, concurrency, partitionConcurrency } = limits;
  const order = oneOf(body.order, 'order', ['partition', 'key'] as const);
  const what: WhatToDo = {
    name: checkName(name),
    topics: parseTopics(body.topics),
    target: parseTarget(checkObject(body.target, 'target')),
    body: oneOf(body.body, 'body', ['json', 'text', 'bytes'] as const),
    order,
    maxBatchSize: within(body.max_batch_size, 'max_batch_size', batchSize, 1),
    maxBatchTimeoutMs: within(body.max_batch_timeout_ms, 'max_batch_timeout_ms', batchTimeoutMs),
    maxRetries: within(body.max_retries, 'max_retries', retries),
    retryDelayMs: within(body.retry_delay_ms, 'retry_delay_ms', limits.retryDelayMs),
    maxRetryDelayMs: within(body.max_retry_delay_ms, 'max_retry_delay_ms', limits.maxRetryDelayMs),
    deadLetterTopic: parseDeadLetterTopic(body.dead_letter_topic),
    maxConcurrency: within(body.max_concurrency, 'max_concurrency', concurrency, 1),
    partitionConcurrency: within(
      body.partition_concurrency,
      'partition_concurrency',
      partitionConcurrency,
      1,
    ),
  };
  if (order === 'partition' && what.partitionConcurrency > 1) {
    throw invalid('partition_concurrency is 1 where partitions are kept in order: see order');
  }
  return { what, start: parseStart(body.start) };
}

function parseTopics(value: unknown): readonly string[] {
  const topics = checkList(value, 'topics').map((topic, i) => checkString(topic, `topics[${i}]`));
  if (topics.length === 0) throw invalid('topics may not be empty');
  if (topics.length > limits.topics) throw invalid(`topics may have ${limits.topics} at most`);
  return [...new Set(topics)];
}

function parseTarget(target: JsonObject): Target {
  const type = checkString(target.type, 'target.type');
  if (type === 'worker') {
    checkFields(target, ['type', 'binding']);
    return { type, binding: checkString(target.binding, 'target.binding') };
  }
  if (type !== 'webhook') throw invalid('target.type must be worker or webhook');
  checkFields(target, ['type', 'url', 'secrets', 'timeout_ms']);
  const secrets = optional(target.secrets, (value) => checkList(value, 'target.secrets')) ?? [];
  if (secrets.length > mostSecrets) throw invalid(`target.secrets may have ${mostSecrets} at most`);
  return {
    type,
    url: checkString(target.url, 'target.url'),
    secrets: secrets.map((secret, index) => checkSecret(secret, `target.secrets[${index}]`)),
    timeoutMs: within(target.timeout_ms, 'target.timeout_ms', limits.webhookTimeoutMs, 100),
  };
}

/** What is wrong with it is said without saying it. */
function checkSecret(value: unknown, where: string): string {
  const secret = checkString(value, where);
  if (keyOfSecret(secret) !== undefined) return secret;
  throw invalid(`${where} must be whsec_ and the base64 of 24 to 64 random bytes`);
}

function parseDeadLetterTopic(value: unknown): string | null {
  if (value === undefined) return defaultDeadLetterTopic;
  return value === null ? null : checkString(value, 'dead_letter_topic');
}

function parseStart(value: unknown): Start {
  if (value === undefined || value === null) return { at: 'earliest' };
  if (value === 'earliest' || value === 'latest') return { at: value };
  if (typeof value === 'string') throw invalid('start must be earliest, latest or an object');
  const start = checkObject(value, 'start');
  checkFields(start, ['timestamp', 'offsets']);
  if ((start.timestamp === undefined) === (start.offsets === undefined)) {
    throw invalid('start has either timestamp or offsets');
  }
  if (start.timestamp !== undefined) {
    return { timestamp: checkInteger(start.timestamp, 'start.timestamp', 0) };
  }
  const offsets = checkList(start.offsets, 'start.offsets').map((item, index) => {
    const where = `start.offsets[${index}]`;
    const one = checkObject(item, where);
    checkFields(one, ['topic', 'partition', 'offset']);
    return {
      topic: checkString(one.topic, `${where}.topic`),
      partition: checkInteger(one.partition, `${where}.partition`, 0),
      offset: checkInteger(one.offset, `${where}.offset`, 0),
    };
  });
  return { offsets };
}

interface Range {
  readonly default: number;
  readonly most: number;
}

function within(value: unknown, name: string, range: Range, least = 0): number {
  const number = optional(value, (given) => checkInteger(given, name, least)) ?? range.default;
  if (number > range.most) throw invalid(`${name} must be less than or equal to ${range.most}`);
  return number;
}

/** The first is the default. */
function oneOf<T extends string>(value: unknown, name: string, values: readonly T[]): T {
  const text = optional(value, (given) => checkString(given, name)) ?? values[0];
  const found = values.find((known) => known === text);
  if (found === undefined) throw invalid(`${name} must be one of ${values.join(', ')}`);
  return found;
}

export function subscriptionToJson(subscription: Subscription): Record<string, unknown> {
  const { target, principal } = subscription;
  return {
    name: subscription.name,
    topics: subscription.topics,
    target:
      target.type === 'worker'
        ? target
        : {
            type: target.type,
            url: target.url,
            secrets_count: target.secrets.length,
            timeout_ms: target.timeoutMs,
          },
    body: subscription.body,
    max_batch_size: subscription.maxBatchSize,
    max_batch_timeout_ms: subscription.maxBatchTimeoutMs,
    max_retries: subscription.maxRetries,
    retry_delay_ms: subscription.retryDelayMs,
    max_retry_delay_ms: subscription.maxRetryDelayMs,
    dead_letter_topic: subscription.deadLetterTopic,
    order: subscription.order,
    max_concurrency: subscription.maxConcurrency,
    partition_concurrency: subscription.partitionConcurrency,
    principal: `${principal.type}:${principal.name}`,
    created_at: subscription.createdAt,
    updated_at: subscription.updatedAt,
  };
}
