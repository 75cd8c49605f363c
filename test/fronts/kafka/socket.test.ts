import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGateway } from '../../../src/broker/gateway.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { openAndUnlimited } from '../../../src/fronts/kafka/serve.ts';
import { serveSocket } from '../../../src/fronts/kafka/socket.ts';
import { fetch } from '../../../src/protocol/apis/fetch.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { decodeRecords, recordBatches } from '../../../src/protocol/records/index.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../../src/runtime/config.ts';
import { batchOf, TestCluster } from '../../broker/test-cluster.ts';
import { fetchOf, frameOf, hello, produceOf } from '../../kafka/wire.ts';

// Its timer would stand still with the clock of these tests.
vi.mock('../../../src/runtime/io-turn.ts', () => ({ ioTurn: () => Promise.resolve() }));

type Read = { value: Uint8Array; done: false } | { value: undefined; done: true };

/** A socket of workerd as far as a connection uses it, with both ends in our hands. */
class FakeSocket {
  readonly opened = Promise.resolve({
    remoteAddress: '127.0.0.1:50000',
    localAddress: '[::1]:9092',
  });
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;
  /** How large the buffers were that reads came with. */
  readonly readSizes: number[] = [];
  readonly written: Uint8Array[] = [];
  cancelled = false;
  isClosed = false;
  broken = false;
  /** The client does not read: writes wait. */
  stalled = false;
  #stalledWrite = Promise.withResolvers<void>();
  #incoming: (Uint8Array | 'end')[] = [];
  #pending: { resolve(read: Read): void; reject(error: Error): void } | undefined;

  readonly readable = { getReader: () => this };
  readonly writable = { getWriter: () => this };

  async write(chunk: Uint8Array): Promise<void> {
    if (this.broken) throw new Error('Network connection lost.');
    this.written.push(chunk);
    if (this.stalled) await this.#stalledWrite.promise;
  }

  async abort(): Promise<void> {
    if (this.stalled) this.#stalledWrite.reject(new Error('aborted'));
  }

  readAtLeast(_min: number, buffer: Uint8Array): Promise<Read> {
    this.readSizes.push(buffer.byteLength);
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#deliver();
    });
  }

  async cancel(): Promise<void> {
    this.cancelled = true;
    this.#pending?.reject(new Error('Stream was cancelled.'));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.#closed.resolve();
  }

  /** The client sends; as much of it as a read has room for arrives. */
  send(bytes: Uint8Array): void {
    this.#incoming.push(bytes);
    this.#deliver();
  }

  end(): void {
    this.#incoming.push('end');
    this.#deliver();
  }

  reset(): void {
    this.broken = true;
    this.#closed.resolve();
    this.#pending?.reject(new Error('Network connection lost.'));
  }

  #deliver(): void {
    const next = this.#incoming[0];
    if (this.#pending === undefined || next === undefined) return;
    const { resolve } = this.#pending;
    this.#pending = undefined;
    if (next === 'end') {
      resolve({ value: undefined, done: true });
      return;
    }
    const size = this.readSizes[this.readSizes.length - 1];
    const rest = next.subarray(size);
    this.#incoming[0] = rest;
    if (rest.byteLength === 0) this.#incoming.shift();
    resolve({ value: next.slice(0, size), done: false });
  }
}

function serve(config: Partial<BrokerConfig> = {}, calls = Infinity) {
  const cluster = new TestCluster();
  const socket = new FakeSocket();
  const gateway = createGateway(
    cluster.objects,
    { ...defaultBrokerConfig, ...config },
    { open: true },
  );
  const done = serveSocket(socket as unknown as Socket, gateway, { ...openAndUnlimited, calls });
  return { cluster, socket, done };
}

/** The correlation ids of the responses written so far. */
function answered(socket: FakeSocket): number[] {
  const bytes = concat(socket.written.length > 0 ? socket.written : [new Uint8Array(0)]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids: number[] = [];
  for (let at = 0; at < bytes.byteLength; at += 4 + view.getInt32(at)) {
    ids.push(view.getInt32(at + 4));
  }
  return ids;
}

/** The values in partition 0. */
async function valuesIn(cluster: TestCluster, topicId: string): Promise<string[]> {
  const { records } = await cluster.partition(topicId, 0).call('read', {
    fetchOffset: 0,
    currentLeaderEpoch: -1,
    maxBytes: 1_000_000,
    minOneBatch: true,
    isolationLevel: 0,
  });
  return [...recordBatches(concat(records))].flatMap((batch) =>
    [...decodeRecords(batch)].map(({ value }) => new TextDecoder().decode(value!)),
  );
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(1);

describe('a socket', () => {
  it('is served until the client ends', async () => {
    const { socket, done } = serve();
    socket.send(concat([hello(1), hello(2)]));
    socket.end();
    await done;
    expect(answered(socket)).toEqual([1, 2]);
    expect(socket.isClosed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is closed by bytes that make no sense', async () => {
    const { socket, done } = serve();
    socket.send(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'));
    await done;
    expect(socket).toMatchObject({ cancelled: true, isClosed: true });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is reset is no event', async () => {
    const log = vi.spyOn(console, 'error');
    const { socket, done } = serve();
    await settle();
    socket.reset();
    await done;
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it('that fails to open is no event', async () => {
    const socket = { opened: Promise.reject(new Error('gone')) } as unknown as Socket;
    const gateway = createGateway(new TestCluster().objects, defaultBrokerConfig, { open: true });
    await expect(serveSocket(socket, gateway, openAndUnlimited)).resolves.toBeUndefined();
  });

  it('ends a Fetch that waits when the client resets, and closes its watches', async () => {
    const { cluster, socket, done } = serve();
    cluster.create('orders');
    socket.send(frameOf(fetch, 11, fetchOf('orders', 0, { maxWaitMs: 3_600_000 })));
    await settle();
    expect(cluster.calls).toContain('watch orders:0');
    socket.reset();
    await done;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('carries out what a client sent before it left', async () => {
    const { cluster, socket, done } = serve();
    const { topicId } = cluster.create('orders');
    const record = (value: string) =>
      frameOf(produce, 9, produceOf('orders', batchOf(value), { acks: 0 }));
    socket.send(concat([record('a'), record('b')]));
    await settle();
    socket.reset();
    await done;
    const list = { timestamp: -1, currentLeaderEpoch: -1, isolationLevel: 0 };
    const end = await cluster.partition(topicId, 0).call('listOffset', list);
    expect(end.offset).toBe(2);
  });

  it('keeps the order of appends, also while the topic is looked up', async () => {
    const { cluster, socket, done } = serve();
    const { topicId } = cluster.create('orders');
    const ids = Array.from({ length: 60 }, (_, i) => i);
    for (const i of ids) {
      socket.send(frameOf(produce, 9, produceOf('orders', batchOf(`${i}`)), i));
    }
    socket.end();
    await done;
    expect(answered(socket)).toEqual(ids);
    expect((await valuesIn(cluster, topicId)).map(Number)).toEqual(ids);
  });

  it('refuses a run of appends to a topic that was made anew, then goes on with it', async () => {
    const { cluster, socket, done } = serve();
    cluster.create('orders');
    const send = (i: number) =>
      socket.send(frameOf(produce, 9, produceOf('orders', batchOf(`${i}`)), i));
    send(0);
    await settle();
    await cluster.delete('orders');
    const { topicId } = cluster.create('orders');
    for (let i = 1; i <= 40; i++) send(i);
    socket.end();
    await done;
    expect(answered(socket)).toHaveLength(41);
    const taken = (await valuesIn(cluster, topicId)).map(Number);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThan(40);
    const rest = Array.from({ length: taken.length }, (_, i) => 41 - taken.length + i);
    expect(taken).toEqual(rest);
  });

  it('joins small chunks of an answer, and does not copy large ones', async () => {
    const { cluster, socket, done } = serve();
    cluster.create('orders');
    await cluster.append('orders', 0, 'x'.repeat(200_000));
    socket.send(concat([hello(1), frameOf(fetch, 11, fetchOf('orders', 0), 2)]));
    socket.end();
    await done;
    expect(answered(socket)).toEqual([1, 2]);
    expect(socket.written.length).toBeLessThanOrEqual(4);
  });

  it('with nothing to say is read into small buffers', async () => {
    const { socket, done } = serve();
    const large = frameOf(produce, 9, produceOf('nobody', new Uint8Array(500_000)));
    socket.send(large);
    await settle();
    expect(Math.max(...socket.readSizes)).toBe(256 * 1024);
    expect(socket.readSizes.at(-1)).toBe(8 * 1024);
    socket.end();
    await done;
  });
});

describe('an idle connection', () => {
  it('is closed after connections.max.idle.ms', async () => {
    const { socket, done } = serve({ connectionsMaxIdleMs: 10_000 });
    await vi.advanceTimersByTimeAsync(9_000);
    socket.send(hello(1));
    await vi.advanceTimersByTimeAsync(9_900);
    expect(socket.isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await done;
    expect(answered(socket)).toEqual([1]);
  });

  it('is closed also when it stopped in the middle of a frame', async () => {
    const { socket, done } = serve({ connectionsMaxIdleMs: 10_000 });
    socket.send(hello(1).subarray(0, 9));
    await vi.advanceTimersByTimeAsync(10_100);
    await done;
    expect(socket.isClosed).toBe(true);
  });

  it('is one whose client does not take its answers', async () => {
    const { socket, done } = serve({ connectionsMaxIdleMs: 10_000 });
    socket.stalled = true;
    socket.send(concat([hello(1), hello(2)]));
    await vi.advanceTimersByTimeAsync(10_100);
    await done;
    expect(answered(socket)).toEqual([1]);
    expect(socket.isClosed).toBe(true);
  });

  it('is not one whose request is worked on', async () => {
    const { cluster, socket, done } = serve({ connectionsMaxIdleMs: 10_000 });
    cluster.create('orders');
    socket.send(frameOf(fetch, 11, fetchOf('orders', 0, { maxWaitMs: 35_000 })));
    await vi.advanceTimersByTimeAsync(34_000);
    expect(socket.isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(25_000);
    await done;
    expect(answered(socket)).toEqual([1]);
  });
});

describe('a connection that may make only so many calls', () => {
  const request = (id: number) => frameOf(fetch, 11, fetchOf('orders', 0), id);

  it('is closed between two requests when it has made them', async () => {
    const { cluster, socket, done } = serve({}, 5);
    cluster.create('orders');
    await cluster.append('orders', 0, 'x');
    for (let id = 1; !socket.cancelled; id++) {
      socket.send(request(id));
      await settle();
    }
    await done;
    // One call looks the topic up, the others read it.
    expect(answered(socket)).toEqual([1, 2, 3, 4]);
    expect(cluster.calls).toHaveLength(5);
  });

  it('still answers what was sent already, within a tenth more', async () => {
    const { cluster, socket, done } = serve({}, 100);
    cluster.create('orders');
    await cluster.append('orders', 0, 'x');
    socket.send(concat(Array.from({ length: 300 }, (_, id) => request(id))));
    await done;
    expect(cluster.calls.length).toBeGreaterThan(100);
    expect(cluster.calls.length).toBeLessThanOrEqual(111);
    expect(answered(socket)).toEqual(
      Array.from({ length: cluster.calls.length - 1 }, (_, id) => id),
    );
  });
});
