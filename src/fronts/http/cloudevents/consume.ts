/**
 * CloudEvents out: from an offset of a partition, or as a member of a group. The surprise: a record
 * that is no event is told of by one (`kedge.record`), so that nothing is passed over in silence;
 * and to ask a group for the next event is to say that the last one is done.
 */
import type { OffsetReset } from '../../../core/rest-consumer/calls.ts';
import { newState, subscribe } from '../../../core/rest-consumer/state.ts';
import type { DecodedRecord } from '../../../protocol/records/index.ts';
import { parseInteger } from '../check.ts';
import { checkFetched, fetchRecords, maxAnswerBytes } from '../consume.ts';
import { instanceOf, visit, visitMs } from '../consumer/consumer.ts';
import { retire } from '../consumer/membership.ts';
import { poll, pollTimeoutMs } from '../consumer/poll.ts';
import { HttpError } from '../errors.ts';
import { Timestamp } from '../kafka.ts';
import { findPartition } from '../rest/topics.ts';
import { finishLater, type HttpContext } from '../routes.ts';
import { type CloudEvent, eventAt } from './event.ts';
import { headersOf, jsonMessage, type Mode, modes, wantedMode } from './http-message.ts';

interface Found {
  readonly event: CloudEvent;
  readonly partition: number;
  readonly offset: number;
}

const defaultTimeoutMs = 1_000;
const maxTimeoutMs = 300_000;
/** As for the REST Proxy's: idle for so long, a consumer is gone. */
const instanceTimeoutMs = 300_000;

export async function partitionEvents(c: HttpContext): Promise<Response> {
  const { mode, timeoutMs, limits } = askedFor(c);
  const { topic, partition } = await findPartition(c);
  const { partitionIndex } = partition;
  const offset = await startOf(c, topic, partitionIndex);
  const { records, positions, errors } = await fetchRecords(
    c.get('kafka'),
    [{ topic, partition: partitionIndex, offset }],
    { maxWaitMs: timeoutMs, minBytes: 1, isolationLevel: 1, form: found, ...limits },
  );
  checkFetched(errors);
  const response = answerOf(mode, records);
  response.headers.set('kafka-next-offset', String(positions[0]?.offset ?? offset));
  return response;
}

/** What was given by the request before counts as done, and is committed. */
export async function groupEvents(c: HttpContext): Promise<Response> {
  const { mode, timeoutMs, limits } = askedFor(c);
  const topic = c.req.param('topic')!;
  const work = visit(
    instanceOf(c),
    visitMs + timeoutMs,
    async (consumer) => {
      consumer.state = subscribe(consumer.state, [topic]);
      const options = { timeoutMs: pollTimeoutMs(consumer.state, timeoutMs), ...limits };
      return poll(consumer, { ...options, form: found });
    },
    newConsumer(c),
  );
  finishLater(c, work);
  return answerOf(mode, await work);
}

export async function deleteConsumer(c: HttpContext): Promise<Response> {
  await visit(instanceOf(c), visitMs, retire);
  return new Response(null, { status: 204 });
}

function found(topic: string, partition: number, record: DecodedRecord): Found {
  return { event: eventAt(topic, partition, record), partition, offset: record.offset };
}

function answerOf(mode: Mode, all: readonly Found[]): Response {
  if (mode === 'batch') {
    const { type, text } = jsonMessage(
      mode,
      all.map(({ event }) => event),
    );
    return new Response(text, { headers: { 'content-type': type } });
  }
  if (all.length === 0) return new Response(null, { status: 204 });
  const [{ event, partition, offset }] = all;
  const response =
    mode === 'binary'
      ? new Response(event.data as Uint8Array<ArrayBuffer> | null, { headers: headersOf(event) })
      : structured(event);
  response.headers.set('kafka-partition', String(partition));
  response.headers.set('kafka-offset', String(offset));
  return response;
}

function structured(event: CloudEvent): Response {
  const { type, text } = jsonMessage('structured', [event]);
  return new Response(text, { headers: { 'content-type': type } });
}

function askedFor(c: HttpContext) {
  const asked = c.req.query('mode');
  const mode = asked === undefined ? wantedMode(c.req.header('accept')) : (asked as Mode);
  if (!modes.includes(mode)) {
    throw new HttpError(400, 400, `mode must be ${modes.join(', ')}, not ${asked}`);
  }
  const maxBytes = queryInteger(c, 'max_bytes') ?? maxAnswerBytes;
  const timeoutMs = Math.min(queryInteger(c, 'timeout') ?? defaultTimeoutMs, maxTimeoutMs);
  const maxRecords = mode === 'batch' ? Number.POSITIVE_INFINITY : 1;
  return { mode, timeoutMs, limits: { maxBytes, maxRecords } };
}

async function startOf(c: HttpContext, topic: string, partition: number): Promise<number> {
  const asked = c.req.query('offset') ?? 'earliest';
  const kafka = c.get('kafka');
  if (asked === 'earliest') return kafka.offsetAt(topic, partition, Timestamp.EARLIEST);
  if (asked === 'latest') return kafka.offsetAt(topic, partition, Timestamp.LATEST);
  return queryInteger(c, 'offset')!;
}

function queryInteger(c: HttpContext, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  const value = parseInteger(text, name, 400);
  if (value < 0) throw new HttpError(400, 400, `${name} must be at least 0`);
  return value;
}

/** What the first request makes of the consumer. */
function newConsumer(c: HttpContext) {
  const reset = c.req.query('reset') ?? 'latest';
  if (!['latest', 'earliest', 'none'].includes(reset)) {
    throw new HttpError(400, 400, 'reset must be latest, earliest or none');
  }
  const config = {
    format: 'binary',
    offsetReset: reset as OffsetReset,
    autoCommit: true,
    autoCommitIntervalMs: 0,
    fetchMinBytes: -1,
    requestTimeoutMs: null,
    instanceTimeoutMs,
    isolationLevel: 1,
  } as const;
  return () => newState(c.req.param('group')!, config, c.get('kafka').context.now());
}
