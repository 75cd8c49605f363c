/**
 * Upstash: consuming, as a member of a group or from offsets of one's own. The surprise: nobody
 * creates a consumer; the first request that names it does, with what its headers say, and headers
 * of later ones say nothing any more.
 */
import type { OffsetReset, RestConsumerState } from '../../../core/rest-consumer/calls.ts';
import { newState, type PartitionOffset, subscribe } from '../../../core/rest-consumer/state.ts';
import type { DecodedRecord } from '../../../protocol/records/index.ts';
import { checkFetched, fetchRecords, maxAnswerBytes } from '../consume.ts';
import { instanceOf, visit, visitMs } from '../consumer/consumer.ts';
import { retire } from '../consumer/membership.ts';
import { commit, commitConsumed } from '../consumer/offsets.ts';
import { poll, pollTimeoutMs } from '../consumer/poll.ts';
import { isObject, type JsonObject } from '../json.ts';
import { finishLater, type HttpContext } from '../routes.ts';
import * as request from './request.ts';

const defaultTimeoutMs = 1_000;
const maxTimeoutMs = 300_000;
const defaultSessionTimeoutMs = 120_000;
const defaultAutoCommitMs = 5_000;

const success = { result: 'Success', status: 200 };

/** The topics of the body, or the one of the path. */
export async function consume(c: HttpContext): Promise<unknown> {
  const body = await request.objectOf(c);
  const named = c.req.param('topic');
  const topics = named === undefined ? topicsOf(body) : [named];
  const asked = request.isGiven(body, 'timeout')
    ? request.whole(body, 'timeout')
    : (request.queryTimeout(c) ?? defaultTimeoutMs);
  const patienceMs = Math.min(asked, maxTimeoutMs);
  const create = newConsumer(c);
  const work = visit(
    instanceOf(c),
    visitMs + patienceMs,
    async (consumer) => {
      consumer.state = subscribe(consumer.state, topics);
      const timeoutMs = pollTimeoutMs(consumer.state, patienceMs);
      return poll(consumer, { timeoutMs, maxBytes: maxAnswerBytes, form: messageOf });
    },
    create,
  );
  finishLater(c, work);
  return work;
}

/** Kafka's offsets, of the next record to read; without any, of everything that was consumed. */
export async function commitOffsets(c: HttpContext): Promise<unknown> {
  const offsets = (await request.listOf(c)).map(request.topicPartitionOffset);
  await visit(instanceOf(c), visitMs, async (consumer) => {
    await (offsets.length === 0 ? commitConsumed(consumer) : commit(consumer, offsets));
  });
  return success;
}

export async function deleteConsumer(c: HttpContext): Promise<unknown> {
  await visit(instanceOf(c), visitMs, retire);
  return success;
}

export async function fetchMessages(c: HttpContext): Promise<unknown> {
  const body = await request.objectOf(c);
  const asked = request.isGiven(body, 'timeout')
    ? request.whole(body, 'timeout')
    : defaultTimeoutMs;
  const { records, errors } = await fetchRecords(c.get('kafka'), wantedOffsets(body), {
    maxWaitMs: Math.min(asked, maxTimeoutMs),
    minBytes: 1,
    maxBytes: maxAnswerBytes,
    isolationLevel: 0,
    form: messageOf,
  });
  checkFetched(errors);
  return records;
}

function wantedOffsets(body: JsonObject): PartitionOffset[] {
  const listed = body.topicPartitionOffsets ?? [];
  if (!Array.isArray(listed)) {
    throw request.badRequest('topicPartitionOffsets must be an array');
  }
  const hasOwn = request.isGiven(body, 'topic') || listed.length === 0;
  const items: unknown[] = hasOwn ? [body, ...listed] : listed;
  return items.map((item) => {
    if (isObject(item)) return request.topicPartitionOffset(item);
    throw request.badRequest('topicPartitionOffsets must be an array of objects');
  });
}

function topicsOf(body: JsonObject): string[] {
  const { topics = [] } = body;
  if (!Array.isArray(topics) || topics.some((topic) => typeof topic !== 'string' || topic === '')) {
    throw request.badRequest('topics must be an array of strings');
  }
  const all = request.isGiven(body, 'topic') ? [request.text(body, 'topic'), ...topics] : topics;
  if (all.length === 0) throw request.badRequest('The body must name a topic, or topics');
  return all;
}

/** What the first request's headers make of the consumer. Refuses what they cannot mean. */
function newConsumer(c: HttpContext): () => RestConsumerState {
  const header = (name: string) => c.req.header(name)?.trim().toLowerCase();
  const number = (name: string) => request.numberIn(header(name), name);
  const reset = header('Kafka-Auto-Offset-Reset') ?? 'latest';
  if (!['latest', 'earliest', 'none'].includes(reset)) {
    throw request.badRequest('Kafka-Auto-Offset-Reset must be latest, earliest or none');
  }
  const autoCommit = header('Kafka-Enable-Auto-Commit') ?? 'true';
  if (autoCommit !== 'true' && autoCommit !== 'false') {
    throw request.badRequest('Kafka-Enable-Auto-Commit must be true or false');
  }
  const config = {
    // Records are written down as this dialect does, whatever the format.
    format: 'binary',
    offsetReset: reset as OffsetReset,
    autoCommit: autoCommit === 'true',
    autoCommitIntervalMs: number('Kafka-Auto-Commit-Interval') ?? defaultAutoCommitMs,
    fetchMinBytes: -1,
    requestTimeoutMs: null,
    instanceTimeoutMs: number('Kafka-Session-Timeout-Ms') || defaultSessionTimeoutMs,
    isolationLevel: 0,
  } as const;
  return () => newState(c.req.param('group')!, config, c.get('kafka').context.now());
}

const text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** A key that is not there is an empty one; a value that is not there is null: a tombstone. */
function messageOf(topic: string, partition: number, record: DecodedRecord) {
  const { key, value, offset, timestamp, headers } = record;
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: key ? text.decode(key) : '',
    value: value && text.decode(value),
    headers: headers.map((header) => ({
      key: header.key,
      value: header.value ? text.decode(header.value) : '',
    })),
  };
}
