import { afterAll, describe, expect, it } from 'vitest';
import { Reader } from '../../../src/bytes/reader.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { apiVersions } from '../../../src/protocol/apis/api-versions.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../../src/protocol/header.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { decodeResponse } from '../../../src/protocol/schema.ts';
import { MemoryDoor, v2Json } from './memory-door.ts';

const type = 'application/vnd.kedge.kafka';
const door = new MemoryDoor();
afterAll(() => door[Symbol.asyncDispose]());

const versionsFrame = concat(
  encodeRequestFrame(
    apiVersions,
    3,
    { correlationId: 7, clientId: 'me' },
    { clientSoftwareName: 'test', clientSoftwareVersion: '1' },
  ),
).subarray(4);

const produceFrame = (acks: number): Uint8Array =>
  concat(
    encodeRequestFrame(
      produce,
      9,
      { correlationId: 8, clientId: null },
      {
        transactionalId: null,
        acks,
        timeoutMs: 1_000,
        topicData: [
          {
            name: 'frames',
            topicId: ZERO_UUID,
            partitionData: [
              {
                index: 0,
                records: buildBatch([{ value: new Uint8Array(1), timestamp: 1 }]),
              },
            ],
          },
        ],
      },
    ),
  ).subarray(4);

describe('POST /kafka', () => {
  it('answers a frame with a frame', async () => {
    const response = await door.fetch('POST', '/kafka', { type, body: versionsFrame });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    const reader = new Reader(new Uint8Array(await response.arrayBuffer()));
    expect(decodeResponseHeader(apiVersions, 3, reader)).toBe(7);
    expect(decodeResponse(apiVersions, 3, reader).errorCode).toBe(0);
    expect(reader.remaining).toBe(0);
  });

  it('has no content for a request that gets no response', async () => {
    const ask = async (acks: number) =>
      (await door.fetch('POST', '/kafka', { type, body: produceFrame(acks) })).status;
    // The topic is not there: a socket would be closed.
    expect(await ask(0)).toBe(400);
    const body = { records: [{ value: 1 }] };
    await door.ask('POST', '/rest/topics/frames', { type: v2Json, body });
    expect(await ask(0)).toBe(204);
    expect(await ask(1)).toBe(200);
  });

  it('refuses what is no frame, and another content type', async () => {
    const ask = async (body: Uint8Array, as = type) =>
      (await door.ask('POST', '/kafka', { type: as, body })).status;
    expect(await ask(new Uint8Array(0))).toBe(400);
    expect(await ask(new Uint8Array([0, 0, 0, 3]))).toBe(400);
    expect(await ask(versionsFrame, 'application/octet-stream')).toBe(415);
    expect((await door.ask('PUT', '/kafka')).status).toBe(405);
    expect(await ask(new Uint8Array(16 * 1024 * 1024 + 1))).toBe(413);
  });
});
