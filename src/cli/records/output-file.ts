/**
 * A file that only grows, and that may end anywhere when its writer is killed. The surprise: with
 * gzip each piece written is a member of its own that says in its header how long it is, so that
 * the last whole one is found without opening any; to gunzip it is one file like any other.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';

const pieceBytes = 256 * 1024;
/** As often as the system is asked to write to the disk itself. */
const syncBytes = 64 * 1024 * 1024;

export class OutputFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #isGzip: boolean;
  #size: number;
  #pieces: Uint8Array[] = [];
  #gathered = 0;
  #unsynced = 0;

  private constructor(path: string, file: FileHandle, size: number, isGzip: boolean) {
    this.path = path;
    this.#file = file;
    this.#size = size;
    this.#isGzip = isGzip;
  }

  /** At its end, which is where `size` says. Made if it is not there. */
  static async open(path: string, size: number, isGzip: boolean): Promise<OutputFile> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT);
    await file.truncate(size);
    if (size === 0) await syncFolder(dirname(path));
    return new OutputFile(path, file, size, isGzip);
  }

  /** How large it is, with what is still to be written (before it is compressed). */
  get size(): number {
    return this.#size + this.#gathered;
  }

  /** Bytes that are the file's from here on. */
  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#gathered += bytes.length;
  }

  get isFull(): boolean {
    return this.#gathered >= pieceBytes;
  }

  async flush(): Promise<void> {
    if (this.#gathered === 0) return;
    const plain = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    const bytes = this.#isGzip ? gzipMember(plain) : plain;
    this.#pieces = [];
    this.#gathered = 0;
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.length - written;
      const { bytesWritten } = await this.#file.write(bytes, written, rest, this.#size);
      written += bytesWritten;
      this.#size += bytesWritten;
    }
    this.#unsynced += bytes.length;
    if (this.#unsynced < syncBytes) return;
    this.#unsynced = 0;
    await this.#file.datasync();
  }

  /** Everything is on the disk. */
  async close(): Promise<void> {
    try {
      await this.flush();
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }
}

/** A file that was made is there after a power failure too. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().catch(() => {});
  await folder.close();
}

/** RFC 1952, with an extra field `KE`: how many bytes the whole member has. */
const header = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x4b, 0x45, 4, 0];
const headerBytes = header.length + 4;
const trailerBytes = 8;

function gzipMember(plain: Uint8Array): Buffer {
  const packed = deflateRawSync(plain);
  const member = Buffer.alloc(headerBytes + packed.length + trailerBytes);
  member.set(header);
  member.writeUInt32LE(member.length, header.length);
  member.set(packed, headerBytes);
  member.writeUInt32LE(crc32(plain), headerBytes + packed.length);
  member.writeUInt32LE(plain.length % 2 ** 32, headerBytes + packed.length + 4);
  return member;
}

/** Where the last whole member ends, and what is in it; an empty file has none. */
export async function lastMember(path: string): Promise<{ end: number; plain: Buffer }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const starts: number[] = [];
    let at = 0;
    while (at < size) {
      const next = at + (await memberBytes(file, at));
      if (next > size) break;
      starts.push(at);
      at = next;
    }
    for (let end = at; starts.length > 0; ) {
      const start = starts.pop()!;
      const member = Buffer.alloc(end - start);
      await file.read(member, 0, member.length, start);
      const plain = opened(member);
      if (plain !== undefined) return { end, plain };
      end = start;
    }
    return { end: 0, plain: Buffer.alloc(0) };
  } finally {
    await file.close();
  }
}

/** Infinity where no member of ours begins. */
async function memberBytes(file: FileHandle, at: number): Promise<number> {
  const start = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(start, 0, headerBytes, at);
  const isOurs =
    bytesRead === headerBytes && start.subarray(0, 4).equals(Buffer.from(header.slice(0, 4)));
  return isOurs
    ? Math.max(headerBytes, start.readUInt32LE(header.length))
    : Number.POSITIVE_INFINITY;
}

/** Undefined: it was not written to its end. */
function opened(member: Buffer): Buffer | undefined {
  try {
    return gunzipSync(member);
  } catch {
    return undefined;
  }
}
