/**
 * Upstash: what there is. The surprise: consumers are the members of every group, by their client
 * ids; those that came by this door are called what their path calls them.
 */
import type { TopicPartition } from '../../../core/rest-consumer/state.ts';
import { orGiveUp } from '../consumer/membership.ts';
import { committedOffsets } from '../consumer/offsets.ts';
import { HttpError } from '../errors.ts';
import { Timestamp } from '../kafka.ts';
import type { HttpContext } from '../routes.ts';
import { allConsumerGroups, type Member } from '../v3/group-descriptions.ts';
import * as request from './request.ts';

const defaultTimeoutMs = 10_000;

export async function listTopics(c: HttpContext): Promise<unknown> {
  const topics = await c.get('kafka').topics(null);
  const counts = topics.map(({ name, partitions }) => [name, partitions.length] as const);
  return Object.fromEntries(counts.sort(([a], [b]) => (a! < b! ? -1 : 1)));
}

export async function listConsumers(c: HttpContext): Promise<unknown> {
  const groups = await allConsumerGroups(c.get('kafka'));
  return groups
    .filter(({ members }) => members.length > 0)
    .map(({ groupId, members }) => ({ name: groupId, instances: members.map(instanceOf) }));
}

function instanceOf({ clientId, partitions }: Member) {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const topics = [...byTopic].map(([topic, assigned]) => ({
    topic,
    partitions: assigned.map(({ partition }) => partition),
  }));
  return { name: clientId, topics };
}

/** Of the partitions asked for, or of all; those that have no committed offset are left out. */
export async function committed(c: HttpContext): Promise<unknown> {
  const { group } = c.req.param() as { group: string };
  const kafka = c.get('kafka');
  const wanted = (await request.listOf(c)).map(request.topicPartition);
  const partitions = wanted.length === 0 ? null : wanted;
  const found = await inTime(c, () => committedOffsets({ kafka, group }, partitions));
  return found.map(({ topic, partition, offset }) => ({
    topic,
    partition,
    offset,
  }));
}

/** Partitions without a record that late are left out. */
export async function offsets(c: HttpContext): Promise<unknown> {
  const kafka = c.get('kafka');
  const timestamp = timestampOf(c.req.param('timestamp')!);
  const wanted = (await request.listOf(c)).map(request.topicPartition);
  if (wanted.length === 0) throw request.badRequest('The body must name partitions');
  const find = async ({ topic, partition }: TopicPartition) => ({
    topic,
    partition,
    offset: await kafka.offsetAt(topic, partition, timestamp),
  });
  const found = await inTime(c, () => Promise.all(wanted.map(find)));
  return found.filter(({ offset }) => offset >= 0);
}

function timestampOf(text: string): number {
  if (text === 'earliest') return Timestamp.EARLIEST;
  if (text === 'latest') return Timestamp.LATEST;
  return request.numberIn(text, 'The timestamp')!;
}

async function inTime<T>(c: HttpContext, answer: () => Promise<T>): Promise<T> {
  const timeoutMs = request.queryTimeout(c) ?? defaultTimeoutMs;
  const found = await orGiveUp(answer(), timeoutMs);
  if (found !== undefined) return found;
  throw new HttpError(504, 504, `There was no answer within ${timeoutMs} ms.`);
}
