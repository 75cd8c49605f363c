/** One WebSocket's bounds, and who is hung up on. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AnswerMemory } from '../../../src/broker/answer-memory.ts';
import { Line, type TextSocket } from '../../../src/fronts/http/ws/line.ts';

class FakeSocket implements TextSocket {
  bufferedAmount = 0;
  readonly sent: string[] = [];
  closed: [number, string] | undefined;

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number, reason: string): void {
    this.closed = [code, reason];
  }
}

function lineOver(memory = new AnswerMemory()) {
  const socket = new FakeSocket();
  return { socket, memory, line: new Line(socket, memory) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('what comes in', () => {
  it('is taken frame by frame, as many as are enough', async () => {
    const { line } = lineOver();
    for (const frame of ['1', '2', '3']) line.receive(frame);
    const first = await line.take((frames) => frames.length === 2);
    expect(first?.map(({ json }) => json)).toEqual([1, 2]);
    line.ended();
    expect(await line.take(() => true)).toMatchObject([{ json: 3 }]);
    expect(await line.take(() => true)).toBeUndefined();
  });

  it('is waited for, until nothing more can come', async () => {
    const { line } = lineOver();
    const taken = line.take(() => true);
    line.receive('{}');
    expect(await taken).toHaveLength(1);
    const never = line.take(() => true);
    line.close(1000, '');
    expect(await never).toBeUndefined();
  });

  it('may be no JSON, which is for others to say', async () => {
    const { line } = lineOver();
    line.receive('{');
    expect(await line.take(() => true)).toEqual([{ json: undefined, length: 1 }]);
  });

  it('may be too much: of frames, of text, in one frame, and of bytes any', () => {
    const many = lineOver();
    for (let count = 0; count <= 10_000; count++) many.line.receive('1');
    expect(many.socket.closed?.[0]).toBe(1008);
    const long = lineOver();
    for (let count = 0; count < 3; count++) long.line.receive(`"${'x'.repeat(4_000_000)}"`);
    expect(long.socket.closed?.[0]).toBe(1008);
    const large = lineOver();
    large.line.receive('x'.repeat(16 * 1_024 * 1_024 + 1));
    expect(large.socket.closed?.[0]).toBe(1009);
    const bytes = lineOver();
    bytes.line.receive(new ArrayBuffer(1));
    expect(bytes.socket.closed?.[0]).toBe(1003);
  });

  it('may be one frame that is larger than what may wait', async () => {
    const { line, socket } = lineOver();
    line.receive(`"${'x'.repeat(9 * 1_024 * 1_024)}"`);
    expect(socket.closed).toBeUndefined();
    expect(await line.take(() => true)).toHaveLength(1);
  });
});

describe('what goes out', () => {
  it('waits for room, in order, and counts until then', async () => {
    vi.useFakeTimers();
    const { line, socket, memory } = lineOver();
    socket.bufferedAmount = 1_000_000;
    const sent = Promise.all([line.send('"a"'), line.send('"b"')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([socket.sent, memory.used]).toEqual([[], 6]);
    socket.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(1_000);
    await sent;
    expect([socket.sent, memory.used]).toEqual([['"a"', '"b"'], 0]);
    line.close(1000, '');
  });

  it('is given up for a client that takes nothing while others want the memory', async () => {
    vi.useFakeTimers();
    const { line, socket, memory } = lineOver();
    const others = memory.sending(48 * 1_024 * 1_024);
    socket.bufferedAmount = 1_000_000;
    const sent = expect(line.send('"a"')).rejects.toThrow('gone');
    await vi.advanceTimersByTimeAsync(12_000);
    await sent;
    expect(socket.closed?.[0]).toBe(1013);
    others.done();
    expect(memory.used).toBe(0);
  });

  it('is one answer at a time for who asks for signs of life and never listens', async () => {
    vi.useFakeTimers();
    const { line, socket, memory } = lineOver();
    socket.bufferedAmount = 1_000_000;
    for (let count = 0; count < 100; count++) line.receive('{"type":"ping"}');
    expect(memory.used).toBe('{"type":"pong"}'.length);
    socket.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(socket.sent).toEqual(['{"type":"pong"}']);
    line.receive('{"type":"ping"}');
    await vi.advanceTimersByTimeAsync(1);
    expect(socket.sent).toHaveLength(2);
    line.close(1000, '');
  });

  it('is a sign of life after half a minute of silence', async () => {
    vi.useFakeTimers();
    const { line, socket } = lineOver();
    await vi.advanceTimersByTimeAsync(20_000);
    await line.send('1');
    await vi.advanceTimersByTimeAsync(29_000);
    expect(socket.sent).toEqual(['1']);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(socket.sent).toEqual(['1', '{"type":"ping"}', '{"type":"ping"}']);
    line.ended();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.sent).toHaveLength(3);
  });
});
