import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { carry, openStream } from '../../../src/cli/tunnel/stream.ts';

const megabyte = 1024 * 1024;
const streamWindow = 4 * megabyte;

/** The WebSocket's end in our hands. */
class FakeStream extends EventTarget {
  readyState: number = WebSocket.OPEN;
  sent = 0;
  readonly texts: string[] = [];
  closedWith: number | undefined;
  listened = false;
  readonly bytes: number[] = [];

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    super.addEventListener(...args);
    this.listened = true;
  }

  send(data: Uint8Array | string): void {
    if (typeof data === 'string') this.texts.push(data);
    else {
      this.sent += data.byteLength;
      if (this.sent < 1_000) this.bytes.push(...data);
    }
  }

  close(code = 1005): void {
    this.closedWith ??= code;
  }

  receive(data: string | Uint8Array): void {
    const whole = typeof data === 'string' ? data : data.slice().buffer;
    this.dispatchEvent(Object.assign(new Event('message'), { data: whole }));
  }

  end(code: number, reason = ''): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};

let server: Server;
let client: Socket;
let stream: FakeStream;
/** The one after it. */
let next: FakeStream;
let ended: Promise<string | undefined>;

beforeEach(async () => {
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  client = connect(port, '127.0.0.1');
  const [[ours]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  stream = new FakeStream();
  next = new FakeStream();
  const streams = [stream, next] as unknown as WebSocket[];
  ended = carry(ours as Socket, async () => streams.shift());
  await until(() => stream.listened);
});
afterEach(async () => {
  client.destroy();
  for (const one of [stream, next]) one.end(1000);
  await new Promise((resolve) => server.close(resolve));
});

/** Waits until it is so much at least, and nothing moves any more. */
async function settled(look: () => number, least = 0): Promise<number> {
  await until(() => look() >= least);
  for (;;) {
    const before = look();
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (look() === before) return before;
  }
}

describe('a stream of the tunnel', () => {
  it('carries what is sent, both ways', async () => {
    client.write('question');
    await until(() => stream.sent === 8);
    stream.receive(new TextEncoder().encode('answer'));
    const [bytes] = await once(client, 'data');
    expect(String(bytes)).toBe('answer');
  });

  it('sends no more than the other side has room for', async () => {
    client.write(new Uint8Array(12 * megabyte));
    const sent = await settled(() => stream.sent, streamWindow);
    expect(sent).toBeLessThan(streamWindow + megabyte);
    stream.receive(String(sent));
    await until(() => stream.sent > sent);
    while (stream.sent < 12 * megabyte) {
      stream.receive(String(stream.sent));
      await settled(() => stream.sent);
    }
    expect(stream.sent).toBe(12 * megabyte);
  });

  it('says what the client took, not what has come', async () => {
    client.pause();
    const told = () => Number(stream.texts.at(-1) ?? 0);
    for (let i = 0; i < 40; i++) stream.receive(new Uint8Array(megabyte));
    // What the sockets' own buffers hold counts as taken.
    expect(await settled(told)).toBeLessThan(30 * megabyte);
    client.resume();
    await until(() => told() === 40 * megabyte);
  });

  it('ends behind what came, and says what went wrong', async () => {
    stream.receive(new TextEncoder().encode('last words'));
    stream.end(1013, 'too slow');
    const text: string[] = [];
    client.on('data', (bytes) => text.push(String(bytes)));
    await once(client, 'end');
    expect(text.join('')).toBe('last words');
    expect(await ended).toBe('too slow');
  });

  it('has nothing to tell when Kedge closes between two requests', async () => {
    stream.end(1000);
    expect(await ended).toBeUndefined();
  });

  it('goes on with the next one behind what was served', async () => {
    client.write('abcdef');
    await until(() => stream.sent === 6);
    stream.receive('2');
    stream.end(4000, '4');
    client.write('gh');
    await until(() => next.sent === 4);
    expect(String.fromCharCode(...next.bytes)).toBe('efgh');
    next.receive(new TextEncoder().encode('answer'));
    expect(String((await once(client, 'data'))[0])).toBe('answer');
  });

  it('begins the next one at the start of its own count', async () => {
    client.write(new Uint8Array(streamWindow - 10));
    await until(() => stream.sent === streamWindow - 10);
    stream.receive(String(streamWindow - 10));
    stream.end(4000, String(streamWindow - 10));
    client.write(new Uint8Array(2 * streamWindow));
    const sent = await settled(() => next.sent, streamWindow);
    expect(sent).toBeLessThan(streamWindow + megabyte);
  });

  it('waits for no answer for ever', async () => {
    const { port } = server.address() as { port: number };
    const connected = once(server, 'connection');
    const opening = openStream(new URL(`ws://127.0.0.1:${port}/kafka`), {}, 500);
    await expect(opening).rejects.toThrow('no answer');
    const [held] = await connected;
    held.destroy();
  });

  it.each(['end', 'destroy'] as const)('lets all be served that was sent (%s)', async (how) => {
    client.write('abcdef');
    await until(() => stream.sent === 6);
    client[how]();
    await until(() => stream.texts.includes('0?'));
    stream.receive('2');
    expect(stream.closedWith).toBeUndefined();
    stream.end(4000, '4');
    await until(() => next.sent === 2 && next.texts.includes('0?'));
    expect(String.fromCharCode(...next.bytes)).toBe('ef');
    expect(next.closedWith).toBeUndefined();
    next.receive('2');
    expect(next.closedWith).toBe(1000);
  });

  it.each(['end', 'destroy'] as const)('closes when the client is gone (%s)', async (how) => {
    client[how]();
    await until(() => stream.closedWith !== undefined);
    expect(stream.closedWith).toBe(1000);
  });
});
