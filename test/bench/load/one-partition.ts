/**
 * A broker of one topic with one partition, in memory, for tests of the load generator: honest,
 * unless a test gives one of its answers another form.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { concat } from '../../../src/bytes/writer.ts';
import { type FetchResponse, fetch } from '../../../src/protocol/apis/fetch.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { type ProduceResponse, produce } from '../../../src/protocol/apis/produce.ts';
import { FrameReader } from '../../../src/protocol/frame.ts';
import { encodeResponseFrame, openRequest } from '../../../src/protocol/header.ts';
import { RecordBatch } from '../../../src/protocol/records/index.ts';
import {
  type Api,
  decodeRequest,
  defaultsOf,
  type Fields,
  type Infer,
} from '../../../src/protocol/schema.ts';

const topicId = 'AAAAAAAAQACAAAAAAAAAAQ';

type Appended = ProduceResponse['responses'][0]['partitionResponses'][0];
export type Fetched = FetchResponse['responses'][0]['partitions'][0];

/** What a test makes of an answer, and of the bytes it is written as. */
export interface Lies {
  readonly produce?: (partition: Appended) => Appended[];
  readonly fetch?: (partition: Fetched) => Partial<Fetched>;
  /** Undefined: closes the connection instead. Answers to Produce and Fetch only. */
  readonly frame?: (frame: Uint8Array) => Uint8Array | undefined;
}

export class OnePartition implements AsyncDisposable {
  /** In the order of their offsets, as they were sent but for these. */
  readonly batches: RecordBatch[] = [];
  readonly #server: Server;
  readonly #lies: Lies;
  readonly #sockets = new Set<Socket>();
  #nextOffset = 0;

  private constructor(lies: Lies) {
    this.#lies = lies;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open(lies: Lies = {}): Promise<OnePartition> {
    const broker = new OnePartition(lies);
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    return broker;
  }

  get target() {
    const { port } = this.#server.address() as AddressInfo;
    return { host: '127.0.0.1', port, dialect: 'kafka', topic: 'load', partitions: 1 } as const;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    const frames = new FrameReader(1 << 30);
    socket.on('data', (bytes) => {
      frames.push(bytes);
      for (let frame = frames.next(); frame; frame = frames.next()) {
        const answer = this.#answer(frame.slice());
        if (answer === undefined) socket.destroy();
        else socket.write(answer);
      }
    });
  }

  #answer(bytes: Uint8Array): Uint8Array | undefined {
    const { header, body } = openRequest(bytes);
    const { apiKey, apiVersion: version, correlationId } = header;
    const read = <Q extends Fields>(api: Api<Q, Fields>) => decodeRequest(api, version, body);
    const said = <R extends Fields>(api: Api<Fields, R>, answer: Partial<Infer<R>>) => {
      const whole = { ...defaultsOf(api.response.fields), ...answer };
      return concat(encodeResponseFrame(api, version, correlationId, whole));
    };
    const twisted = (frame: Uint8Array) => (this.#lies.frame ? this.#lies.frame(frame) : frame);
    switch (apiKey) {
      case metadata.key:
        return said(metadata, { topics: [topic] });
      case initProducerId.key:
        return said(initProducerId, { producerId: 5, producerEpoch: 0 });
      case listOffsets.key:
        return said(listOffsets, { topics: [{ name: 'load', partitions: [start] }] });
      case produce.key:
        return twisted(said(produce, this.#append(read(produce).topicData[0].partitionData[0])));
      case fetch.key:
        return twisted(said(fetch, this.#read(read(fetch).topics[0].partitions[0].fetchOffset)));
      default:
        throw new Error(`API ${apiKey} was not expected`);
    }
  }

  #append({ records }: { records: Uint8Array | null }): ProduceResponse {
    const batch = new RecordBatch(records!);
    if (!batch.isValid) throw new Error('a batch of another checksum');
    batch.baseOffset = this.#nextOffset;
    this.batches.push(batch);
    this.#nextOffset = batch.nextOffset;
    const partition = {
      index: 0,
      errorCode: 0,
      baseOffset: batch.baseOffset,
      logAppendTimeMs: -1,
      logStartOffset: 0,
      recordErrors: [],
      errorMessage: null,
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
    };
    const partitionResponses = this.#lies.produce?.(partition) ?? [partition];
    const responses = [{ name: '', topicId, partitionResponses }];
    return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
  }

  /** Two batches at most. */
  #read(offset: number): FetchResponse {
    const records = this.batches
      .filter(({ nextOffset }) => nextOffset > offset)
      .slice(0, 2)
      .map(({ bytes }) => bytes);
    const partition = {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: this.#nextOffset,
      lastStableOffset: this.#nextOffset,
      logStartOffset: 0,
      divergingEpoch: { epoch: -1, endOffset: -1 },
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
      snapshotId: { endOffset: -1, epoch: -1 },
      abortedTransactions: null,
      preferredReadReplica: -1,
      records,
    };
    const partitions = [{ ...partition, ...this.#lies.fetch?.(partition) }];
    const responses = [{ topic: '', topicId, partitions }];
    return { ...defaultsOf(fetch.response.fields), responses };
  }
}

const topic = {
  errorCode: 0,
  name: 'load',
  topicId,
  isInternal: false,
  partitions: [
    {
      errorCode: 0,
      partitionIndex: 0,
      leaderId: 1,
      leaderEpoch: 0,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
    },
  ],
  topicAuthorizedOperations: 0,
};

const start = { partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 0, leaderEpoch: -1 };
