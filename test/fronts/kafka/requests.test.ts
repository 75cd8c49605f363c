import { describe, expect, it, vi } from 'vitest';
import { Reader } from '../../../src/bytes/reader.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { answerRequest, onlyReads } from '../../../src/fronts/kafka/requests.ts';
import { apiVersions } from '../../../src/protocol/apis/api-versions.ts';
import { apis } from '../../../src/protocol/apis/index.ts';
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../../src/protocol/header.ts';
import type { Api, Fields, Infer } from '../../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf } from '../../../src/protocol/schema.ts';
import { batchOf, TestCluster } from '../../broker/test-cluster.ts';

/** A request without its length, as it comes out of a frame. */
function requestOf<Q extends Fields>(
  api: Api<Q, Fields>,
  version: number,
  request: Infer<Q>,
): Uint8Array {
  const header = { correlationId: 77, clientId: 'test' };
  return concat(encodeRequestFrame(api, version, header, request)).subarray(4);
}

function responseOf<R extends Fields>(
  api: Api<Fields, R>,
  version: number,
  chunks: readonly Uint8Array[] | undefined,
): Infer<R> {
  const reader = new Reader(concat(chunks!));
  expect(reader.int32()).toBe(reader.remaining);
  expect(decodeResponseHeader(api, version, reader)).toBe(77);
  const response = decodeResponse(api, version, reader);
  expect(reader.remaining).toBe(0);
  return response;
}

function produceRequest(topic: string, acks: number): Uint8Array {
  return requestOf(produce, 9, {
    transactionalId: null,
    acks,
    timeoutMs: 1_000,
    topicData: [
      {
        name: topic,
        topicId: ZERO_UUID,
        partitionData: [{ index: 0, records: batchOf('a') }],
      },
    ],
  });
}

describe('a request', () => {
  it('is answered with its correlation id', async () => {
    const request = requestOf(apiVersions, 4, defaultsOf(apiVersions.request.fields));
    const chunks = await answerRequest(request, new TestCluster().client());
    const { errorCode, apiKeys } = responseOf(apiVersions, 4, chunks);
    expect(errorCode).toBe(0);
    expect(apiKeys).toHaveLength(apis.length);
  });

  it.each([5, 99, 32_767, -1])(
    'of ApiVersions %i is answered in version 0 with the versions there are',
    async (version) => {
      const request = requestOf(apiVersions, 4, defaultsOf(apiVersions.request.fields));
      new DataView(request.buffer, request.byteOffset).setInt16(2, version);
      const chunks = await answerRequest(request, new TestCluster().client());
      expect(responseOf(apiVersions, 0, chunks)).toMatchObject({
        errorCode: ErrorCode.UNSUPPORTED_VERSION,
        apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }],
      });
    },
  );

  it('may be longer than its fields say', async () => {
    const request = requestOf(apiVersions, 1, defaultsOf(apiVersions.request.fields));
    const longer = concat([request, new Uint8Array(3)]);
    const chunks = await answerRequest(longer, new TestCluster().client());
    expect(responseOf(apiVersions, 1, chunks).errorCode).toBe(0);
  });

  it.each([
    ['nothing', []],
    ['half a header', [0, 18, 0, 0, 0, 0]],
    ['an API that does not exist', [0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff]],
    ['a version of Produce that is only listed', [0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0, 0]],
    ['a body that is cut', [0, 2, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0]],
    ['an array of two billion', [0, 2, 0, 1, 0, 0, 0, 1, 255, 255, 0, 0, 0, 0, 127, 255, 255, 255]],
  ])('of %s closes the connection, without a word in the log', async (_what, bytes) => {
    const log = vi.spyOn(console, 'error');
    const answer = await answerRequest(Uint8Array.from(bytes), new TestCluster().client());
    expect(answer).toBeUndefined();
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it('cut at any byte closes the connection or is refused', async () => {
    const whole = requestOf(listOffsets, 5, {
      replicaId: -1,
      isolationLevel: 1,
      topics: [
        {
          name: 'orders',
          partitions: [{ partitionIndex: 0, currentLeaderEpoch: 0, timestamp: -1 }],
        },
      ],
      timeoutMs: 0,
    });
    const client = new TestCluster().client();
    for (let length = 0; length < whole.length; length++) {
      expect(await answerRequest(whole.subarray(0, length), client)).toBeUndefined();
    }
    const response = responseOf(listOffsets, 5, await answerRequest(whole, client));
    expect(response.topics[0].partitions[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('with acks 0 gets no answer, and a closed connection for an error', async () => {
    const cluster = new TestCluster();
    cluster.create('orders');
    const client = cluster.client();
    expect(await answerRequest(produceRequest('orders', 0), client)).toEqual([]);
    expect(await answerRequest(produceRequest('nobody', 0), client)).toBeUndefined();
    const chunks = await answerRequest(produceRequest('orders', 1), client);
    const [{ partitionResponses }] = responseOf(produce, 9, chunks).responses;
    expect(partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 1 });
  });

  it('whose answer cannot be written is a bug: a line, and a closed connection', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const cluster = new TestCluster();
    const { topicId } = cluster.create('orders');
    const stub = cluster.partition(topicId, 0);
    Object.assign(stub, {
      call: async () => ({ errorCode: 0, offset: 0.5, timestamp: 0, leaderEpoch: 0 }),
    });
    const request = requestOf(listOffsets, 5, {
      ...defaultsOf(listOffsets.request.fields),
      topics: [
        {
          name: 'orders',
          partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }],
        },
      ],
    });
    expect(await answerRequest(request, cluster.client())).toBeUndefined();
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });
});

describe('onlyReads', () => {
  it('is true of requests that change nothing', () => {
    const key = (apiKey: number) => Uint8Array.of(apiKey >> 8, apiKey & 255, 0, 0);
    const changing = apis.filter((api) => !onlyReads(key(api.key))).map(({ name }) => name);
    expect(changing.sort()).toEqual([
      'AddOffsetsToTxn',
      'AddPartitionsToTxn',
      'AlterClientQuotas',
      'AlterConfigs',
      'AlterPartitionReassignments',
      'AlterShareGroupOffsets',
      'AlterUserScramCredentials',
      'ConsumerGroupHeartbeat',
      'CreateAcls',
      'CreatePartitions',
      'CreateTopics',
      'DeleteAcls',
      'DeleteGroups',
      'DeleteRecords',
      'DeleteShareGroupOffsets',
      'DeleteTopics',
      'ElectLeaders',
      'EndTxn',
      'Heartbeat',
      'IncrementalAlterConfigs',
      'InitProducerId',
      'JoinGroup',
      'LeaveGroup',
      'OffsetCommit',
      'OffsetDelete',
      'Produce',
      'SaslAuthenticate',
      'SaslHandshake',
      'ShareAcknowledge',
      'ShareFetch',
      'ShareGroupHeartbeat',
      'SyncGroup',
      'TxnOffsetCommit',
      'UpdateFeatures',
      'WriteTxnMarkers',
    ]);
    expect(onlyReads(Uint8Array.of(0))).toBe(false);
  });
});
