/**
 * What is in a Kedge before a test begins: topics, records, and how far groups have read. The
 * surprise: it comes in by Kafka's own protocol, as the program under test would bring it, so a
 * seed that cannot be is refused in Kafka's words.
 */
import { readFile } from 'node:fs/promises';
import type { Admin } from '../client/admin/admin.ts';
import type { NewTopic } from '../client/admin/topics.ts';
import type { ProducerRecord } from '../client/producer/options.ts';
import { Producer } from '../client/producer/producer.ts';
import { bytes } from '../client/serdes.ts';
import { bytesOf, parseLine } from '../core/record-lines.ts';
import type { KedgeAddress } from './kedge.ts';

export interface Seed {
  /** By name alone, or with `partitions` and `configs`. Those of records are made by themselves. */
  readonly topics?: readonly (string | NewTopic)[];
  /** In the order in which they are to be stored. */
  readonly records?: readonly SeedRecord[];
  /** The next offset each group reads. */
  readonly offsets?: readonly SeedOffset[];
}

/** Text and bytes are stored as they are, null is null, and everything else as JSON. */
export interface SeedRecord {
  readonly topic: string;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?:
    | Readonly<Record<string, string | Uint8Array | null>>
    | readonly (readonly [name: string, value: string | Uint8Array | null])[];
  /** Default: by the key, as Java's producer places it. */
  readonly partition?: number | undefined;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number | undefined;
}

export interface SeedOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Reads a file of JSON lines. Throws an Error that names the line that cannot be understood. */
export async function readSeed(file: string): Promise<Seed> {
  const topics: NewTopic[] = [];
  const records: SeedRecord[] = [];
  const offsets: SeedOffset[] = [];
  const lines = (await readFile(file, 'utf8')).split('\n');
  for (const [index, text] of lines.entries()) {
    if (text.trim() === '') continue;
    try {
      const { kind, line } = parseLine(text);
      if (kind === 'topic') topics.push({ ...line, name: line.topic });
      else if (kind === 'group') offsets.push(line);
      else records.push({ ...line, headers: line.headers.map(({ key, value }) => [key, value]) });
    } catch (error) {
      throw new Error(`${file}, line ${index + 1}: ${(error as Error).message}.`, { cause: error });
    }
  }
  return { topics, records, offsets };
}

/** Stores what the seed says; settles when all of it is on disk. */
export async function sow(
  { topics = [], records = [], offsets = [] }: Seed,
  admin: Admin,
  { url, token }: KedgeAddress,
): Promise<void> {
  await makeTopics(topics, [...records, ...offsets], admin);
  if (records.length > 0) {
    await using producer = new Producer(url, {
      ...{ token, clientId: 'kedge-testing', key: bytes, value: bytes },
    });
    const byTopic = Map.groupBy(records, ({ topic }) => topic);
    const sent = [...byTopic].map(([topic, all]) => producer.send(topic, all.map(recordOf)));
    await Promise.all(sent);
  }
  for (const [group, all] of Map.groupBy(offsets, (offset) => offset.group)) {
    await admin.alterGroupOffsets(group, all);
  }
}

/** Those that are named and not there yet, with as many partitions as are named. */
async function makeTopics(
  topics: readonly (string | NewTopic)[],
  places: readonly { readonly topic: string; readonly partition?: number | undefined }[],
  admin: Admin,
): Promise<void> {
  const wanted = new Map<string, NewTopic>(places.map(({ topic }) => [topic, { name: topic }]));
  for (const topic of topics) {
    const spec = typeof topic === 'string' ? { name: topic } : topic;
    wanted.set(spec.name, spec);
  }
  if (wanted.size === 0) return;
  const there = new Set(await admin.listTopics());
  const missing = [...wanted.values()].filter(({ name }) => !there.has(name));
  if (missing.length > 0) await admin.createTopics(missing);
  const highest = new Map<string, number>();
  for (const { topic, partition = 0 } of places) {
    highest.set(topic, Math.max(partition, highest.get(topic) ?? 0));
  }
  const several = [...highest].filter(([, partition]) => partition > 0);
  for (const { name, partitions } of await admin.describeTopics(several.map(([name]) => name))) {
    const count = highest.get(name)! + 1;
    if (partitions.length < count) await admin.createPartitions(name, count);
  }
}

function recordOf(record: SeedRecord): ProducerRecord<Uint8Array, Uint8Array> {
  const { key, value, headers = {}, partition, timestamp } = record;
  return {
    ...{ key: storedBytes(key), value: storedBytes(value), headers },
    ...(partition !== undefined && { partition }),
    ...(timestamp !== undefined && { timestamp }),
  };
}

function storedBytes(value: unknown): Uint8Array | null {
  // Not `instanceof`: test runners have more than one Uint8Array.
  if (!ArrayBuffer.isView(value)) return bytesOf(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
