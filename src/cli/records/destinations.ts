/**
 * Where an export goes: a file of JSON lines, a folder of them, a folder of record batches, or
 * standard output. The surprise: each says by itself how far it has come, from what is in it, so
 * that an export needs no other memory.
 */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { groupLine, topicLine } from '../../core/record-lines.ts';
import { checkSame, type Described, writeDescribed, writeStarts } from './export-folder.ts';
import {
  placeKey,
  type Reached,
  reachedByAllLines,
  reachedByLastLine,
  sizeOf,
  writeLines,
} from './json-lines.ts';
import type { Found, Place } from './log-reader.ts';
import { OutputFile } from './output-file.ts';
import { SegmentWriter } from './segments.ts';
import type { Sink } from './sink.ts';

export interface Destination {
  /** Says what is exported; done once, before anything is taken. */
  describe(described: Described): Promise<void>;
  /** The first offset of a partition that is not there yet; undefined: none is. */
  reached(place: Place): Promise<number | undefined>;
  /** Where each partition begins that is exported from its beginning. */
  begin?(places: readonly Place[]): Promise<void>;
  /** Answers how many records were written; -1: how many is not known. */
  take(found: Found): Promise<number>;
  /** Nobody wants more. */
  readonly isGone: boolean;
  close(): Promise<void>;
}

export class StandardOutput implements Destination {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get isGone(): boolean {
    return this.#sink.isGone;
  }

  async describe({ topics, groups }: Described): Promise<void> {
    for (const line of [...topics.map(topicLine), ...groups.map(groupLine)]) {
      this.#sink.text(`${line}\n`);
    }
  }

  async reached(): Promise<undefined> {}

  take(found: Found): Promise<number> {
    return writeLines(found, (line) => {
      this.#sink.text(line);
      return this.#sink.isFull ? this.#sink.flush() : undefined;
    });
  }

  close(): Promise<void> {
    return this.#sink.end();
  }
}

export class LinesFile implements Destination {
  readonly isGone = false;
  readonly #file: OutputFile;
  readonly #reached: Reached;

  private constructor(file: OutputFile, reached: Reached) {
    this.#file = file;
    this.#reached = reached;
  }

  static async open(path: string, isGzip: boolean): Promise<LinesFile> {
    const reached = await reachedByAllLines(path, isGzip);
    await checkReplaceable(path, reached.size);
    return new LinesFile(await OutputFile.open(path, reached.size, isGzip), reached);
  }

  async describe({ topics, groups }: Described): Promise<void> {
    checkSame(this.#reached.topics.values(), topics);
    const unknown = topics.filter(({ topic }) => !this.#reached.topics.has(topic));
    await this.#write([...unknown.map(topicLine), ...groups.map(groupLine)]);
  }

  async #write(lines: readonly string[]): Promise<void> {
    for (const line of lines) this.#file.add(Buffer.from(`${line}\n`));
    await this.#file.flush();
  }

  async reached(place: Place): Promise<number | undefined> {
    return this.#reached.offsets.get(placeKey(place));
  }

  take(found: Found): Promise<number> {
    return takeLines(this.#file, found);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export class LinesFolder implements Destination {
  readonly isGone = false;
  readonly #folder: string;
  readonly #isGzip: boolean;
  readonly #files = new Map<Place, OutputFile>();

  constructor(folder: string, isGzip: boolean) {
    this.#folder = folder;
    this.#isGzip = isGzip;
  }

  describe(described: Described): Promise<void> {
    return describeIn(this.#folder, described);
  }

  async reached(place: Place): Promise<number | undefined> {
    const [plain, packed] = ['', '.gz'].map((end) => this.#pathOf(place, end));
    const [path, other] = this.#isGzip ? [packed, plain] : [plain, packed];
    if ((await sizeOf(other)) > 0) {
      throw new Error(`${other} is there already: go on as it was begun, or export elsewhere.`);
    }
    const { size, offsets } = await reachedByLastLine(path, this.#isGzip);
    await checkReplaceable(path, size);
    this.#files.set(place, await OutputFile.open(path, size, this.#isGzip));
    const reached = offsets.get(placeKey(place));
    if (reached === undefined && offsets.size > 0) {
      throw new Error(`${path} holds records of ${[...offsets.keys()].join(', ')}.`);
    }
    return reached;
  }

  #pathOf({ topic, partition }: Place, end: string): string {
    return join(this.#folder, `${topic}-${partition}.jsonl${end}`);
  }

  take(found: Found): Promise<number> {
    return takeLines(this.#files.get(found.place)!, found);
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}

export class SegmentsFolder implements Destination {
  readonly isGone = false;
  readonly #folder: string;
  readonly #writers = new Map<Place, SegmentWriter>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  describe(described: Described): Promise<void> {
    return describeIn(this.#folder, described);
  }

  async reached(place: Place): Promise<number | undefined> {
    const writer = await SegmentWriter.open(
      join(this.#folder, `${place.topic}-${place.partition}`),
    );
    this.#writers.set(place, writer);
    return writer.reached;
  }

  async begin(places: readonly Place[]): Promise<void> {
    await writeStarts(
      this.#folder,
      places.map(({ topic, partition, position }) => ({ topic, partition, offset: position })),
    );
  }

  async take({ place, batches }: Found): Promise<number> {
    const writer = this.#writers.get(place)!;
    for (const { batch } of batches) await writer.write(batch);
    // What was received is let go.
    await writer.flush();
    return -1;
  }

  async close(): Promise<void> {
    for (const writer of this.#writers.values()) await writer.close();
  }
}

async function describeIn(folder: string, described: Described): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeDescribed(folder, described);
}

async function takeLines(file: OutputFile, found: Found): Promise<number> {
  const written = await writeLines(found, (line) => {
    file.add(Buffer.from(line));
    return file.isFull ? file.flush() : undefined;
  });
  await file.flush();
  return written;
}

/** Somebody's own file is not cut to what of it looks like an export. */
async function checkReplaceable(path: string, whole: number): Promise<void> {
  if (whole > 0 || (await sizeOf(path)) === 0) return;
  const file = await open(path, 'r');
  const first = Buffer.alloc(2);
  await file.read(first, 0, 2, 0).finally(() => file.close());
  // An export that was stopped in its very first line.
  if (first[0] === 0x7b || (first[0] === 0x1f && first[1] === 0x8b)) return;
  throw new Error(`${path} is there already, and is no export.`);
}
