/**
 * The whole state of a Kedge in one file: gzip around a line of JSON, which says what follows, and
 * the files of the objects one after the other. The surprise: nothing of it is held in memory, and
 * nothing is checked by hand; gzip has a checksum, and a file that was cut off has no end.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';

const format = 'kedge-snapshot';
const version = 1;

/** A list of files that is longer is none. */
const maxHeaderBytes = 256 * 1024 * 1024;

interface Entry {
  /** With slashes, below the directory of the objects. */
  readonly path: string;
  readonly size: number;
}

/** A file that cannot be restored from; the message says which and why. */
export class SnapshotUnreadable extends Error {}

/** What makes up the state; the rest SQLite makes anew. */
const kept = /^([\w-]+\/)?[\w-]+\.(sqlite|sqlite-wal|sqlite-journal|json)$/;

/** Writes what is below a directory, which must not change meanwhile, to a file of its own. */
export async function writeSnapshot(file: string, directory: string): Promise<void> {
  const files = await entriesOf(directory);
  const header = { format, version, createdAt: new Date().toISOString(), files };
  const partial = `${file}.${randomBytes(6).toString('hex')}.new`;
  async function* parts() {
    yield `${JSON.stringify(header)}\n`;
    for (const { path, size } of files) {
      if (size > 0) yield* createReadStream(join(directory, path), { end: size - 1 });
    }
  }
  try {
    await pipeline(
      Readable.from(parts(), { objectMode: false }),
      createGzip({ level: constants.Z_BEST_SPEED }),
      // It holds everything: records, and what users show to be let in.
      createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true }),
    );
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function entriesOf(directory: string): Promise<Entry[]> {
  const names = await readdir(directory, { recursive: true });
  const paths = names.map((name) => name.split(sep).join('/')).filter((path) => kept.test(path));
  const sized = paths
    .sort()
    .map(async (path) => ({ path, size: (await stat(join(directory, path))).size }));
  return Promise.all(sized);
}

/** Lays what a snapshot holds down in a directory, which it makes. Throws SnapshotUnreadable. */
export async function readSnapshot(file: string, directory: string): Promise<void> {
  try {
    await unpack(file, directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR') {
      const isOne = (error as Error).message !== 'incorrect header check';
      throw unreadable(file, isOne ? 'is damaged or was cut off' : 'is no snapshot of a Kedge');
    }
    throw error;
  }
}

async function unpack(file: string, directory: string): Promise<void> {
  // What cannot be opened is told as it is.
  await (await open(file)).close();
  const bytes = new Pieces(createReadStream(file).pipe(createGunzip()));
  const { files } = headerIn(file, await bytes.line(maxHeaderBytes));
  await mkdir(directory, { recursive: true });
  for (const { path, size } of files) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(bytes.take(size), createWriteStream(target, { mode: 0o600 }));
  }
  if (!(await bytes.isAtEnd())) throw unreadable(file, 'holds more than it says');
}

function headerIn(file: string, line: string): { files: readonly Entry[] } {
  const header = parsed(line);
  if (header?.format !== format) throw unreadable(file, 'is no snapshot of a Kedge');
  if (header.version !== version) {
    const which = `has version ${header.version}, and this Kedge reads version ${version}`;
    throw unreadable(file, which);
  }
  const files: readonly Partial<Entry>[] = Array.isArray(header.files) ? header.files : [];
  for (const entry of files) {
    const { path, size } = entry ?? {};
    if (!kept.test(String(path)) || !Number.isSafeInteger(size) || size! < 0) {
      throw unreadable(file, `holds something strange: ${path}`);
    }
  }
  return { files: files as readonly Entry[] };
}

function parsed(line: string): { format?: unknown; version?: unknown; files?: unknown } | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function unreadable(file: string, why: string): SnapshotUnreadable {
  return new SnapshotUnreadable(`${file} ${why}.`);
}

/** A stream taken piece by piece. */
class Pieces {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Up to the next end of a line, or to the end; no longer than the limit. */
  async line(maxBytes: number): Promise<string> {
    const pieces: Buffer[] = [];
    let length = 0;
    while (length <= maxBytes && (await this.#fill())) {
      const end = this.#rest.indexOf(10);
      const piece = this.#cut(end < 0 ? this.#rest.length : end + 1);
      pieces.push(piece);
      length += piece.length;
      if (end >= 0) break;
    }
    return Buffer.concat(pieces).toString();
  }

  /** So many bytes; throws what gzip does where there are not as many. */
  async *take(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (!(await this.#fill())) throw Object.assign(new Error('no more'), { code: 'Z_BUF_ERROR' });
      const piece = this.#cut(Math.min(left, this.#rest.length));
      left -= piece.length;
      yield piece;
    }
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  #cut(length: number): Buffer {
    const piece = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return piece;
  }

  /** Makes sure that there is something to take; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }
}
