/**
 * What is imported, as lines: of a folder or file that `kedge export` wrote, of record batches as
 * Kafka keeps them, of standard input. The surprise: where batches lie as they are, what became of
 * a transaction stands behind its records, so that all of a partition is looked at before.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Line, parseLine } from '../../core/record-lines.ts';
import { ControlType, controlType, type RecordBatch } from '../../protocol/records/index.ts';
import { readStarts, topicsFile } from './export-folder.ts';
import { largestLine, linesFrom, newline, sizeOf } from './json-lines.ts';
import { recordsIn } from './opened.ts';
import { batchesIn, segmentsIn } from './segments.ts';
import { split } from './split.ts';

/** Some of it, in its order. */
export interface Chunk {
  readonly lines: readonly Line[];
  /** How much of the source it was. */
  readonly bytes: number;
  /** What a batch was compressed with. */
  readonly codec?: number | undefined;
}

export interface ImportSource {
  /** Undefined: nobody knows. */
  readonly bytes: number | undefined;
  /** From the beginning. */
  read(): AsyncGenerator<Chunk, void>;
}

export async function sourceAt(path: string): Promise<ImportSource> {
  const there = await stat(path);
  if (!there.isDirectory()) {
    const { bytes, read } = linesPart(path);
    return { bytes: await bytes(), read };
  }
  const parts = await partsOf(path);
  const sizes = await Promise.all(parts.map((part) => part.bytes()));
  return {
    bytes: sizes.some((size) => size === undefined)
      ? undefined
      : sizes.reduce<number>((sum, size) => sum + size!, 0),
    async *read() {
      for (const part of parts) yield* part.read();
    },
  };
}

/** It can be read once. */
export function sourceFrom(input: AsyncIterable<Uint8Array>): ImportSource {
  return { bytes: undefined, read: () => linesOf('standard input', input) };
}

async function* linesOf(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Chunk, void> {
  let number = 0;
  for await (const pieces of split(named(name, chunks), newline, largestLine)) {
    const lines: Line[] = [];
    let bytes = 0;
    for (const piece of pieces) {
      number++;
      bytes += piece.length + 1;
      const text = piece.toString();
      if (text.trim() === '') continue;
      try {
        lines.push(parseLine(text));
      } catch (error) {
        throw new Error(`${name}, line ${number}: ${(error as Error).message}.`);
      }
    }
    yield { lines, bytes };
  }
}

/** What goes wrong with reading is said with the name of what is read. */
async function* named(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw new Error(`${name} cannot be read: ${(error as Error).message}.`);
  }
}

interface Part {
  bytes(): Promise<number | undefined>;
  read(): AsyncGenerator<Chunk, void>;
}

/** The files of a folder, in the order they are to be read. */
async function partsOf(folder: string): Promise<Part[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map(({ name }) => name);
  const described = names.includes(topicsFile) ? [linesPart(join(folder, topicsFile))] : [];
  const files = names.filter((name) => /-\d+\.jsonl(\.gz)?$/.test(name)).toSorted(byPartition);
  const folders = entries.filter((one) => one.isDirectory() && /.-\d+$/.test(one.name));
  const starts = await readStarts(folder);
  const logs = folders
    .map(({ name }) => name)
    .toSorted(byPartition)
    .map((name) => {
      const [topic, partition] = placeIn(name);
      const start = starts.find((one) => one.topic === topic && one.partition === partition);
      return logPart(join(folder, name), { topic, partition, start: start?.offset ?? 0 });
    });
  const parts = [...files.map((name) => linesPart(join(folder, name))), ...logs];
  if (parts.length > 0) return [...described, ...parts];
  if (described.length > 0) return described;
  throw new Error(`${folder} holds no export.`);
}

function placeIn(name: string): [topic: string, partition: number] {
  const [, topic, partition] = /^(.+)-(\d+)(?:\.jsonl(?:\.gz)?)?$/.exec(name)!;
  return [topic, Number(partition)];
}

function byPartition(one: string, other: string): number {
  const [[topic, partition], [otherTopic, otherPartition]] = [placeIn(one), placeIn(other)];
  if (topic !== otherTopic) return topic < otherTopic ? -1 : 1;
  return partition - otherPartition;
}

function linesPart(path: string): Part {
  const isGzip = path.endsWith('.gz');
  return {
    bytes: async () => (isGzip ? undefined : sizeOf(path)),
    async *read() {
      // Nothing at all is no gzip.
      if ((await sizeOf(path)) > 0) yield* linesOf(path, linesFrom(path, isGzip));
    },
  };
}

interface LogPlace {
  readonly topic: string;
  readonly partition: number;
  /** What lies before was deleted. */
  readonly start: number;
}

function logPart(folder: string, place: LogPlace): Part {
  return {
    async bytes() {
      const names = await segmentsIn(folder);
      const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    read: () => recordsOfLog(folder, place),
  };
}

async function* recordsOfLog(folder: string, place: LogPlace): AsyncGenerator<Chunk, void> {
  const { topic, partition, start } = place;
  const aborted = await abortedIn(folder);
  for await (const batch of batchesIn(folder)) {
    const bytes = batch.sizeInBytes;
    if (batch.isControl || batch.lastOffset < start || isHidden(batch, aborted)) {
      yield { lines: [], bytes };
      continue;
    }
    const lines: Line[] = [];
    for (const record of recordsIn(batch)) {
      if (record.offset < start) continue;
      lines.push({ kind: 'record', line: { topic, partition, ...record } });
    }
    yield { lines, bytes, codec: batch.codec };
  }
}

/** Offsets between which a producer's records are of a transaction that was not committed. */
interface Span {
  readonly first: number;
  readonly last: number;
}

type Spans = ReadonlyMap<number, readonly Span[]>;

function isHidden(batch: RecordBatch, aborted: Spans): boolean {
  if (!batch.isTransactional) return false;
  const { baseOffset } = batch;
  const spans = aborted.get(batch.producerId) ?? [];
  return spans.some(({ first, last }) => first <= baseOffset && baseOffset <= last);
}

async function abortedIn(folder: string): Promise<Spans> {
  const open = new Map<number, number>();
  const aborted = new Map<number, Span[]>();
  const abort = (producerId: number, last: number) => {
    const first = open.get(producerId);
    if (first === undefined) return;
    aborted.set(producerId, [...(aborted.get(producerId) ?? []), { first, last }]);
  };
  for await (const batch of batchesIn(folder)) {
    const { producerId } = batch;
    if (batch.isControl) {
      const [marker] = recordsIn(batch);
      if (marker && controlType(marker.key) === ControlType.ABORT)
        abort(producerId, batch.baseOffset);
      open.delete(producerId);
    } else if (batch.isTransactional && !open.has(producerId)) {
      open.set(producerId, batch.baseOffset);
    }
  }
  // What nobody has decided was not committed.
  for (const producerId of open.keys()) abort(producerId, Number.POSITIVE_INFINITY);
  return aborted;
}
