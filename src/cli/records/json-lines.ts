/**
 * An export as lines of JSON, in one file or a file a partition. The surprise: the files are the
 * only memory of how far it has come; a line that a crash has cut off is taken away, and the last
 * whole one says where to go on.
 */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parseLine, recordLine, type TopicLine } from '../../core/record-lines.ts';
import type { Found, Place } from './log-reader.ts';
import { recordsIn } from './opened.ts';
import { lastMember } from './output-file.ts';
import { split } from './split.ts';

/** One line is one record, which no topic takes that is larger. */
export const largestLine = 512 * 1024 * 1024;
export const newline = Uint8Array.of(10);

/** How many records were written. */
export async function writeLines(
  { place, from, batches }: Found,
  write: (line: string) => void | Promise<void>,
): Promise<number> {
  let written = 0;
  const end = place.end ?? Number.POSITIVE_INFINITY;
  const { topic, partition } = place;
  for (const { batch, isHidden } of batches) {
    if (isHidden) continue;
    for (const { offset, timestamp, key, value, headers } of recordsIn(batch)) {
      if (offset < from || offset >= end) continue;
      const line = recordLine({ topic, partition, offset, timestamp, key, value, headers });
      written++;
      await write(`${line}\n`);
    }
  }
  return written;
}

/** How far a file has come. */
export interface Reached {
  /** Where its last whole line ends. */
  readonly size: number;
  /** Of each partition, by `topic partition`: the first offset that is not in it. */
  readonly offsets: Map<string, number>;
  /** The topics it describes, by name. */
  readonly topics: Map<string, TopicLine>;
}

export const placeKey = ({ topic, partition }: Pick<Place, 'topic' | 'partition'>) =>
  `${topic} ${partition}`;

/** Of a file with one partition: its last line says it all. */
export async function reachedByLastLine(path: string, isGzip: boolean): Promise<Reached> {
  const reached: Reached = { size: 0, offsets: new Map(), topics: new Map() };
  if ((await sizeOf(path)) === 0) return reached;
  const { size, line } = isGzip ? await lastLineOfGzip(path) : await lastLineOf(path);
  if (line !== undefined) note(path, line, reached);
  return { ...reached, size };
}

/** Of a file with several: all of it is read. */
export async function reachedByAllLines(path: string, isGzip: boolean): Promise<Reached> {
  const reached: Reached = { size: 0, offsets: new Map(), topics: new Map() };
  if ((await sizeOf(path)) === 0) return reached;
  const { size } = isGzip ? await lastLineOfGzip(path) : await lastLineOf(path);
  if (size === 0) return reached;
  for await (const lines of split(linesFrom(path, isGzip, size), newline, largestLine)) {
    for (const line of lines) note(path, line.toString(), reached);
  }
  return { ...reached, size };
}

export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** What is in a file, up to `size`. */
export function linesFrom(path: string, isGzip: boolean, size?: number): Readable {
  const end = size === undefined ? {} : { end: size - 1 };
  const file = createReadStream(path, { highWaterMark: 1024 * 1024, ...end });
  if (!isGzip) return file;
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  file.on('error', (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

function note(path: string, text: string, { offsets, topics }: Reached): void {
  try {
    const { kind, line } = parseLine(text);
    if (kind === 'topic') topics.set(line.topic, line);
    if (kind !== 'record') return;
    const { topic, partition, offset } = line;
    if (partition === undefined || offset === undefined) throw new SyntaxError('it has no offset');
    offsets.set(placeKey({ topic, partition }), offset + 1);
  } catch (error) {
    throw new Error(`${path} is no export to go on with: ${(error as Error).message}.`);
  }
}

interface LastLine {
  readonly size: number;
  readonly line: string | undefined;
}

async function lastLineOfGzip(path: string): Promise<LastLine> {
  const { end, plain } = await lastMember(path);
  if (end === 0) return { size: 0, line: undefined };
  const start = plain.lastIndexOf(10, plain.length - 2) + 1;
  return { size: end, line: plain.toString('utf8', start, plain.length - 1) };
}

const stepBytes = 64 * 1024;

/** Lines at the end that were cut off, or never got to the disk, do not count. */
async function lastLineOf(path: string): Promise<LastLine> {
  const file = await open(path, 'r');
  try {
    let { size } = await file.stat();
    while (size > 0) {
      const end = await newlineBefore(file, size);
      if (end < 0) break;
      const start = (await newlineBefore(file, end)) + 1;
      const line = Buffer.alloc(end - start);
      await file.read(line, 0, line.length, start);
      if (isWhole(line)) return { size: end + 1, line: line.toString() };
      size = start;
    }
    return { size: 0, line: undefined };
  } finally {
    await file.close();
  }
}

/** Where the last newline before `end` is; -1: nowhere. */
async function newlineBefore(file: Awaited<ReturnType<typeof open>>, end: number): Promise<number> {
  const step = Buffer.alloc(stepBytes);
  for (let until = end; until > 0; until = Math.max(0, until - stepBytes)) {
    const start = Math.max(0, until - stepBytes);
    const { bytesRead } = await file.read(step, 0, until - start, start);
    const found = step.subarray(0, bytesRead).lastIndexOf(10);
    if (found >= 0) return start + found;
  }
  return -1;
}

function isWhole(line: Buffer): boolean {
  try {
    JSON.parse(line.toString());
    return true;
  } catch {
    return false;
  }
}
