/**
 * A Kafka client reduced to its socket, for tests that say exactly which bytes go over the wire and
 * when. Responses are taken in the order they come.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Reader } from '../../src/bytes/reader.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { FrameReader } from '../../src/protocol/frame.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../src/protocol/header.ts';
import { buildBatch, decodeRecords, recordBatches } from '../../src/protocol/records/index.ts';
import type { Api, Fields, Infer } from '../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf } from '../../src/protocol/schema.ts';
import type { Kedge } from '../kedge-process.ts';

export class Wire {
  readonly socket: Socket;
  readonly #frames = new FrameReader(1 << 30);
  readonly #received: Uint8Array[] = [];
  #wake = () => {};
  #closed = false;
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Uint8Array) => {
      this.#frames.push(chunk);
      for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
        this.#received.push(frame.slice());
      }
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** `localAddress`: from which of this machine's addresses. */
  static async open(
    { host, kafkaPort }: Pick<Kedge, 'host' | 'kafkaPort'>,
    localAddress?: string,
  ): Promise<Wire> {
    const socket = connect({ port: kafkaPort, host, localAddress });
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new Wire(socket);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** How many whole responses have come that nobody has taken. */
  get waiting(): number {
    return this.#received.length;
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  /** Resolves when the other side has closed the connection. */
  async closed(): Promise<void> {
    while (!this.#closed) await this.#change();
  }

  close(): void {
    this.socket.destroy();
  }

  /** The next response. Throws when the connection closes before it. */
  async take(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#received.shift();
      if (frame !== undefined) return frame;
      if (this.#closed) throw new Error('the connection was closed');
      await this.#change();
    }
  }

  /** The next response, which answers this API and version. */
  async takeResponse<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
  ): Promise<{ correlationId: number; response: Infer<R> }> {
    const reader = new Reader(await this.take());
    const correlationId = decodeResponseHeader(api, version, reader);
    return { correlationId, response: decodeResponse(api, version, reader) };
  }

  async ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Infer<Q>,
  ): Promise<Infer<R>> {
    this.write(frameOf(api, version, request, ++this.#correlationId));
    const { correlationId, response } = await this.takeResponse(api, version);
    if (correlationId !== this.#correlationId) throw new Error('responses are out of order');
    return response;
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** A whole request, its length in front. */
export function frameOf<Q extends Fields>(
  api: Api<Q, Fields>,
  version: number,
  request: Infer<Q>,
  correlationId = 1,
): Uint8Array {
  return concat(encodeRequestFrame(api, version, { correlationId, clientId: 'wire' }, request));
}

/** Bytes with their length in front. */
export function framed(bytes: Uint8Array): Uint8Array {
  return concat([lengthOf(bytes.byteLength), bytes]);
}

export function lengthOf(length: number): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setInt32(0, length);
  return prefix;
}

export const hello = (correlationId = 1): Uint8Array =>
  frameOf(apiVersions, 0, defaultsOf(apiVersions.request.fields), correlationId);

export function batchOf(...values: string[]): Uint8Array {
  const utf8 = new TextEncoder();
  return buildBatch(values.map((value) => ({ value: utf8.encode(value), timestamp: Date.now() })));
}

export function produceOf(
  topic: string,
  records: Uint8Array,
  { acks = -1, partition = 0 } = {},
): Infer<typeof produce.request.fields> {
  const partitionData = [{ index: partition, records }];
  const topicData = [{ name: topic, topicId: ZERO_UUID, partitionData }];
  return { transactionalId: null, acks, timeoutMs: 10_000, topicData };
}

export function fetchOf(
  topic: string,
  fetchOffset: number,
  { maxWaitMs = 0, minBytes = 1, partition = 0 } = {},
): Infer<typeof fetch.request.fields> {
  const partitions = [
    {
      partition,
      fetchOffset,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 16 * 1024 * 1024,
      replicaDirectoryId: ZERO_UUID,
    },
  ];
  const topics = [{ topic, topicId: ZERO_UUID, partitions }];
  return { ...defaultsOf(fetch.request.fields), maxWaitMs, minBytes, topics };
}

/** The values in the first partition of a Fetch response. */
export function valuesOf({ responses }: Infer<typeof fetch.response.fields>): string[] {
  const bytes = concat(responses[0].partitions[0].records ?? []);
  return [...recordBatches(bytes)].flatMap((batch) =>
    [...decodeRecords(batch)].map(({ value }) => new TextDecoder().decode(value!)),
  );
}

/** Makes a topic in the way of old clients: by asking about it. */
export async function createTopic(wire: Wire, name: string): Promise<void> {
  for (;;) {
    const { topics } = await wire.ask(metadata, 4, {
      ...defaultsOf(metadata.request.fields),
      topics: [{ topicId: ZERO_UUID, name }],
      allowAutoTopicCreation: true,
    });
    if (topics[0].errorCode === 0) return;
  }
}

/** Sends these values to partition 0 and asks that they were taken. */
export async function produceTo(wire: Wire, topic: string, ...values: string[]): Promise<number> {
  const { responses } = await wire.ask(produce, 9, produceOf(topic, batchOf(...values)));
  const { errorCode, baseOffset } = responses[0].partitionResponses[0];
  if (errorCode !== 0) throw new Error(`produce failed with ${errorCode}`);
  return baseOffset;
}

/** Everything from an offset on, without waiting. */
export async function readFrom(wire: Wire, topic: string, offset: number): Promise<string[]> {
  return valuesOf(await wire.ask(fetch, 11, fetchOf(topic, offset)));
}
