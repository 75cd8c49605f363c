import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/writer.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { joinGroup } from '../../src/protocol/apis/join-group.ts';
import { listOffsets } from '../../src/protocol/apis/list-offsets.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import {
  batchOf,
  createTopic,
  fetchOf,
  frameOf,
  hello,
  produceOf,
  produceTo,
  readFrom,
  valuesOf,
  Wire,
} from './wire.ts';

let kedge: Kedge;
const opened: Wire[] = [];

async function open(): Promise<Wire> {
  const wire = await Wire.open(kedge);
  opened.push(wire);
  return wire;
}

beforeAll(async () => {
  kedge = await spawnKedge();
});

afterAll(async () => {
  await kedge?.stop();
});

afterEach(() => {
  for (const wire of opened.splice(0)) wire.close();
});

let topics = 0;
async function newTopic(wire: Wire): Promise<string> {
  const name = `topic-${++topics}`;
  await createTopic(wire, name);
  return name;
}

const noSoftware = defaultsOf(apiVersions.request.fields);

describe('frames', () => {
  it('may come byte by byte', async () => {
    const wire = await open();
    const topic = await newTopic(wire);
    const request = concat([hello(1), frameOf(produce, 9, produceOf(topic, batchOf('a')), 2)]);
    for (const byte of request) {
      wire.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await wire.takeResponse(apiVersions, 0)).correlationId).toBe(1);
    expect((await wire.takeResponse(produce, 9)).correlationId).toBe(2);
    expect(await readFrom(wire, topic, 0)).toEqual(['a']);
  });

  it('may come by the thousand in one piece, and are answered in order', async () => {
    const wire = await open();
    const count = 3_000;
    wire.write(concat(Array.from({ length: count }, (_, i) => hello(i))));
    for (let i = 0; i < count; i++) {
      expect((await wire.takeResponse(apiVersions, 0)).correlationId).toBe(i);
    }
  });

  it('may be large: a batch of a megabyte comes back as it went', async () => {
    const wire = await open();
    const topic = await newTopic(wire);
    const value = 'kedge'.repeat(200_000);
    expect(await produceTo(wire, topic, value)).toBe(0);
    expect(await readFrom(wire, topic, 0)).toEqual([value]);
  });
});

describe('pipelined requests', () => {
  it('to one partition are appended and answered in order', async () => {
    const wire = await open();
    const topic = await newTopic(wire);
    const count = 200;
    const requests = Array.from({ length: count }, (_, i) =>
      frameOf(produce, 9, produceOf(topic, batchOf(`${i}`)), i),
    );
    wire.write(concat(requests));
    for (let i = 0; i < count; i++) {
      const { correlationId, response } = await wire.takeResponse(produce, 9);
      const [{ errorCode, baseOffset }] = response.responses[0].partitionResponses;
      expect({ correlationId, errorCode, baseOffset }).toEqual({
        correlationId: i,
        errorCode: 0,
        baseOffset: i,
      });
    }
    expect(await readFrom(wire, topic, 0)).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
  });

  it('wait behind a Fetch that waits, while other connections are served', async () => {
    const [waiting, other] = [await open(), await open()];
    const topic = await newTopic(other);
    const parked = frameOf(fetch, 11, fetchOf(topic, 0, { maxWaitMs: 60_000 }), 1);
    const next = frameOf(metadata, 1, { ...defaultsOf(metadata.request.fields), topics: [] }, 3);
    waiting.write(concat([parked, hello(2), next]));
    for (let i = 0; i < 20; i++) await other.ask(apiVersions, 0, noSoftware);
    await produceTo(other, topic, 'at last');
    const first = await waiting.takeResponse(fetch, 11);
    expect(first.correlationId).toBe(1);
    expect(valuesOf(first.response)).toEqual(['at last']);
    expect((await waiting.takeResponse(apiVersions, 0)).correlationId).toBe(2);
    expect((await waiting.takeResponse(metadata, 1)).correlationId).toBe(3);
  });

  it('of the probe of old Python clients: ApiVersions 0, then Metadata 0', async () => {
    const wire = await open();
    const all = frameOf(metadata, 0, { ...defaultsOf(metadata.request.fields), topics: [] }, 2);
    wire.write(concat([hello(1), all]));
    expect((await wire.takeResponse(apiVersions, 0)).response.errorCode).toBe(0);
    const { response } = await wire.takeResponse(metadata, 0);
    expect(response.brokers).toEqual([
      expect.objectContaining({ nodeId: 1, host: kedge.host, port: kedge.kafkaPort }),
    ]);
  });
});

it('does not keep the connection of a client that left while its group gathers', async () => {
  const join = {
    ...defaultsOf(joinGroup.request.fields),
    groupId: 'gathering',
    sessionTimeoutMs: 600_000,
    rebalanceTimeoutMs: 600_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
  };
  const [settled, waiting] = [await open(), await open()];
  expect((await settled.ask(joinGroup, 2, join)).errorCode).toBe(ErrorCode.NONE);
  // Until the first member comes again, the second one is held.
  waiting.write(frameOf(joinGroup, 2, join));
  await settled.ask(apiVersions, 0, noSoftware);
  waiting.socket.end();
  await waiting.closed();
});

describe('a Fetch that waits', () => {
  it('answers each of many consumers when something is appended, again and again', async () => {
    const producer = await open();
    const topic = await newTopic(producer);
    const consumers = await Promise.all(Array.from({ length: 20 }, open));
    for (let offset = 0; offset < 5; offset++) {
      const asked = fetchOf(topic, offset, { maxWaitMs: 60_000 });
      const polls = consumers.map((wire) => wire.ask(fetch, 11, asked));
      await produceTo(producer, topic, `value ${offset}`);
      for (const answer of await Promise.all(polls)) {
        expect(valuesOf(answer)).toEqual([`value ${offset}`]);
      }
    }
  });

  it('does not hold up the producer of a client that is gone', async () => {
    const [gone, other] = [await open(), await open()];
    const topic = await newTopic(other);
    gone.write(frameOf(fetch, 11, fetchOf(topic, 0, { maxWaitMs: 60_000 })));
    await other.ask(apiVersions, 0, noSoftware);
    gone.close();
    expect(await produceTo(other, topic, 'a', 'b')).toBe(0);
    expect(await readFrom(other, topic, 0)).toEqual(['a', 'b']);
  });

  it('comes back empty when its time is up', async () => {
    const wire = await open();
    const topic = await newTopic(wire);
    const answer = await wire.ask(fetch, 11, fetchOf(topic, 0, { maxWaitMs: 50 }));
    expect(answer.responses[0].partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 0 });
    expect(valuesOf(answer)).toEqual([]);
  });
});

describe('acks 0', () => {
  it('gets no answer: the next response is that of the next request', async () => {
    const wire = await open();
    const topic = await newTopic(wire);
    const silent = ['a', 'b', 'c'].map((value) =>
      frameOf(produce, 9, produceOf(topic, batchOf(value), { acks: 0 })),
    );
    wire.write(concat([...silent, hello(42)]));
    expect((await wire.takeResponse(apiVersions, 0)).correlationId).toBe(42);
    expect(await readFrom(wire, topic, 0)).toEqual(['a', 'b', 'c']);
  });

  it('loses the connection for an error', async () => {
    const wire = await open();
    const lost = frameOf(produce, 9, produceOf('no-such-topic', batchOf('a'), { acks: 0 }));
    wire.write(concat([lost, hello(2)]));
    await wire.closed();
    expect(wire.waiting).toBe(0);
  });

  it('is carried out although the client leaves at once', async () => {
    const wire = await open();
    const topic = await newTopic(wire);
    const values = Array.from({ length: 50 }, (_, i) => `${i}`);
    const hasty = await open();
    for (const value of values) {
      hasty.write(frameOf(produce, 9, produceOf(topic, batchOf(value), { acks: 0 })));
    }
    hasty.socket.end();
    await hasty.closed();
    let read: string[] = [];
    while (read.length < values.length) read = await readFrom(wire, topic, 0);
    expect(read).toEqual(values);
  });
});

describe('a deleted or unknown topic', () => {
  it('is refused by each API in its own way', async () => {
    const wire = await open();
    const produced = await wire.ask(produce, 9, produceOf('nobody', batchOf('a')));
    expect(produced.responses[0].partitionResponses[0].errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    const fetched = await wire.ask(fetch, 13, fetchOf('', 0));
    expect(fetched.responses[0].partitions[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }];
    const listed = await wire.ask(listOffsets, 7, {
      ...defaultsOf(listOffsets.request.fields),
      topics: [{ name: 'nobody', partitions }],
    });
    expect(listed.topics[0].partitions[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});
