import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/writer.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { apis } from '../../src/protocol/apis/index.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import {
  batchOf,
  createTopic,
  framed,
  frameOf,
  hello,
  lengthOf,
  produceOf,
  produceTo,
  readFrom,
  Wire,
} from './wire.ts';

let kedge: Kedge;
/** A client that was there before and goes on: it must notice nothing. */
let healthy: Wire;
let produced = 0;
const opened: Wire[] = [];

async function open(): Promise<Wire> {
  const wire = await Wire.open(kedge);
  opened.push(wire);
  return wire;
}

beforeAll(async () => {
  kedge = await spawnKedge();
  healthy = await Wire.open(kedge);
  await createTopic(healthy, 'healthy');
});

afterAll(async () => {
  healthy?.close();
  await kedge?.stop();
});

let linesBefore = '';
beforeEach(() => {
  linesBefore = kedge.output();
});

/** Whoever misbehaved, the others go on, and the log stays quiet. */
afterEach(async () => {
  const value = `value ${produced}`;
  expect(await produceTo(healthy, 'healthy', value)).toBe(produced);
  expect(await readFrom(healthy, 'healthy', produced++)).toEqual([value]);
  const fresh = await open();
  expect(await fresh.ask(apiVersions, 0, noSoftware)).toMatchObject({ errorCode: 0 });
  for (const wire of opened.splice(0)) wire.close();
  expect(kedge.output().slice(linesBefore.length)).toBe('');
});

const noSoftware = { clientSoftwareName: '', clientSoftwareVersion: '' };

/** The same bytes every time: xorshift. */
function randomBytes(seed: number, count: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

const tlsHello = Uint8Array.from([
  ...[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03],
  ...randomBytes(7, 500),
]);

/** The memory a process holds, from /proc where there is one, else from ps. */
function residentBytes(pid: number): number {
  const status = `/proc/${pid}/status`;
  const kilobytes = existsSync(status)
    ? /VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))![1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kilobytes) * 1024;
}

describe('bytes that are not Kafka', () => {
  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['an HTTP/2 preface', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['a TLS hello', tlsHello],
    ['a greeting of SSH', Buffer.from('SSH-2.0-OpenSSH_9.9\r\n')],
    ['a negative length', lengthOf(-1)],
    ['the most negative length', lengthOf(-0x8000_0000)],
    ['the largest length', lengthOf(0x7fff_ffff)],
    ['a length one over the limit', lengthOf(104_857_601)],
    ['an empty frame', lengthOf(0)],
    ['a frame too short for a header', framed(new Uint8Array(7))],
    ['a frame of zeros', framed(new Uint8Array(100))],
    ['a frame of ones', framed(new Uint8Array(1_000).fill(0xff))],
  ])('%s: closed', async (_what, bytes) => {
    const wire = await open();
    wire.write(bytes);
    await wire.closed();
    expect(wire.waiting).toBe(0);
  });

  it('random bytes of many kinds: closed, at the latest when the client ends', async () => {
    const wires = await Promise.all(
      Array.from({ length: 50 }, async (_, seed) => {
        const wire = await open();
        wire.write(randomBytes(seed + 1, 1 + seed * 700));
        wire.socket.end();
        return wire;
      }),
    );
    await Promise.all(wires.map((wire) => wire.closed()));
    expect(wires.every((wire) => wire.waiting === 0)).toBe(true);
  });

  it('random bodies of every API in every version: an answer or a closed connection', async () => {
    let answered = 0;
    for (const [index, api] of apis.entries()) {
      const [min, max] = api.versions;
      const wires = Array.from({ length: max - min + 1 }, async (_, i) => {
        const wire = await open();
        const header = Uint8Array.from([0, api.key, 0, min + i, 0, 0, 0, 9, 0xff, 0xff, 0]);
        wire.write(framed(concat([header, randomBytes(index * 100 + i + 1, 300)])));
        wire.socket.end();
        await wire.closed();
        answered += wire.waiting;
      });
      await Promise.all(wires);
      for (const wire of opened.splice(0)) wire.close();
    }
    // ApiVersions has nothing in its body that could be wrong.
    expect(answered).toBeGreaterThan(0);
  });
});

describe('requests Kafka does not know', () => {
  it.each([
    ['an API that does not exist', [0x12, 0x34, 0, 0]],
    ['an API of brokers among themselves', [0, 4, 0, 0]],
    ['a version of Fetch that is gone', [0, 1, 0, 3]],
    ['a version of Fetch that is to come', [0, 1, 0, 99]],
    ['a version of Produce that is only listed', [0, 0, 0, 2]],
    ['a negative version', [0, 3, 0xff, 0xff]],
  ])('%s: closed, after the requests before it were answered', async (_what, keyAndVersion) => {
    const wire = await open();
    const strange = framed(Uint8Array.from([...keyAndVersion, 0, 0, 0, 2, 0xff, 0xff, 0, 0]));
    wire.write(concat([hello(1), strange, hello(3)]));
    await wire.closed();
    expect(wire.waiting).toBe(1);
    expect((await wire.takeResponse(apiVersions, 0)).correlationId).toBe(1);
  });

  it('a version of ApiVersions that is to come: answered in version 0', async () => {
    const wire = await open();
    const body = [2, 0x41, 2, 0x31, 0, 0xde, 0xad];
    const future = Uint8Array.from([0, 18, 0, 99, 0, 0, 0, 5, 0, 1, 0x61, 0, ...body]);
    wire.write(concat([framed(future), hello(6)]));
    const { correlationId, response } = await wire.takeResponse(apiVersions, 0);
    expect(correlationId).toBe(5);
    expect(response).toMatchObject({
      errorCode: 35,
      apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }],
    });
    expect((await wire.takeResponse(apiVersions, 0)).correlationId).toBe(6);
  });
});

describe('clients that vanish', () => {
  const request = frameOf(produce, 9, produceOf('healthy', batchOf('never whole')));

  it('in the middle of a frame, at any byte: nothing happens', async () => {
    for (let length = 1; length < request.length; length += 7) {
      const wire = await open();
      wire.write(request.subarray(0, length));
      if (length % 2 === 0) wire.socket.end();
      else wire.socket.resetAndDestroy();
      await wire.closed();
    }
    expect(await readFrom(healthy, 'healthy', produced)).toEqual([]);
  });

  it('without reading the answers they asked for: the others are served', async () => {
    const wire = await open();
    wire.socket.pause();
    const many = concat(Array.from({ length: 5_000 }, (_, i) => hello(i)));
    wire.write(many);
    expect((await (await open()).ask(apiVersions, 0, noSoftware)).errorCode).toBe(0);
    wire.socket.resetAndDestroy();
    await wire.closed();
  });

  it('by the hundred, half way: the memory they claim is not allocated', async () => {
    const before = residentBytes(kedge.workerdPid());
    const wires = await Promise.all(Array.from({ length: 200 }, open));
    for (const wire of wires) wire.write(concat([lengthOf(104_857_600), new Uint8Array(1_000)]));
    await sleep(200);
    // Each claims 100 MiB: 20 GB in all. What they hold is what a connection costs.
    expect(residentBytes(kedge.workerdPid()) - before).toBeLessThan(200 * 1024 * 1024);
    expect(wires.some((wire) => wire.isClosed)).toBe(false);
  });
});
