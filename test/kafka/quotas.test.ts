/**
 * Quotas and limits over real sockets: who uses more than it may is answered, told for how long to
 * wait, and not served before; everybody else is.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/writer.ts';
import { alterClientQuotas } from '../../src/protocol/apis/alter-client-quotas.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { fetch as fetchApi } from '../../src/protocol/apis/fetch.ts';
import { joinGroup } from '../../src/protocol/apis/join-group.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { encodeRequestFrame } from '../../src/protocol/header.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { batchOf, createTopic, fetchOf, hello, produceOf, produceTo, Wire } from './wire.ts';

let kedge: Kedge;
const opened: Wire[] = [];

async function open(): Promise<Wire> {
  const wire = await Wire.open(kedge);
  opened.push(wire);
  return wire;
}

afterEach(() => {
  for (const wire of opened.splice(0)) wire.close();
});

describe('a client with a quota', () => {
  beforeAll(async () => {
    kedge = await spawnKedge();
  });

  afterAll(async () => {
    await kedge?.stop();
  });

  /** By default of the client id that `Wire` has. */
  async function limit(key: string, value: number | undefined, clientId = 'wire'): Promise<void> {
    const wire = await open();
    const entity = [{ entityType: 'client-id', entityName: clientId }];
    const ops = [{ key, value: value ?? 0, remove: value === undefined }];
    const request = { entries: [{ entity, ops }], validateOnly: false };
    const { entries } = await wire.ask(alterClientQuotas, 1, request);
    expect(entries[0].errorCode).toBe(0);
  }

  const helloFrom = (clientId: string) => {
    const header = { correlationId: 1, clientId };
    return concat(
      encodeRequestFrame(apiVersions, 0, header, defaultsOf(apiVersions.request.fields)),
    );
  };

  /** Asks for something, is not answered before it has waited, and others are. */
  async function waits(wire: Wire, toldMs: number, asked = hello()): Promise<void> {
    const started = Date.now();
    wire.write(asked);
    const other = await open();
    for (let time = 0; time < 20; time++) {
      other.write(helloFrom('other'));
      await other.take();
    }
    expect(wire.waiting).toBe(0);
    await wire.take();
    // A timer may be early by the fraction of a millisecond.
    expect(Date.now() - started).toBeGreaterThan(toldMs * 0.8 - 50);
  }

  it('is slowed down to what it may produce', async () => {
    const wire = await open();
    await createTopic(wire, 'in');
    await limit('producer_byte_rate', 100_000);
    const half = batchOf('x'.repeat(650_000));
    const ask = () => wire.ask(produce, 9, produceOf('in', half));
    expect((await ask()).throttleTimeMs).toBe(0);
    const { throttleTimeMs, responses } = await ask();
    expect(responses[0].partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 1 });
    // 1.3 MB in a window of ten seconds that may have 1 MB.
    expect(throttleTimeMs).toBeGreaterThan(2_500);
    expect(throttleTimeMs).toBeLessThan(3_100);
    await waits(wire, throttleTimeMs);
    await limit('producer_byte_rate', undefined);
  });

  it('is slowed down where it wants no answers', async () => {
    const wire = await open();
    await createTopic(wire, 'mute');
    // The window of another client is empty, whatever was produced before.
    await limit('producer_byte_rate', 100_000, 'mute');
    for (let time = 0; time < 2; time++) {
      const request = produceOf('mute', batchOf('x'.repeat(650_000)), { acks: 0 });
      const header = { correlationId: 1, clientId: 'mute' };
      wire.write(concat(encodeRequestFrame(produce, 9, header, request)));
    }
    await waits(wire, 2_500, helloFrom('mute'));
    await limit('producer_byte_rate', undefined, 'mute');
  });

  it('is slowed down to what it may fetch, and gets nothing before', async () => {
    const wire = await open();
    await createTopic(wire, 'out');
    const value = 'x'.repeat(650_000);
    await produceTo(wire, 'out', value);
    await produceTo(wire, 'out', value);
    await limit('consumer_byte_rate', 100_000);
    const ask = (client: Wire, offset: number) => client.ask(fetchApi, 11, fetchOf('out', offset));
    expect((await ask(wire, 0)).throttleTimeMs).toBe(0);
    const { throttleTimeMs, responses } = await ask(wire, 1);
    expect(responses).toHaveLength(1);
    expect(throttleTimeMs).toBeGreaterThan(2_500);
    // On another connection it is told at once.
    const empty = await ask(await open(), 0);
    expect(empty.responses).toEqual([]);
    expect(empty.throttleTimeMs).toBeGreaterThan(500);
    await waits(wire, throttleTimeMs);
    await limit('consumer_byte_rate', undefined);
  });
});

describe('a Kedge with limits', () => {
  beforeAll(async () => {
    kedge = await spawnKedge({
      env: {
        KAFKA_MAX_CONNECTIONS_PER_IP: '3',
        KAFKA_MAX_CONNECTIONS_PER_IP_OVERRIDES: '127.0.0.2:0',
        KEDGE_MAX_TOPICS: '1',
        KEDGE_MAX_GROUPS: '1',
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      },
    });
  });

  afterAll(async () => {
    await kedge?.stop();
  });

  /** Whether a connection is answered; it is hung up on without a word else. */
  async function isServed(wire: Wire): Promise<boolean> {
    wire.write(hello());
    return wire.take().then(
      () => true,
      () => false,
    );
  }

  it('closes the connection that is one too many, until another is closed', async () => {
    const wires = [await open(), await open(), await open()];
    for (const wire of wires) expect(await isServed(wire)).toBe(true);
    expect(await isServed(await open())).toBe(false);
    wires[0].close();
    let served = false;
    while (!served) served = await isServed(await open());
    expect(await isServed(wires[1])).toBe(true);
    const elsewhere = await Wire.open(kedge, '127.0.0.2');
    opened.push(elsewhere);
    expect(await isServed(elsewhere)).toBe(false);
  });

  it('has no more topics and groups than it may have, and says what to do', async () => {
    const wire = await open();
    const create = (name: string) =>
      wire.ask(createTopics, 7, {
        topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 1_000,
        validateOnly: false,
      });
    expect((await create('one')).topics[0].errorCode).toBe(0);
    expect((await create('two')).topics[0]).toMatchObject({
      errorCode: ErrorCode.POLICY_VIOLATION,
      errorMessage: expect.stringContaining('KEDGE_MAX_TOPICS'),
    });
    const join = async (groupId: string) => {
      const { errorCode } = await wire.ask(joinGroup, 5, {
        ...defaultsOf(joinGroup.request.fields),
        groupId,
        sessionTimeoutMs: 6_000,
        rebalanceTimeoutMs: 6_000,
        memberId: '',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: new Uint8Array(4) }],
      });
      return errorCode;
    };
    expect(await join('g')).toBe(ErrorCode.MEMBER_ID_REQUIRED);
    expect(await join('h')).toBe(ErrorCode.POLICY_VIOLATION);
  });
});
