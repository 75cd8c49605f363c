import { describe, expect, it } from 'vitest';
import { DecodeError, Reader } from '../../src/bytes/reader.ts';
import { ONE_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { heartbeat } from '../../src/protocol/apis/heartbeat.ts';
import { apis } from '../../src/protocol/apis/index.ts';
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestFrame,
  encodeResponseFrame,
  openRequest,
} from '../../src/protocol/header.ts';
import { decodeRequest, decodeResponse, defaultsOf } from '../../src/protocol/schema.ts';

const header = (...bytes: number[]) => decodeRequestHeader(new Reader(Uint8Array.from(bytes)));

describe('request headers', () => {
  it('of version 1 end with the client id', () => {
    expect(header(0, 12, 0, 3, 0, 0, 0, 9, 0, 2, 0x68, 0x69)).toEqual({
      apiKey: 12,
      apiVersion: 3,
      correlationId: 9,
      clientId: 'hi',
      api: heartbeat,
      supported: true,
    });
    expect(header(0, 12, 0, 0, 0, 0, 0, 9, 255, 255).clientId).toBeNull();
  });

  it('of version 2 end with tags, and the client id stays an old string', () => {
    const bytes = [0, 12, 0, 4, 0, 0, 0, 9, 0, 2, 0x68, 0x69, 1, 5, 2, 0xaa, 0xbb, 0x77];
    const reader = new Reader(Uint8Array.from(bytes));
    expect(decodeRequestHeader(reader)).toMatchObject({ clientId: 'hi', supported: true });
    expect(reader.uint8()).toBe(0x77);
    expect(() => header(...bytes.slice(0, 14))).toThrow(DecodeError);
  });

  it('of an ApiVersions of the future can be read, whatever follows', () => {
    const future = [0, 18, 0, 99, 0, 0, 0, 9];
    for (const rest of [[0, 2, 0x68, 0x69, 0], [0x7f, 255], [], [1]]) {
      expect(header(...future, ...rest)).toMatchObject({
        api: apiVersions,
        apiVersion: 99,
        correlationId: 9,
        supported: false,
      });
    }
    expect(header(...future, 0, 2, 0x68, 0x69).clientId).toBe('hi');
  });

  it('of unknown keys and versions say so', () => {
    expect(header(0x7f, 255, 0, 0, 0, 0, 0, 1, 255, 255)).toMatchObject({
      api: undefined,
      supported: false,
    });
    expect(header(0, 1, 0, 3, 0, 0, 0, 1, 255, 255)).toMatchObject({
      api: fetch,
      supported: false,
    });
    expect(header(0, 1, 255, 255, 0, 0, 0, 1, 255, 255).supported).toBe(false);
  });

  it('cut short are refused', () => {
    for (let length = 0; length < 8; length++) {
      expect(() => header(...[0, 18, 0, 99, 0, 0, 0, 9].slice(0, length))).toThrow(DecodeError);
    }
  });
});

describe('whole frames', () => {
  it('of every API and version go out and come back', () => {
    for (const api of apis) {
      for (let version = api.versions[0]; version <= api.versions[1]; version++) {
        const request = defaultsOf(api.request.fields);
        const sent = concat(
          encodeRequestFrame(api, version, { correlationId: 77, clientId: 'käse' }, request),
        );
        expect(new Reader(sent).int32()).toBe(sent.length - 4);
        const { header, body } = openRequest(sent.subarray(4));
        expect(header).toMatchObject({ api, apiVersion: version, correlationId: 77 });
        expect(header.clientId).toBe('käse');
        expect(decodeRequest(api, version, body)).toEqual(request);
        expect(body.remaining).toBe(0);

        const response = defaultsOf(api.response.fields);
        const answer = new Reader(concat(encodeResponseFrame(api, version, -5, response)));
        expect(answer.int32()).toBe(answer.remaining);
        expect(decodeResponseHeader(api, version, answer)).toBe(-5);
        expect(decodeResponse(api, version, answer)).toEqual(response);
        expect(answer.remaining).toBe(0);
      }
    }
  });

  it('of ApiVersions have no tags in the response header', () => {
    const response = defaultsOf(apiVersions.response.fields);
    const bytes = concat(encodeResponseFrame(apiVersions, 3, 1, response));
    expect([...bytes]).toEqual([0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]);
    const beat = concat(encodeResponseFrame(heartbeat, 4, 1, { throttleTimeMs: 0, errorCode: 27 }));
    expect([...beat]).toEqual([0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 27, 0]);
  });

  it('count the bytes of records they do not copy', () => {
    const records = [new Uint8Array(70_000), new Uint8Array(2000)];
    const partition = {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: 9,
      lastStableOffset: 9,
      logStartOffset: 0,
      divergingEpoch: { epoch: -1, endOffset: -1 },
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
      snapshotId: { endOffset: -1, epoch: -1 },
      abortedTransactions: null,
      preferredReadReplica: -1,
      records,
    };
    const response = {
      ...defaultsOf(fetch.response.fields),
      responses: [{ topic: '', topicId: ONE_UUID, partitions: [partition] }],
    };
    const chunks = encodeResponseFrame(fetch, 17, 1, response);
    expect(chunks).toHaveLength(4);
    expect(chunks[1]).toBe(records[0]);
    const total = concat(chunks);
    expect(new Reader(total).int32()).toBe(total.length - 4);
  });
});
