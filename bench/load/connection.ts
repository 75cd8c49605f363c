/**
 * A connection of the load generator: whole frames go out, whole answers come in. The surprise:
 * nothing is allocated for an answer; all of them are read into the same memory, and an answer is
 * gone when the next one comes.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Reader } from '../../src/bytes/reader.ts';

/** What one read of the socket brings at most. */
const readBytes = 256 * 1024;
const lengthBytes = 4;
/** What is read is looked at before anything else is read, so all connections share this. */
const whole = new Reader(new Uint8Array(readBytes));

/** Takes one answer, behind its length; it may be read until this returns. */
export type TakeAnswer = (answer: Reader) => void;

export class Connection {
  /** Called once, for what ends the connection or for what `take` throws. */
  onFailure: (error: Error) => void = () => {};
  /** Called when the socket takes more again. */
  onDrain: () => void = () => {};
  #take: TakeAnswer = () => {};
  readonly #socket: Socket;
  #pieces = new Reader(new Uint8Array(lengthBytes));
  #filled = 0;
  #closed = false;

  private constructor(host: string, port: number) {
    const callback = (bytes: number): boolean => {
      this.#read(bytes);
      return true;
    };
    this.#socket = connect({ host, port, onread: { buffer: whole.bytes, callback } });
    this.#socket.setNoDelay(true);
    this.#socket.on('drain', () => this.onDrain());
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  static async open({ host, port }: { host: string; port: number }): Promise<Connection> {
    const connection = new Connection(host, port);
    await once(connection.#socket, 'connect');
    return connection;
  }

  set onAnswer(take: TakeAnswer) {
    this.#take = take;
  }

  /** Whether more may be written: the socket has not more in memory than it wants. */
  get isReady(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  /** The bytes must stay as they are until they are answered. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.onFailure(error);
  }

  #read(length: number): void {
    try {
      this.#frames(length);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Frames that one read holds whole are handed out where they lie, others are put together. */
  #frames(length: number): void {
    let at = 0;
    while (at < length && !this.#closed) {
      if (this.#filled > 0 || length - at < lengthBytes) {
        at += this.#put(at, length);
        continue;
      }
      const end = at + frameLength(whole.bytes, at);
      if (end > length) {
        at += this.#put(at, length);
        continue;
      }
      whole.offset = at + lengthBytes;
      whole.end = end;
      this.#take(whole);
      at = end;
    }
  }

  /** Adds to the frame that is put together, as much as it lacks; says how much that was. */
  #put(at: number, end: number): number {
    const isKnown = this.#filled >= lengthBytes;
    const wanted = isKnown ? frameLength(this.#pieces.bytes, 0) : lengthBytes;
    this.#makeRoom(wanted);
    const count = Math.min(wanted - this.#filled, end - at);
    this.#pieces.bytes.set(whole.bytes.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (isKnown && this.#filled === wanted) {
      this.#filled = 0;
      this.#pieces.offset = lengthBytes;
      this.#pieces.end = wanted;
      this.#take(this.#pieces);
    }
    return count;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#pieces.bytes.length) return;
    const larger = new Uint8Array(bytes + (bytes >>> 2));
    larger.set(this.#pieces.bytes.subarray(0, this.#filled));
    this.#pieces = new Reader(larger);
  }
}

/** Of a frame with its length in front. No answer is shorter than its correlation id. */
function frameLength(bytes: Uint8Array, at: number): number {
  const length = int32(bytes, at);
  if (length < 4) throw new Error(`an answer claims to be of ${length} bytes`);
  return lengthBytes + length;
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** Writes an int32 where a frame made beforehand has another. */
export function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Where a request of Kafka, and of the bare Worker, has its correlation id. */
export const correlationIdAt = 8;
