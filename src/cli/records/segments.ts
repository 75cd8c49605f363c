/**
 * Record batches in files, as Kafka lays out its log directory: `orders-0/0000….log`. The surprise:
 * nothing else is needed to go on after a crash; a batch says how long it is and has a checksum,
 * and what is not whole at the end is taken away.
 */
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { batchOverhead, RecordBatch } from '../../protocol/records/index.ts';
import { lengthOverhead } from '../../protocol/records/record-batch.ts';
import { OutputFile } from './output-file.ts';

/** `log.segment.bytes`: positions in a segment are 32 bits in Kafka. */
const segmentBytes = 1024 * 1024 * 1024;
const nameOf = (baseOffset: number) => `${String(baseOffset).padStart(20, '0')}.log`;
const namePattern = /^\d{20}\.log$/;

/** The segments of one partition, oldest first. */
export async function segmentsIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => namePattern.test(name)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Writes one partition's batches, behind those that are there. */
export class SegmentWriter {
  readonly #folder: string;
  #file: OutputFile | undefined;
  /** The first offset that is not there; undefined: nothing is. */
  readonly reached: number | undefined;

  private constructor(folder: string, file: OutputFile | undefined, reached: number | undefined) {
    this.#folder = folder;
    this.#file = file;
    this.reached = reached;
  }

  static async open(folder: string): Promise<SegmentWriter> {
    await mkdir(folder, { recursive: true });
    const names = await segmentsIn(folder);
    for (const name of names.toReversed()) {
      const path = join(folder, name);
      const { size, nextOffset } = await wholePart(path);
      const file = await OutputFile.open(path, size, false);
      if (nextOffset !== undefined) return new SegmentWriter(folder, file, nextOffset);
      await file.close();
    }
    return new SegmentWriter(folder, undefined, undefined);
  }

  async write(batch: RecordBatch): Promise<void> {
    const { length } = batch.bytes;
    if (this.#file !== undefined && this.#file.size + length > segmentBytes) await this.close();
    const path = join(this.#folder, nameOf(batch.baseOffset));
    this.#file ??= await OutputFile.open(path, 0, false);
    this.#file.add(batch.bytes);
    if (this.#file.isFull) await this.#file.flush();
  }

  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** Where the last whole batch ends, and the offset after it. */
async function wholePart(path: string): Promise<{ size: number; nextOffset: number | undefined }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const starts: number[] = [];
    let at = 0;
    while (at < size) {
      const length = await lengthAt(file, at);
      if (length === undefined || at + length > size) break;
      starts.push(at);
      at += length;
    }
    for (let end = at; starts.length > 0; ) {
      const start = starts.pop()!;
      const bytes = Buffer.alloc(end - start);
      await file.read(bytes, 0, bytes.length, start);
      const batch = new RecordBatch(bytes);
      if (batch.isValid) return { size: end, nextOffset: batch.nextOffset };
      end = start;
    }
    return { size: 0, nextOffset: undefined };
  } finally {
    await file.close();
  }
}

const largestBatch = 1024 * 1024 * 1024;

/** How long the batch is that begins there; undefined: none does. */
async function lengthAt(file: FileHandle, at: number): Promise<number | undefined> {
  const header = Buffer.alloc(batchOverhead);
  const { bytesRead } = await file.read(header, 0, batchOverhead, at);
  if (bytesRead < batchOverhead || header[16] !== 2) return undefined;
  const length = lengthOverhead + header.readInt32BE(8);
  return length < batchOverhead || length > largestBatch ? undefined : length;
}

const readBytes = 4 * 1024 * 1024;

/** Every whole batch of a partition, in turn. Throws where one is damaged that is not the last. */
export async function* batchesIn(folder: string): AsyncGenerator<RecordBatch, void> {
  const names = await segmentsIn(folder);
  for (const [index, name] of names.entries()) {
    const path = join(folder, name);
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const end = yield* batchesOf(file, size);
      if (end === size || index === names.length - 1) continue;
      throw new Error(`${path} is damaged at byte ${end}.`);
    } finally {
      await file.close();
    }
  }
}

/** Answers where the last whole one ends. */
async function* batchesOf(
  file: FileHandle,
  size: number,
): AsyncGenerator<RecordBatch, number, undefined> {
  let at = 0;
  while (at < size) {
    const length = await lengthAt(file, at);
    if (length === undefined || at + length > size) return at;
    const bytes = Buffer.allocUnsafeSlow(Math.min(size - at, Math.max(length, readBytes)));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    let used = 0;
    while (bytesRead - used >= batchOverhead) {
      const next = lengthOverhead + bytes.readInt32BE(used + 8);
      if (next < batchOverhead || bytes[used + 16] !== 2) return at + used;
      if (used + next > bytesRead) break;
      const batch = new RecordBatch(bytes.subarray(used, used + next));
      if (!batch.isValid) return at + used;
      yield batch;
      used += next;
    }
    if (used === 0) return at;
    at += used;
  }
  return at;
}
