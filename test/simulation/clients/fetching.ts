/**
 * Fetches as a consumer does, for whoever has positions: many partitions at once, whole batches,
 * and what precedes the position dropped. The surprise: OFFSET_OUT_OF_RANGE is a bug of the broker
 * and thrown, since nothing is ever deleted here; except where an instance that was replaced may
 * still answer, from a log that ends before what its successor acknowledged: it is asked again.
 */

import { concat } from '../../../src/bytes/writer.ts';
import { fetch } from '../../../src/protocol/apis/fetch.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import { decodeRecords, recordBatches } from '../../../src/protocol/records/index.ts';
import type { SeenRecord } from '../checker/history.ts';
import { type Client, partitionName } from './client.ts';

/** Where a reader stands: topic → partition → next offset. */
export class Positions {
  readonly #next = new Map<string, { topic: string; index: number; offset: number }>();

  set(topic: string, index: number, offset: number): void {
    this.#next.set(partitionName(topic, index), { topic, index, offset });
  }

  get(partition: string): number | undefined {
    return this.#next.get(partition)?.offset;
  }

  all(): { topic: string; index: number; offset: number }[] {
    return [...this.#next.values()];
  }

  asRecord(): Record<string, number> {
    return Object.fromEntries([...this.#next].map(([name, { offset }]) => [name, offset]));
  }
}

const utf8 = new TextDecoder();

/** What a reader fetches with; drawn once in its life. */
export interface FetchStyle {
  readonly version: number;
  readonly maxWaitMs: number;
  readonly partitionMaxBytes: number;
}

export function fetchStyle(client: Client): FetchStyle {
  return {
    version: client.random.between(4, 12),
    maxWaitMs: client.random.pick([0, 100, 500, 5_000]),
    partitionMaxBytes: client.random.pick([1, 500, 1_048_576]),
  };
}

/** One Fetch. Moves the positions; undefined when there was no answer. */
export async function fetchRecords(
  client: Client,
  positions: Positions,
  { version, maxWaitMs, partitionMaxBytes }: FetchStyle,
): Promise<SeenRecord[] | undefined> {
  const byTopic = Map.groupBy(positions.all(), ({ topic }) => topic);
  const topics = [...byTopic].map(([topic, partitions]) => ({
    topic,
    topicId: '',
    partitions: partitions.map(({ index, offset }) => ({
      partition: index,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes,
      replicaDirectoryId: '',
    })),
  }));
  const request = { replicaId: -1, maxWaitMs, minBytes: 1, maxBytes: 50_000_000, topics };
  const answer = await client.ask(fetch, version, request);
  if (answer === undefined) return undefined;
  const seen: SeenRecord[] = [];
  for (const { topic, partitions } of answer.responses) {
    for (const { partitionIndex, errorCode, records } of partitions) {
      const name = partitionName(topic, partitionIndex);
      if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
        throw new Error(`${client.process} lost its place at ${name} ${positions.get(name)}`);
      }
      if (errorCode !== ErrorCode.NONE) {
        client.world.count(`fetch: ${errorInfo(errorCode).name}`);
        continue;
      }
      const all = recordsIn(concat(records === null ? [] : [...records, new Uint8Array(0)]), name);
      const from = positions.get(name) ?? 0;
      const fresh = all.filter(({ offset }) => offset >= from);
      if (fresh.length === 0) continue;
      seen.push(...fresh);
      positions.set(topic, partitionIndex, fresh.at(-1)!.offset + 1);
    }
  }
  return seen;
}

function recordsIn(bytes: Uint8Array, partition: string): SeenRecord[] {
  return [...recordBatches(bytes)].flatMap((batch) => {
    if (!batch.isValid) throw new Error(`a batch of ${partition} has a wrong checksum`);
    return [...decodeRecords(batch)].map(({ offset, value }) => ({
      partition,
      offset,
      value: utf8.decode(value ?? new Uint8Array(0)),
    }));
  });
}
