/**
 * What is in a Kedge before a test begins: topics, records, and how far groups have read. The
 * surprise: it comes in as what a producer sends does, so a seed that cannot be is refused in
 * Kafka's words; but no fault strikes it, and what says no time is of the broker's time.
 */
import { readFile } from 'node:fs/promises';
import { toBase64 } from '../bytes/base64.ts';
import type { Admin } from '../client/admin/admin.ts';
import type { NewTopic } from '../client/admin/topics.ts';
import { parseLine, type RecordLine } from '../core/record-lines.ts';
import type { Controls } from './controls.ts';

export interface Seed {
  /**
   * By name alone, or with `partitions` and `configs`; none of them may be there. Topics of records
   * that are not there are made as for a producer.
   */
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
      else records.push(seedRecordOf(line));
    } catch (error) {
      throw new Error(`${file}, line ${index + 1}: ${(error as Error).message}.`, { cause: error });
    }
  }
  return { topics, records, offsets };
}

/** Less the offset: what is stored gets its own. */
function seedRecordOf({ offset: _, headers, ...record }: RecordLine): SeedRecord {
  return { ...record, headers: headers.map(({ key, value }) => [key, value]) };
}

/** How many records go in one request. */
const batchSize = 500;

/** Stores what the seed says, in its order; settles when all of it is on disk. */
export async function sow(
  { topics = [], records = [], offsets = [] }: Seed,
  controls: Controls,
  admin: Admin,
): Promise<void> {
  if (topics.length > 0) await controls.post('/seed', { topics: topics.map(topicOf) });
  for (let at = 0; at < records.length; at += batchSize) {
    await controls.post('/seed', { records: records.slice(at, at + batchSize).map(recordOf) });
  }
  for (const [group, all] of Map.groupBy(offsets, (offset) => offset.group)) {
    await admin.alterGroupOffsets(group, all);
  }
}

export function topicOf(topic: string | NewTopic): NewTopic {
  if (typeof topic === 'string') return { name: topic };
  const { name, partitions, configs } = topic;
  return { name, ...(partitions !== undefined && { partitions }), ...(configs && { configs }) };
}

function recordOf({ key, value, headers, ...place }: SeedRecord): object {
  return { ...place, key: jsonOf(key), value: jsonOf(value), headers: headersOf(headers) };
}

function headersOf(headers: SeedRecord['headers'] = {}): [string, unknown][] {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return pairs.map(([name, value]) => [name, jsonOf(value)]);
}

/** Bytes as JSON has them here; everything else as it is. */
function jsonOf(value: unknown): unknown {
  // Not `instanceof`: test runners have more than one Uint8Array.
  if (!ArrayBuffer.isView(value)) return value;
  return { base64: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
}
