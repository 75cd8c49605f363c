/** What a stream costs that has nothing to show: its first looks, and then nothing for hours. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { newState, subscribe } from '../../../src/core/rest-consumer/state.ts';
import { Consumer } from '../../../src/fronts/http/consumer/consumer.ts';
import { Kafka } from '../../../src/fronts/http/kafka.ts';
import { Effort } from '../../../src/fronts/http/live/effort.ts';
import { serveConsumer } from '../../../src/fronts/http/ws/consumer.ts';
import { Line } from '../../../src/fronts/http/ws/line.ts';
import { wireOf } from '../../../src/fronts/http/ws/wire.ts';
import { EventReader } from './event-reader.ts';
import { MemoryDoor, v2Json } from './memory-door.ts';

const minuteMs = 60_000;
let kedge: MemoryDoor;

beforeEach(async () => {
  vi.useFakeTimers();
  kedge = new MemoryDoor({}, { streamMaxAgeMs: 86_400_000 });
  const body = { records: [{ value: 1, partition: 0 }] };
  await kedge.ask('POST', '/rest/topics/t', { body, type: v2Json });
});
afterEach(async () => {
  await kedge[Symbol.asyncDispose]();
  vi.useRealTimers();
});

function requests(): number {
  let sum = 0;
  for (const meter of kedge.objects.meters.values()) {
    for (const count of Object.values(meter.usage.requests)) sum += count;
  }
  return sum;
}

/** What objects are asked in an hour, after so much time to settle. */
async function anHour(): Promise<number> {
  await vi.advanceTimersByTimeAsync(3 * minuteMs);
  const before = requests();
  await vi.advanceTimersByTimeAsync(60 * minuteMs);
  return requests() - before;
}

it('is nothing an hour for a stream of events', async () => {
  const client = new AbortController();
  const response = await kedge.fetch('GET', '/sse/t', { signal: client.signal });
  const events = new EventReader(response);
  const ended = events.next();
  expect(await anHour()).toBe(0);
  expect(events.comments.length).toBeGreaterThanOrEqual(63 * 4 - 2);
  client.abort();
  await vi.advanceTimersByTimeAsync(100);
  expect(await ended).toBeUndefined();
});

it('is nothing an hour for a member of a group over a WebSocket', async () => {
  const kafka = new Kafka(kedge.door.gateway, new Request('http://kedge.test'), {
    principal: anonymous,
  });
  const config = {
    format: 'binary',
    offsetReset: 'latest',
    autoCommit: false,
    fetchMinBytes: -1,
    requestTimeoutMs: null,
    instanceTimeoutMs: 45_000,
    isolationLevel: 0,
  } as const;
  const sent: string[] = [];
  const socket = { bufferedAmount: 0, send: (text: string) => sent.push(text), close: () => {} };
  const line = new Line(socket, kafka.context.answers);
  const served = serveConsumer(line, {
    consumer: new Consumer(kafka, subscribe(newState('g', config, Date.now()), ['t'])),
    topics: ['t'],
    wire: wireOf(undefined, { key: 'text', value: 'text' }),
    receiverQueueSize: 10,
    pullMode: false,
    batch: 1,
    effort: new Effort(kafka, kedge.door),
  });
  expect(await anHour()).toBe(0);
  expect(sent[0]).toContain('assigned');
  expect(sent.slice(1).every((text) => text === '{"type":"ping"}')).toBe(true);
  line.ended();
  kafka.clientIsGone();
  await vi.advanceTimersByTimeAsync(5_000);
  await served;
  kafka.close();
});
