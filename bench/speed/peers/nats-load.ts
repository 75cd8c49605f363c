/**
 * The load on NATS JetStream: the jobs of the generator for Kafka's protocol, as NATS's clients do
 * them, in a process of its own (a Job in, a Report out). The surprise: records are published one
 * by one and acknowledged one by one, for NATS has no batches; as many bytes are under way as a
 * Kafka producer has.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { FetchJob, IdleJob, OneJob, ProduceJob, TailJob, Target } from '../../load/job.ts';
import { Values } from '../../load/values.ts';
import { untilSilent, Window } from '../../load/window.ts';
import { NatsConnection, streamOf } from './nats-connection.ts';

type NatsJob = ProduceJob | OneJob | FetchJob | TailJob | IdleJob;

/** What NATS's clients ask for at a time, and when they ask again. */
const pullMessages = 500;
const pullAgainAt = pullMessages / 2;
const pullExpiresMs = 30_000;
/** At the beginning of a payload: which record it is. */
const numberBytes = 8;

/** Records to publish, each as a command that asks for an acknowledgement. */
function framesOf(job: Target & { recordBytes: number }, replyTo: string, count: number) {
  const values = new Values(job.recordBytes);
  const head = Buffer.from(`PUB ${job.topic} ${replyTo} ${job.recordBytes}\r\n`);
  const end = Buffer.from('\r\n');
  const parts = Array.from({ length: count }, () => [head, values.next(), end]).flat();
  return { bytes: Buffer.concat(parts), frameBytes: head.length + job.recordBytes + end.length };
}

async function open<T>(job: Target, work: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await NatsConnection.open(job);
  try {
    return await connection.orFailed(work(connection));
  } finally {
    connection.close();
  }
}

async function createStream(job: Target): Promise<void> {
  const config = streamOf(job.topic);
  await open(job, (connection) => connection.request(`STREAM.CREATE.${job.topic}`, config));
}

/** An acknowledgement is `{"stream":"orders","seq":7}`; a refusal begins with another word. */
function acknowledged(payload: Buffer): void {
  if (payload.toString('latin1', 2, 8) !== 'stream') {
    throw new Error(`NATS did not keep a record: ${payload}`);
  }
}

function produce(job: ProduceJob, window: Window): Promise<void> {
  const underWay = Math.max(1, Math.floor((job.batchBytes * job.inFlight) / job.recordBytes));
  return open(job, async (connection) => {
    const done = Promise.withResolvers<void>();
    let freed = underWay;
    let isDue = false;
    const replyTo = connection.inbox((payload) => {
      acknowledged(payload);
      window.count(performance.now(), 1, job.recordBytes);
      freed++;
      if (isDue) return;
      isDue = true;
      // What one read acknowledges is made good by one write.
      setImmediate(write);
    });
    const { bytes, frameBytes } = framesOf(job, replyTo, underWay);
    function write(): void {
      isDue = false;
      if (window.isOver || (window.isFull && freed === underWay)) done.resolve();
      if (window.isFull) return;
      window.start(freed);
      connection.write(bytes.subarray(0, freed * frameBytes));
      freed = 0;
    }
    write();
    await done.promise;
  });
}

function one(job: OneJob, window: Window): Promise<void> {
  return open(job, async (connection) => {
    let answered = (): void => {};
    const replyTo = connection.inbox((payload) => {
      acknowledged(payload);
      answered();
    });
    const { bytes } = framesOf(job, replyTo, 1);
    while (!window.isFull) {
      window.start(1);
      const sentAt = performance.now();
      await new Promise<void>((resolve) => {
        answered = resolve;
        connection.write(bytes);
      });
      const now = performance.now();
      window.count(now, 1, job.recordBytes, now - sentAt);
    }
  });
}

/** Has a consumer read, which acknowledges nothing, as the ordered ones of NATS's clients. */
async function consume(
  connection: NatsConnection,
  job: Target,
  from: 'all' | 'new',
  onMessage: (payload: Buffer) => void,
): Promise<void> {
  const { name } = await connection.request<{ name: string }>(`CONSUMER.CREATE.${job.topic}`, {
    stream_name: job.topic,
    config: {
      ack_policy: 'none',
      deliver_policy: from,
      replay_policy: 'instant',
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: 60_000_000_000,
    },
  });
  let asked = 0;
  const pull = (): void => {
    const request = { batch: pullMessages - asked, expires: pullExpiresMs * 1_000_000 };
    asked = pullMessages;
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${job.topic}.${name}`, inbox, request);
  };
  const inbox = connection.inbox((payload, status) => {
    if (status === undefined) {
      asked--;
      onMessage(payload);
    } else if (status === 408) {
      asked = 0; // nothing came for as long as was asked
    } else {
      throw new Error(`NATS answered a pull with status ${status}`);
    }
    if (asked <= pullAgainAt) pull();
  });
  pull();
}

async function fetch(job: FetchJob, window: Window): Promise<void> {
  do {
    await open(job, async (connection) => {
      type Info = { state: { last_seq: number } };
      const { state } = await connection.request<Info>(`STREAM.INFO.${job.topic}`);
      let left = state.last_seq;
      if (left === 0) throw new Error('there is nothing to read');
      const done = Promise.withResolvers<void>();
      await consume(connection, job, 'all', (payload) => {
        window.count(performance.now(), 1, payload.length);
        left--;
        if (left === 0 || window.isOver) done.resolve();
      });
      await done.promise;
    });
  } while (window.isBounded && !window.isOver);
  window.end();
}

function tail(job: TailJob, window: Window): Promise<void> {
  const sentAt: number[] = [];
  let next = 0;
  return open(job, async (reading) => {
    await consume(reading, job, 'new', (payload) => {
      if (payload.readDoubleBE(0) !== next) throw new Error(`record ${next} did not come`);
      const now = performance.now();
      window.count(now, 1, payload.length, now - sentAt[next]);
      next++;
    });
    await reading.flush();
    await open(job, async (writing) => {
      const sized = { ...job, recordBytes: Math.max(job.recordBytes, numberBytes) };
      const { bytes } = framesOf(sized, writing.inbox(acknowledged), 1);
      while (!window.isOver) {
        if (!window.isFull) {
          window.start(1);
          bytes.writeDoubleBE(sentAt.length, bytes.length - 2 - sized.recordBytes);
          sentAt.push(performance.now());
          // It may not have left when the next one is written over it.
          writing.write(Buffer.from(bytes));
        }
        await delay(job.everyMs);
      }
    });
  });
}

/** Connections that are there until standard input ends. */
async function idle(job: IdleJob, window: Window): Promise<void> {
  const all = Array.from({ length: job.connections }, () => NatsConnection.open(job));
  const connections = await Promise.all(all);
  window.end();
  tell(window);
  await once(lines, 'close');
  for (const connection of connections) connection.close();
}

function tell(window: Window): void {
  console.log(JSON.stringify(window.report()));
}

function work(job: Exclude<NatsJob, IdleJob>, window: Window): Promise<unknown> {
  const sideBySide = (connections: number, work: () => Promise<void>) =>
    Promise.all(Array.from({ length: connections }, work));
  switch (job.kind) {
    case 'produce':
      return sideBySide(job.connections, () => produce(job, window));
    case 'one':
      return sideBySide(job.connections ?? 1, () => one(job, window));
    case 'fetch':
      return fetch(job, window);
    case 'tail':
      return tail(job, window);
  }
}

const lines = createInterface(process.stdin);
const [line] = await once(lines, 'line');
const job: NatsJob = JSON.parse(line);
if (job.create) await createStream(job);
const window = new Window(job);
window.open();
if (job.kind === 'idle') await idle(job, window);
else {
  await untilSilent(window, work(job, window));
  tell(window);
}
process.stdin.destroy();
