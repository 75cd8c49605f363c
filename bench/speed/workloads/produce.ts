/**
 * Record batches, acks=all, as fast as they are taken, from one producer. The surprise: it is by
 * bytes of values that a speed is counted, whatever a codec makes of them.
 */

import type { ProduceJob, Report } from '../../load/job.ts';
import { lastsFor, putOnce } from '../loads.ts';
import type { Figure, Sample, Workload } from '../workload.ts';

const kibi = 1024;

/** What clients do by default: bytes of a batch, and requests under way. */
export const java = { batchBytes: 16 * kibi, inFlight: 5 };
/** A request of librdkafka's is for one partition. */
export const librdkafka = { batchBytes: 1_000_000, inFlight: 5, partitionsPerRequest: 1 };

export const throughput: Figure = { name: 'throughput', unit: 'MB/s', better: 'higher' };
export const processor: Figure = { name: 'processor', unit: 'CPU s/GB', better: 'lower' };

/** MB a second, and seconds of the system's processors for a GB. */
export function speedOf({ seconds, systemCpuSeconds }: Report, bytes: number): Sample {
  return {
    throughput: bytes / 1e6 / seconds,
    ...(systemCpuSeconds !== undefined && { processor: systemCpuSeconds / (bytes / 1e9) }),
  };
}

type Shape = Pick<ProduceJob, 'recordBytes' | 'partitions'> &
  Partial<Pick<ProduceJob, 'codec' | 'batchBytes' | 'inFlight' | 'partitionsPerRequest'>>;

function produce(name: string, title: string, shape: Shape): Workload {
  return {
    name: `produce-${name}`,
    title: `produce ${title}`,
    figures: [throughput, processor],
    async sample(running, round) {
      const report = await putOnce(running, {
        kind: 'produce',
        topic: `produce-${name}-${round.number}`,
        connections: 1,
        codec: 'none',
        ...java,
        ...shape,
        ...lastsFor(round),
      });
      return report && speedOf(report, report.records * shape.recordBytes);
    },
  };
}

const sizes = [
  ['100b', '100 B', 100],
  ['1k', '1 KB', 1_000],
  ['10k', '10 KB', 10_000],
] as const;
const spreads = [
  [1, '1 partition'],
  [16, '16 partitions'],
] as const;
const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

export const produces: readonly Workload[] = [
  ...sizes.flatMap(([name, size, recordBytes]) =>
    spreads.map(([partitions, spread]) =>
      produce(`${name}-${partitions}`, `${size}, ${spread}`, { recordBytes, partitions }),
    ),
  ),
  ...spreads.map(([partitions, spread]) =>
    produce(`1k-${partitions}-large`, `1 KB, ${spread}, batches of 1 MB`, {
      ...librdkafka,
      recordBytes: 1_000,
      partitions,
    }),
  ),
  ...codecs.map((codec) =>
    produce(`1k-1-${codec}`, `1 KB, 1 partition, ${codec}`, {
      codec,
      recordBytes: 1_000,
      partitions: 1,
    }),
  ),
];
