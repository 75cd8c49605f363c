/**
 * WebSockets: records in and out as frames of JSON, for browsers and whoever has no Kafka client.
 * The surprise: frames and their words are those of Pulsar's WebSocket API, the one there is for
 * brokers, while what is in them is Kafka's: topics, partitions, offsets, headers, groups.
 */
import { demand, demandEach } from '../../../broker/permissions.ts';
import type { OffsetReset } from '../../../core/rest-consumer/calls.ts';
import { newState, subscribe } from '../../../core/rest-consumer/state.ts';
import { Consumer, mayBeMember } from '../consumer/consumer.ts';
import { HttpError, tooManyConnections } from '../errors.ts';
import { effortOf } from '../live/effort.ts';
import { badRequest, findPlaces, NothingMore, parseWish } from '../live/places.ts';
import { parseShowing } from '../live/shown.ts';
import { Tail } from '../live/tail.ts';
import { finishLater, type HttpContext } from '../routes.ts';
import { serveConsumer } from './consumer.ts';
import type { ShownRecord } from './flow.ts';
import { closeCode, Line } from './line.ts';
import { serveProducer } from './producer.ts';
import { serveReader } from './reader.ts';
import { chooseProtocol, type Protocol, type Wire, wireOf } from './wire.ts';

/** Keys and values of one look at the partitions. */
const maxRoundBytes = 256 * 1_024;
const sessionTimeoutMs = 45_000;

export async function produceOver(c: HttpContext): Promise<Response> {
  const { protocol, wire } = handshake(c);
  const topic = c.req.param('topic')!;
  const kafka = c.get('kafka');
  // Each request asks anew; this is to say no while there is a status to say it with.
  await demand(kafka.context, 'WRITE', 'TOPIC', topic);
  return upgrade(c, protocol, (line) =>
    serveProducer(line, { kafka, topic, wire, effort: effortOf(c) }),
  );
}

export async function readOver(c: HttpContext): Promise<Response> {
  const { protocol, wire } = handshake(c);
  const wish = parseWish(c);
  const flow = parseFlow(c);
  const kafka = c.get('kafka');
  const places = await findPlaces(kafka, wish).catch(tellIfGone);
  const { isolationLevel } = wish;
  const form = (topic: string, partition: number, record: Parameters<Wire['show']>[2]) => {
    const text = wire.show(topic, partition, record);
    return { topic, partition, offset: record.offset, text };
  };
  const options = { form, isolationLevel, maxBytes: maxRoundBytes };
  const tail = new Tail<ShownRecord>(kafka, places, options);
  // What may not be read is refused while there is a status to say so.
  const { records } = await tail.next(0);
  return upgrade(c, protocol, (line) =>
    serveReader(line, { ...flow, kafka, wish, tail, records, effort: effortOf(c) }),
  );
}

export async function consumeOver(c: HttpContext): Promise<Response> {
  const { protocol, wire } = handshake(c);
  const kafka = c.get('kafka');
  const { topics, isolationLevel } = parseWish(c);
  const group = c.req.param('group')!;
  const receiverQueueSize = parseCount(c, 'receiverQueueSize', 1_000, 10_000);
  const config = {
    format: 'binary',
    offsetReset: parseReset(c.req.query('auto.offset.reset')),
    autoCommit: false,
    fetchMinBytes: -1,
    requestTimeoutMs: null,
    instanceTimeoutMs: sessionTimeoutMs,
    isolationLevel,
  } as const;
  const flow = parseFlow(c);
  await mayBeMember({ kafka, group });
  await demandEach(kafka.context, 'READ', 'TOPIC', topics);
  const state = subscribe(newState(group, config, kafka.context.now()), topics);
  const consumer = new Consumer(kafka, state);
  const effort = effortOf(c);
  return upgrade(c, protocol, (line) =>
    serveConsumer(line, { ...flow, consumer, topics, wire, receiverQueueSize, effort }),
  );
}

/** Throws 426 for what is no handshake, and 400 for one that cannot be answered. */
function handshake(c: HttpContext): { protocol: Protocol | undefined; wire: Wire } {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    throw new HttpError(426, 426, 'HTTP 426 Upgrade Required: this is for WebSockets.');
  }
  c.get('kafka').waits = true;
  const protocol = chooseProtocol(c.req.header('sec-websocket-protocol'));
  return {
    protocol,
    wire: wireOf(
      protocol,
      parseShowing((name) => c.req.query(name)),
    ),
  };
}

/** Answers the handshake; the line is served behind the answer. */
function upgrade(
  c: HttpContext,
  protocol: Protocol | undefined,
  serve: (line: Line) => Promise<void>,
): Response {
  const kafka = c.get('kafka');
  const { clientHost, principal } = kafka.context;
  const place = c.env.gateway.connections.enter(clientHost.slice(1), principal);
  if (place === undefined) throw tooManyConnections();
  const { 0: theirs, 1: ours } = new WebSocketPair();
  const line = new Line(ours, kafka.context.answers);
  ours.addEventListener('message', ({ data }) => line.receive(data));
  ours.addEventListener('close', () => line.ended());
  ours.addEventListener('error', () => line.ended());
  ours.accept();
  line.onClose(() => kafka.clientIsGone());
  const grownOld = () => line.close(closeCode.comeAgain, 'come again');
  const timer = setTimeout(grownOld, kafka.whileKnown(c.env.streamMaxAgeMs));
  const served = serve(line).finally(() => {
    clearTimeout(timer);
    place.leave();
    line.close(closeCode.normal, '');
  });
  finishLater(c, served);
  const headers = protocol && { 'sec-websocket-protocol': protocol };
  return new Response(null, { status: 101, webSocket: theirs, headers });
}

/** There is no 204 here, so nobody who comes again is told apart. */
function tellIfGone(error: unknown): never {
  if (!(error instanceof NothingMore)) throw error;
  throw new HttpError(404, 40401, 'A topic of this stream is gone.');
}

function parseFlow(c: HttpContext): { pullMode: boolean; batch: number } {
  const pullMode = c.req.query('pullMode') ?? 'false';
  if (pullMode !== 'true' && pullMode !== 'false') {
    throw badRequest(`pullMode may be true or false, not ${pullMode}`);
  }
  return { pullMode: pullMode === 'true', batch: parseCount(c, 'batch', 1, 1_000) };
}

function parseCount(c: HttpContext, name: string, usual: number, most: number): number {
  const text = c.req.query(name);
  if (text === undefined) return usual;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  throw badRequest(`${name} must be a whole number from 1 to ${most}, not ${text}`);
}

function parseReset(text = 'latest'): OffsetReset {
  if (text === 'latest' || text === 'earliest' || text === 'none') return text;
  throw badRequest(`auto.offset.reset may be latest, earliest or none, not ${text}`);
}
