/**
 * Records from the first offset on, as fast as answers come, by one consumer. The surprise: what is
 * read was written once, before, by batches as Java's producer makes them, so that every system
 * holds the same; the bare Worker holds rows as reads of a socket made them.
 */
import { fill, lastsFor, put } from '../loads.ts';
import type { Running } from '../system.ts';
import type { Workload } from '../workload.ts';
import { java, processor, speedOf, throughput } from './produce.ts';

const recordBytes = 1_000;
/** What is there to be read. */
const records = 64_000;

/** What consumers ask for by default. */
export const asked = { maxBytes: 50 << 20, partitionMaxBytes: 1 << 20 };

/** Puts records into a topic, once; false: the system cannot be written to in this way. */
export async function filledTopic(
  running: Running,
  topic: string,
  partitions: number,
  count = records,
): Promise<boolean> {
  const report = await fill(running, {
    kind: 'produce',
    topic,
    partitions,
    recordBytes,
    records: count,
    codec: 'none',
    connections: 1,
    ...java,
  });
  return report !== undefined;
}

function fetch(partitions: number, title: string): Workload {
  const name = `fetch-${partitions}`;
  return {
    name,
    title: `fetch from the start, ${title}`,
    figures: [throughput, processor],
    async sample(running, round) {
      if (!(await filledTopic(running, name, partitions, round.records))) return undefined;
      const sizes =
        // It has no partitions: it answers with as much as Kafka's would together.
        running.dialect === 'bare'
          ? { ...asked, maxBytes: Math.min(asked.maxBytes, partitions * asked.partitionMaxBytes) }
          : asked;
      const report = await put(running, {
        kind: 'fetch',
        topic: name,
        partitions,
        ...sizes,
        // Without a time it ends when all was read once.
        ...(round.records === undefined && lastsFor(round)),
      });
      return report && speedOf(report, report.bytes);
    },
  };
}

export const fetches: readonly Workload[] = [fetch(1, '1 partition'), fetch(16, '16 partitions')];
