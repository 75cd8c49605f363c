/** Requests read and answers written, beside JSON of the same; and frames cut from a stream. */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { apiVersions } from '../../../src/protocol/apis/api-versions.ts';
import { fetch } from '../../../src/protocol/apis/fetch.ts';
import { apis } from '../../../src/protocol/apis/index.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { FrameReader } from '../../../src/protocol/frame.ts';
import {
  encodeRequestFrame,
  encodeResponseFrame,
  openRequest,
} from '../../../src/protocol/header.ts';
import {
  type Api,
  decodeRequest,
  defaultsOf,
  type Fields,
  type Infer,
} from '../../../src/protocol/schema.ts';
import { batchOf } from '../bytes.ts';
import type { Case } from '../case.ts';

const header = { correlationId: 7, clientId: 'producer-1' };
const topicId = 'AAECAwQFBgcICQoLDA0ODw';

/** Header and body of a request, from its frame. */
function reading<Q extends Fields, R extends Fields>(
  name: string,
  api: Api<Q, R>,
  version: number,
  request: Infer<Q>,
): Case {
  return {
    name: `reading ${name}`,
    baseline: 'JSON.parse of it, without records',
    prepare() {
      const frame = concat(encodeRequestFrame(api, version, header, request)).subarray(4);
      const json = jsonOf(request);
      const run = () => {
        const { body } = openRequest(frame);
        return Object.keys(decodeRequest(api, version, body)).length;
      };
      return { run, baseline: () => Object.keys(JSON.parse(json)).length };
    },
  };
}

function writing<Q extends Fields, R extends Fields>(
  name: string,
  api: Api<Q, R>,
  version: number,
  answer: Infer<R>,
): Case {
  return {
    name: `writing ${name}`,
    baseline: 'JSON.stringify of it, without records',
    prepare: () => ({
      run: () => encodeResponseFrame(api, version, 7, answer).length,
      baseline: () => jsonOf(answer).length,
    }),
  };
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (name, part) => (name === 'records' ? null : part));
}

function produceRequest(partitions: number): Infer<typeof produce.request.fields> {
  const records = batchOf({ recordBytes: 100, batchBytes: 2000 });
  const partitionData = Array.from({ length: partitions }, (_, index) => ({ index, records }));
  const topicData = [{ name: 'orders', topicId: ZERO_UUID, partitionData }];
  return { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData };
}

function produceAnswer(partitions: number): Infer<typeof produce.response.fields> {
  const partitionResponses = Array.from({ length: partitions }, (_, index) => ({
    ...{ index, errorCode: 0, baseOffset: 123_456 + index, logAppendTimeMs: -1, logStartOffset: 0 },
    ...{ recordErrors: [], errorMessage: null },
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
  }));
  const responses = [{ name: 'orders', topicId: ZERO_UUID, partitionResponses }];
  return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
}

function fetchRequest(count: number): Infer<typeof fetch.request.fields> {
  const partitions = Array.from({ length: count }, (_, partition) => ({
    ...{ partition, currentLeaderEpoch: 0, fetchOffset: 123_456, lastFetchedEpoch: -1 },
    ...{ logStartOffset: -1, partitionMaxBytes: 1_048_576, replicaDirectoryId: ZERO_UUID },
  }));
  const topics = [{ topic: '', topicId, partitions }];
  return { ...defaultsOf(fetch.request.fields), maxWaitMs: 500, minBytes: 1, topics };
}

function fetchAnswer(count: number): Infer<typeof fetch.response.fields> {
  const records = [batchOf({ recordBytes: 100, batchBytes: 2000 })];
  const none = { epoch: -1, endOffset: -1 };
  const partitions = Array.from({ length: count }, (_, partitionIndex) => ({
    ...{ partitionIndex, errorCode: 0, highWatermark: 123_456, lastStableOffset: 123_456 },
    ...{ logStartOffset: 0, divergingEpoch: none, snapshotId: none, abortedTransactions: null },
    ...{ currentLeader: { leaderId: -1, leaderEpoch: -1 }, preferredReadReplica: -1, records },
  }));
  const responses = [{ topic: '', topicId, partitions }];
  return { ...defaultsOf(fetch.response.fields), responses };
}

const hello = {
  ...defaultsOf(apiVersions.response.fields),
  apiKeys: apis.map(({ key, listed: [minVersion, maxVersion] }) => ({
    ...{ apiKey: key, minVersion, maxVersion },
  })),
};

const greeting = { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.4.0' };

/** A stream of frames in chunks of one size. */
function cutting(frames: string, batches: number, what: string, chunkBytes: number): Case {
  return {
    name: `frames of ${frames} in chunks of ${what}`,
    baseline: 'copying the chunks once',
    prepare() {
      const frame = concat(encodeRequestFrame(produce, 9, header, produceRequest(batches)));
      const stream = concat(Array.from({ length: 480 / batches }, () => frame));
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += chunkBytes) {
        chunks.push(stream.slice(at, at + chunkBytes));
      }
      const copy = new Uint8Array(stream.length);
      const copied = () => {
        let at = 0;
        for (const chunk of chunks) {
          copy.set(chunk, at);
          at += chunk.length;
        }
        return at;
      };
      const frames = new FrameReader(1 << 30);
      const run = () => {
        let count = 0;
        for (const chunk of chunks) {
          frames.push(chunk);
          while (frames.next() !== undefined) count++;
        }
        return count;
      };
      return { bytes: stream.length, run, baseline: copied };
    },
  };
}

export const messages: readonly Case[] = [
  reading('Produce, 1 partition', produce, 12, produceRequest(1)),
  reading('Produce, 16 partitions', produce, 12, produceRequest(16)),
  reading('Fetch, 1 partition', fetch, 17, fetchRequest(1)),
  reading('Fetch, 100 partitions', fetch, 17, fetchRequest(100)),
  reading('ApiVersions', apiVersions, 4, greeting),
  writing("Produce's answer, 1 partition", produce, 12, produceAnswer(1)),
  writing("Produce's answer, 16 partitions", produce, 12, produceAnswer(16)),
  writing("Fetch's answer, 1 partition", fetch, 17, fetchAnswer(1)),
  writing("Fetch's answer, 100 partitions", fetch, 17, fetchAnswer(100)),
  writing("ApiVersions' answer", apiVersions, 4, hello),
  cutting('16 KiB', 8, '1,460 B', 1460),
  cutting('16 KiB', 8, '8 KiB', 8192),
  cutting('16 KiB', 8, '256 KiB', 262_144),
  cutting('1 MB', 480, '8 KiB', 8192),
  cutting('1 MB', 480, '256 KiB', 262_144),
];
