/**
 * The routes of push subscriptions. The surprise: to make one takes the right to alter the cluster
 * beside those of a consumer. Whoever has it makes Kedge speak to others of its own accord, from
 * its own network and through its owner's bindings, which is no matter of one topic.
 */
import { demand, demandOfCluster, may } from '../../../broker/permissions.ts';
import {
  type PartitionProgress,
  placeName,
  type SubscriptionDescription,
} from '../../../core/push/calls.ts';
import { deadLetterTopicOf } from '../../../core/push/subscription.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { eachBounded } from '../../../runtime/each-bounded.ts';
import { streamSubscriptionPrefix } from '../../../runtime/stream-subscription/host.ts';
import { readJsonObject } from '../body.ts';
import { fromKafka, HttpError, invalid, topicNotFound } from '../errors.ts';
import { type Kafka, Timestamp } from '../kafka.ts';
import { type HttpContext, jsonResponse } from '../routes.ts';
import { checkName, parseSubscription, subscriptionToJson, type WhatToDo } from './config.ts';
import { commitStart } from './start.ts';

const jsonType = 'application/json';
/** Subscriptions that are described at the same time. */
const atOnce = 20;

export async function listSubscriptions(c: HttpContext): Promise<Response> {
  const { context } = c.get('kafka');
  const { objects } = context;
  const { names } = await objects.controller().call('listSubscriptions', {});
  const described = await eachBounded(
    // Those to streams are shown by their own dialect.
    names.filter((name) => !name.startsWith(streamSubscriptionPrefix)),
    async (name) => {
      if (!(await may(context, 'DESCRIBE', 'GROUP', name))) return null;
      return (await objects.subscription(name).call('describe', {})).description;
    },
    { atOnce },
  );
  const subscriptions = described
    .filter((description) => description !== null)
    .map(({ subscription, state }) => ({ ...subscriptionToJson(subscription), state }));
  return jsonResponse({ subscriptions }, 200, jsonType);
}

export async function getSubscription(c: HttpContext): Promise<Response> {
  const name = nameIn(c);
  await demand(c.get('kafka').context, 'DESCRIBE', 'GROUP', name);
  return jsonResponse(await descriptionToJson(c, await described(c, name)), 200, jsonType);
}

export async function putSubscription(c: HttpContext): Promise<Response> {
  const kafka = c.get('kafka');
  const { objects, principal, now } = kafka.context;
  const body = await readJsonObject(c.req.raw);
  if (body === undefined) throw invalid('A subscription needs a body with topics and target');
  const { what, start } = parseSubscription(nameIn(c), body);
  await demandAll(kafka, what);
  const topics = await kafka.topics(what.topics);
  const problem = topics.find(({ errorCode }) => errorCode !== ErrorCode.NONE);
  if (problem?.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) throw topicNotFound();
  if (problem !== undefined) throw fromKafka(problem.errorCode);
  const stub = objects.subscription(what.name);
  const { description } = await stub.call('describe', {});
  const known = new Set(description?.partitions.map(placeName));
  await commitStart(kafka, what.name, topics, start, known);
  const at = now();
  const { type, name } = principal;
  const subscription = { ...what, principal: { type, name }, createdAt: at, updatedAt: at };
  const { errorCode, errorMessage, created } = await stub.call('put', { subscription });
  if (errorCode === ErrorCode.INVALID_CONFIG) throw invalid(errorMessage ?? 'target');
  if (errorCode !== ErrorCode.NONE) throw fromKafka(errorCode, errorMessage);
  const answer = await descriptionToJson(c, await described(c, what.name));
  return jsonResponse(answer, created ? 201 : 200, jsonType);
}

export function deleteSubscription(c: HttpContext): Promise<Response> {
  return command(c, 'delete');
}

export function pauseSubscription(c: HttpContext): Promise<Response> {
  return command(c, 'pause');
}

export function resumeSubscription(c: HttpContext): Promise<Response> {
  return command(c, 'resume');
}

async function command(c: HttpContext, kind: 'delete' | 'pause' | 'resume'): Promise<Response> {
  const name = nameIn(c);
  const { context } = c.get('kafka');
  await demandOfCluster(context, 'ALTER');
  await demand(context, 'READ', 'GROUP', name);
  const { objects } = context;
  const { errorCode } = await objects.subscription(name).call(kind, {});
  if (errorCode === ErrorCode.GROUP_ID_NOT_FOUND) throw notFound(name);
  if (errorCode !== ErrorCode.NONE) throw fromKafka(errorCode);
  return new Response(null, { status: 204 });
}

/** A name that none can have is that of none. */
function nameIn(c: HttpContext): string {
  const name = c.req.param('subscription')!;
  if (c.req.method === 'PUT') return checkName(name);
  if (name.startsWith(streamSubscriptionPrefix)) throw notFound(name);
  return name;
}

async function described(c: HttpContext, name: string): Promise<SubscriptionDescription> {
  const { objects } = c.get('kafka').context;
  const { description } = await objects.subscription(name).call('describe', {});
  if (description === null) throw notFound(name);
  return description;
}

function notFound(name: string): HttpError {
  return new HttpError(404, 404, `Subscription ${name} not found.`);
}

/** What the subscription will do, its maker must be allowed to do. */
async function demandAll({ context }: Kafka, what: WhatToDo): Promise<void> {
  await demandOfCluster(context, 'ALTER');
  await demand(context, 'READ', 'GROUP', what.name);
  for (const topic of what.topics) {
    await demand(context, 'READ', 'TOPIC', topic);
    const dead = deadLetterTopicOf(what, topic);
    if (dead !== null) await demand(context, 'WRITE', 'TOPIC', dead);
  }
}

async function descriptionToJson(
  c: HttpContext,
  { subscription, state, partitions, lastError }: SubscriptionDescription,
): Promise<Record<string, unknown>> {
  const ends = await endsOf(c, partitions);
  const progress = partitions.map((one, index) => progressToJson(one, ends[index]));
  const lags = progress.map(({ lag }) => lag);
  return {
    ...subscriptionToJson(subscription),
    state,
    in_flight: partitions.reduce((sum, { inFlight }) => sum + inFlight, 0),
    lag: lags.reduce<number | null>(
      (sum, lag) => (sum === null || lag === null ? null : sum + lag),
      0,
    ),
    last_error: lastError,
    partitions: progress,
  };
}

/** Null where they cannot be known: who may see the group need not see its topics. */
async function endsOf(
  c: HttpContext,
  partitions: readonly PartitionProgress[],
): Promise<(number | null)[]> {
  try {
    const wanted = partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      timestamp: Timestamp.LATEST,
    }));
    const ends = await c.get('kafka').offsetsAt(wanted, 1);
    return ends.map(({ offset }) => offset);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return partitions.map(() => null);
  }
}

function progressToJson(one: PartitionProgress, end: number | null) {
  const position = Math.max(one.position, 0);
  return {
    topic: one.topic,
    partition: one.partition,
    position,
    end_offset: end,
    lag: end === null ? null : Math.max(0, end - position - one.settledBeyond),
    in_flight: one.inFlight,
    waiting_for_retry: one.waitingForRetry,
    due_at: one.dueAt,
    last_error: one.lastError,
  };
}
