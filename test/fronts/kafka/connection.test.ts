import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionPort } from '../../../src/fronts/kafka/connection.ts';

/** A frame of these bytes, with its length in front. */
function frame(...bytes: number[]): Uint8Array {
  return new Uint8Array([0, 0, bytes.length >> 8, bytes.length, ...bytes]);
}

const joined = (...parts: Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((p) => [...p]));

/** Waits until everything that can happen without us has happened. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

interface Pending {
  readonly frame: number[];
  readonly nextMayStart: () => void;
  answer(chunks: readonly Uint8Array[] | undefined): void;
}

/** A connection whose requests are answered by hand. */
function byHand(options: { limit?: number; port?: Partial<ConnectionPort> } = {}) {
  const pending: Pending[] = [];
  const sent: number[][] = [];
  const state = { closed: 0, pending, sent };
  const connection = new Connection(
    {
      answer: (bytes, nextMayStart) =>
        new Promise((answer) => {
          pending.push({ frame: [...bytes], answer, nextMayStart });
        }),
      overlaps: ([first]) => first > 100,
      onlyReads: ([first]) => first === 50,
      giveWay: async () => {},
      quiet: () => undefined,
      send: async (chunks) => {
        sent.push(chunks.flatMap((chunk) => [...chunk]));
      },
      isSpent: () => false,
      mayGoOnAt: () => false,
      close: () => {
        state.closed++;
      },
      ...options.port,
    },
    options.limit ?? 1_000,
  );
  return Object.assign(state, { connection });
}

/** A connection that echoes each request, unless it begins with 0 (silence) or 255 (hang up). */
function echo(port: Partial<ConnectionPort> = {}) {
  const state = byHand({
    limit: 2 * 1024 * 1024,
    port: {
      answer: async (bytes) => (bytes[0] === 255 ? undefined : bytes[0] === 0 ? [] : [bytes]),
      ...port,
    },
  });
  return state;
}

describe('a connection', () => {
  it('takes frames however they are cut', async () => {
    const stream = joined(frame(1, 2, 3), frame(4), frame(5, 6));
    for (let size = 1; size <= stream.length; size++) {
      const { connection, sent } = echo();
      for (let at = 0; at < stream.length; at += size) {
        connection.receive(stream.slice(at, at + size));
        await turns();
      }
      expect(sent, `in chunks of ${size}`).toEqual([[1, 2, 3], [4], [5, 6]]);
    }
  });

  it('answers, and then begins nothing while the client has to be quiet', async () => {
    let ended: (() => void) | undefined;
    let quiet: Promise<void> | undefined = new Promise((resolve) => {
      ended = resolve;
    });
    const { connection, pending, sent } = byHand({ port: { quiet: () => quiet } });
    // Both may overlap.
    connection.receive(joined(frame(101), frame(102)));
    await turns();
    pending[0].answer([new Uint8Array([1])]);
    await turns();
    expect(sent).toEqual([[1]]);
    pending[0].nextMayStart();
    connection.receive(frame(103));
    await turns();
    expect(pending).toHaveLength(1);
    quiet = undefined;
    ended?.();
    await turns();
    expect(pending.map((one) => one.frame)).toEqual([[101], [102]]);
    pending[1].answer([new Uint8Array([2])]);
    await turns();
    pending[2].answer([]);
    await turns();
    expect(sent).toEqual([[1], [2]]);
    expect(connection.isClosed).toBe(false);
  });

  it('answers in order, one request after the other', async () => {
    const { connection, pending, sent } = byHand();
    connection.receive(joined(frame(1), frame(2), frame(3)));
    await turns();
    expect(pending.map((one) => one.frame)).toEqual([[1]]);
    pending[0].answer([new Uint8Array([11])]);
    await turns();
    expect(pending.map((one) => one.frame)).toEqual([[1], [2]]);
    pending[1].answer([]);
    await turns();
    pending[2].answer([new Uint8Array([13])]);
    await turns();
    expect(sent).toEqual([[11], [13]]);
  });

  it('begins requests that overlap as soon as it may, and answers them in order', async () => {
    const { connection, pending, sent } = byHand();
    const frames = () => pending.map((one) => one.frame[0]);
    connection.receive(joined(frame(101), frame(102), frame(3), frame(104)));
    await turns();
    expect(frames()).toEqual([101]);
    pending[0].nextMayStart();
    pending[1].nextMayStart();
    await turns();
    expect(frames(), 'the third does not overlap').toEqual([101, 102]);
    pending[1].answer([new Uint8Array([12])]);
    await turns();
    expect(sent).toEqual([]);
    pending[0].answer([new Uint8Array([11])]);
    await turns();
    expect(sent, 'both are there: they are sent together').toEqual([[11, 12]]);
    expect(frames()).toEqual([101, 102, 3]);
    pending[2].nextMayStart();
    await turns();
    expect(frames()).toEqual([101, 102, 3, 104]);
    connection.receive(frame(105));
    expect(frames()).toHaveLength(4);
    pending[3].nextMayStart();
    expect(frames(), 'at once, whatever comes later').toEqual([101, 102, 3, 104, 105]);
  });

  it('begins in one breath what came in one, if that lets it', () => {
    const { connection, pending } = byHand({
      port: {
        answer: (bytes, nextMayStart) => {
          pending.push({ frame: [...bytes], answer: () => {}, nextMayStart });
          nextMayStart();
          return new Promise(() => {});
        },
      },
    });
    connection.receive(joined(frame(101), frame(102), frame(103)));
    expect(pending.map((one) => one.frame[0])).toEqual([101, 102, 103]);
  });

  it('sends answers one by one to a client that has to be quiet', async () => {
    const { connection, pending, sent } = byHand({ port: { quiet: () => Promise.resolve() } });
    connection.receive(joined(frame(101), frame(102)));
    pending[0].nextMayStart();
    pending[1].answer([new Uint8Array([12])]);
    pending[0].answer([new Uint8Array([11])]);
    await turns();
    expect(sent).toEqual([[11], [12]]);
  });

  it('sends what was answered before it hangs up', async () => {
    const { connection, pending, sent } = byHand();
    connection.receive(joined(frame(101), frame(102)));
    pending[0].nextMayStart();
    pending[1].answer(undefined);
    pending[0].answer([new Uint8Array([11])]);
    await turns();
    expect(sent).toEqual([[11]]);
    expect(connection.isClosed).toBe(true);
  });

  it('reads much at once while its client sends much', async () => {
    const { connection, pending } = byHand({ limit: 100_000 });
    const large = joined(new Uint8Array([0, 0, 78, 32]), new Uint8Array(20_000).fill(101));
    const sizes = () => [connection.readSize, connection.busyReadSize];
    const answer = async () => {
      pending.at(-1)?.answer([]);
      await turns();
    };
    expect(sizes()).toEqual([8_192, 8_192]);
    connection.receive(large);
    expect(sizes(), 'once is not often').toEqual([8_192, 8_192]);
    await answer();
    expect(sizes(), 'nothing is under way').toEqual([8_192, 8_192]);
    connection.receive(large);
    expect(sizes()).toEqual([8_192, 25_005]);
    connection.receive(large.subarray(0, 10));
    expect(sizes(), 'in the middle of a request').toEqual([12_502, 12_502]);
  });

  it('begins only so many at the same time', async () => {
    const { connection, pending } = byHand({ port: { overlaps: () => true } });
    connection.receive(joined(...Array.from({ length: 40 }, (_, i) => frame(i + 1))));
    for (let i = 0; i < pending.length; i++) pending[i].nextMayStart();
    expect(pending).toHaveLength(32);
    pending[0].answer([]);
    await turns();
    expect(pending).toHaveLength(33);
  });

  it('closes when there is no answer to give, and serves nothing after it', async () => {
    const state = byHand();
    state.connection.receive(joined(frame(1), frame(2)));
    await turns();
    state.pending[0].answer(undefined);
    await turns();
    expect(state.pending).toHaveLength(1);
    expect(state).toMatchObject({ closed: 1, sent: [] });
    state.connection.receive(frame(3));
    await turns();
    expect(state.pending).toHaveLength(1);
  });

  it.each([
    ['negative', [0xff, 0xff, 0xff, 0xff]],
    ['one too large', [0, 0, 0x03, 0xe9]],
    ['of gigabytes', [0x7f, 0xff, 0xff, 0xff]],
  ])('serves what came before a length that is %s, then closes', async (_what, length) => {
    const state = byHand({ limit: 1_000 });
    state.connection.receive(joined(frame(1), Uint8Array.from(length), frame(2)));
    await turns();
    expect(state.closed).toBe(0);
    state.pending[0].answer([new Uint8Array([11])]);
    await turns();
    expect(state).toMatchObject({ closed: 1, sent: [[11]] });
    expect(state.pending).toHaveLength(1);
  });

  it('reads into small buffers between requests and grows with what was sent', async () => {
    const { connection } = echo();
    expect(connection.readSize).toBe(8 * 1024);
    connection.receive(frame(1));
    await turns();
    expect(connection.readSize).toBe(8 * 1024);
    connection.receive(new Uint8Array([0, 0x10, 0, 0]));
    expect(connection.readSize).toBe(8 * 1024);
    const sizes: number[] = [];
    for (let sent = 0; sent < 1024 * 1024; ) {
      const chunk = new Uint8Array(Math.min(connection.readSize, 1024 * 1024 - sent));
      sizes.push(connection.readSize);
      sent += chunk.length;
      connection.receive(chunk);
    }
    expect(Math.max(...sizes)).toBe(256 * 1024);
    for (let i = 1; i < sizes.length; i++) expect(sizes[i]).toBeLessThanOrEqual(3 * sizes[i - 1]);
    await turns();
    expect(connection.readSize).toBe(8 * 1024);
  });

  it('has no room while too much waits behind a request', async () => {
    const { connection, pending } = byHand({ limit: 2 * 1024 * 1024 });
    let roomy = 0;
    const room = () => connection.room().then(() => roomy++);
    connection.receive(frame(1));
    await room();
    const large = new Uint8Array(4 + 1024 * 1024);
    large.set([0, 0x10, 0, 0]);
    connection.receive(large);
    void room();
    await turns();
    expect(roomy).toBe(1);
    pending[0].answer([]);
    await turns();
    expect(roomy).toBe(2);
    pending[1].answer([]);
    await turns();
    expect(connection.isClientsTurn).toBe(true);
  });

  it('has no room while too many requests wait, however small', async () => {
    const { connection } = byHand();
    let roomy = false;
    connection.receive(frame(1));
    for (let i = 0; i < 10_000; i++) connection.receive(new Uint8Array(4));
    void connection.room().then(() => {
      roomy = true;
    });
    await turns();
    expect(roomy).toBe(false);
  });

  it('keeps no buffer that is mostly empty for a request that waits', async () => {
    const frames: Uint8Array[] = [];
    const { connection } = byHand({
      port: {
        answer: async (bytes, nextMayStart) => {
          frames.push(bytes);
          nextMayStart();
          return [];
        },
      },
    });
    connection.receive(frame(101));
    const buffer = new Uint8Array(8 * 1024);
    buffer.set(frame(102));
    connection.receive(buffer.subarray(0, 5));
    await connection.end();
    expect(frames.map(([first]) => first)).toEqual([101, 102]);
    expect(frames[1].buffer.byteLength).toBeLessThan(100);
  });

  it('sends answers in any number of chunks', async () => {
    const chunks = new Array<Uint8Array>(300_000).fill(new Uint8Array([1]));
    const { connection, sent } = byHand({ port: { answer: async () => chunks } });
    connection.receive(frame(1));
    await connection.end();
    expect(sent[0]).toHaveLength(chunks.length);
  });

  it('carries out what arrived whole before the client ended', async () => {
    const state = byHand();
    state.connection.receive(joined(frame(1), frame(2), new Uint8Array([0, 0, 0, 9, 1])));
    const ended = state.connection.end();
    await turns();
    state.pending[0].answer([new Uint8Array([11])]);
    await turns();
    state.pending[1].answer([]);
    await ended;
    expect(state.pending.map((one) => one.frame)).toEqual([[1], [2]]);
    expect(state).toMatchObject({ closed: 1, sent: [[11]] });
  });

  it('carries out what arrived although nothing can be sent any more', async () => {
    let tries = 0;
    const state = byHand({
      port: {
        send: async () => {
          tries++;
          throw new Error('Network connection lost.');
        },
      },
    });
    state.connection.receive(joined(frame(1), frame(2)));
    await turns();
    state.pending[0].answer([new Uint8Array([11])]);
    await turns();
    state.pending[1].answer([new Uint8Array([12])]);
    await state.connection.end();
    expect(tries).toBe(1);
    expect(state.closed).toBe(1);
  });

  it('drops what only reads once the client is gone, and carries out the rest', async () => {
    const state = byHand({
      port: { send: async () => Promise.reject(new Error('Network connection lost.')) },
    });
    const frames = () => state.pending.map((one) => one.frame[0]);
    state.connection.receive(joined(frame(50), frame(50), frame(2), frame(50), frame(3)));
    state.pending[0].answer([new Uint8Array([11])]);
    await turns();
    expect(frames()).toEqual([50, 2]);
    state.pending[1].answer([new Uint8Array([12])]);
    await turns();
    expect(frames()).toEqual([50, 2, 3]);
    state.pending[2].answer([]);
    await state.connection.end();
    expect(state.closed).toBe(1);
  });

  it('drops reads of a client that is known to be gone, and has room again', async () => {
    const state = byHand();
    state.connection.receive(frame(2));
    state.connection.clientIsGone();
    state.connection.receive(joined(...Array.from({ length: 100 }, () => frame(50))));
    state.pending[0].answer([]);
    await state.connection.end();
    expect(state.pending).toHaveLength(1);
  });

  it('gives way to others after many requests in a row', async () => {
    const served: (number | 'way')[] = [];
    const { connection } = echo({
      answer: async ([first]) => {
        served.push(first);
        return [];
      },
      giveWay: async () => {
        served.push('way');
      },
    });
    const frames = Array.from({ length: 70 }, (_, i) => i + 1);
    connection.receive(joined(...frames.map((one) => frame(one))));
    await connection.end();
    expect(served.filter((one) => one !== 'way')).toEqual(frames);
    expect(served.flatMap((one, at) => (one === 'way' ? [at] : []))).toEqual([32, 65]);
  });

  it('closes when it is spent, but not while a request waits', async () => {
    const state = byHand({ port: { isSpent: () => true } });
    state.connection.receive(joined(frame(1), frame(2)));
    await turns();
    state.pending[0].answer([]);
    await turns();
    expect(state.closed).toBe(0);
    state.pending[1].answer([]);
    await turns();
    expect(state.closed).toBe(1);
  });

  it('leaves what waits to another when it is spent and the client keeps that', async () => {
    const places: number[] = [];
    let isSpent = false;
    const state = byHand({
      port: {
        isSpent: () => isSpent,
        mayGoOnAt: (at) => {
          places.push(at);
          return at > 5;
        },
      },
    });
    state.connection.receive(
      joined(frame(101), frame(102, 102), frame(103), frame(104).slice(0, 3)),
    );
    isSpent = true;
    await turns();
    // The first could not be the end: the client does not keep what comes right after it.
    state.pending[0].nextMayStart();
    await turns();
    state.pending[1].nextMayStart();
    await turns();
    expect(state.pending.map((one) => one.frame)).toEqual([[101], [102, 102]]);
    expect(state.connection.begunTo).toBe(11);
    expect(places).toContain(5);
    state.pending[0].answer([]);
    await turns();
    expect(state.closed).toBe(0);
    state.pending[1].answer([]);
    await turns();
    expect(state.closed).toBe(1);
    expect(state.connection.goesOnAt).toBe(11);
  });

  it('leaves nothing to another behind a request that has no answer', async () => {
    const state = byHand({ port: { isSpent: () => true, mayGoOnAt: (at) => at > 0 } });
    state.connection.receive(joined(frame(1), frame(2)));
    await turns();
    state.pending[0].answer(undefined);
    await turns();
    expect(state.closed).toBe(1);
    expect(state.connection.goesOnAt).toBeUndefined();
  });

  it('ends when nothing ever came', async () => {
    const state = byHand();
    await state.connection.end();
    expect(state.closed).toBe(1);
  });

  it('serves tens of thousands of requests of one chunk', async () => {
    const { connection, sent } = echo();
    const count = 20_000;
    const chunk = new Uint8Array(count * 5);
    for (let i = 0; i < count; i++) chunk.set([0, 0, 0, 1, (i % 200) + 1], i * 5);
    connection.receive(chunk);
    await connection.end();
    expect(sent).toHaveLength(count);
    expect(sent[count - 1]).toEqual([((count - 1) % 200) + 1]);
  });
});
