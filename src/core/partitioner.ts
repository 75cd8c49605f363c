/**
 * Which partition a record goes to when its producer names none, as Java's default partitioner
 * decides. The surprise: without a key records stick to one partition until a batch is full, since
 * a batch per partition costs more than an uneven spread for a moment (KIP-480, KIP-794).
 */
import { murmur2 } from '../bytes/murmur2.ts';

/** `batch.size` of the Java producer: how many bytes stick to one partition. */
const STICKY_BYTES = 16_384;

/** The partition of every record with this key; an empty key is a key. */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** Places records without a key, one call a record. */
export type StickyPartitioner = (recordBytes: number) => number;

/** Starts at `first` (a caller's random choice) and moves on whenever a batch is full. */
export function stickyPartitioner(partitions: number, first: number): StickyPartitioner {
  let partition = first % partitions;
  let filled = 0;
  return (recordBytes) => {
    const chosen = partition;
    filled += recordBytes;
    if (filled >= STICKY_BYTES) {
      partition = (partition + 1) % partitions;
      filled = 0;
    }
    return chosen;
  };
}
