/** What becomes of record batches: made, checked, walked through, compacted. */
import { Codec, decompress } from '../../../src/bytes/compression.ts';
import { crc32c } from '../../../src/bytes/crc32c.ts';
import { compactBatch, eachRecord, recordsOf } from '../../../src/core/log/compact-batch.ts';
import { KeyOffsets } from '../../../src/core/log/key-offsets.ts';
import { logConfigFrom } from '../../../src/core/log/log-config.ts';
import { validateBatches } from '../../../src/core/log/validate.ts';
import {
  buildBatch,
  decodeRecords,
  RecordBatch,
  RecordCursor,
} from '../../../src/protocol/records/index.ts';
import { batchOf, time } from '../bytes.ts';
import type { Case } from '../case.ts';

const largest = 32 * 1024 * 1024;
const config = logConfigFrom({}, largest);

const shapes: [string, { recordBytes: number; batchBytes: number }][] = [
  ['16 KiB of 1 KB records', { recordBytes: 1000, batchBytes: 16_384 }],
  ['16 KiB of 100 B records', { recordBytes: 100, batchBytes: 16_384 }],
  ['1 MB of 1 KB records', { recordBytes: 1000, batchBytes: 1_000_000 }],
  ['1 MB of 100 B records', { recordBytes: 100, batchBytes: 1_000_000 }],
];

const check = (bytes: Uint8Array): number => validateBatches(bytes, config, time)[0].maxTimestamp;

const checks: Case[] = shapes.map(([what, shape]) => ({
  name: `checks of ${what}`,
  baseline: 'its CRC-32C',
  prepare() {
    const bytes = batchOf(shape);
    return { bytes: bytes.length, run: () => check(bytes), baseline: () => crc32c(bytes, 21) };
  },
}));

const codecs = Object.entries(Codec).filter(([, codec]) => codec !== Codec.NONE);

const packedChecks: Case[] = codecs.map(([name, codec]) => ({
  name: `checks of 16 KiB of 100 B records, ${name.toLowerCase()}`,
  baseline: 'decompressing it',
  prepare() {
    const bytes = batchOf({ recordBytes: 100, batchBytes: 16_384, codec });
    const { recordBytes } = new RecordBatch(bytes);
    return {
      bytes: bytes.length,
      run: () => check(bytes),
      baseline: () => decompress(codec, recordBytes, largest).length,
    };
  },
}));

function walk(records: Uint8Array, count: number): number {
  const cursor = new RecordCursor(records);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    cursor.next();
    sum += cursor.valueLength;
  }
  return sum;
}

const walks: Case[] = [
  {
    name: 'walk through 1 MB of 100 B records',
    baseline: 'its CRC-32C',
    prepare() {
      const bytes = batchOf({ recordBytes: 100, batchBytes: 1_000_000 });
      const { recordBytes, recordCount } = new RecordBatch(bytes);
      return {
        bytes: bytes.length,
        run: () => walk(recordBytes, recordCount),
        baseline: () => crc32c(bytes, 21),
      };
    },
  },
  {
    name: 'records as objects, 16 KiB of 100 B',
    baseline: 'a walk through them',
    prepare() {
      const bytes = batchOf({ recordBytes: 100, batchBytes: 16_384 });
      const batch = new RecordBatch(bytes);
      const run = () => {
        let sum = 0;
        for (const { value } of decodeRecords(batch)) sum += value!.length;
        return sum;
      };
      const { recordBytes, recordCount } = batch;
      return { bytes: bytes.length, run, baseline: () => walk(recordBytes, recordCount) };
    },
  },
  {
    name: 'making a batch, 16 KiB of 100 B records',
    baseline: 'the checks of it',
    prepare() {
      const bytes = batchOf({ recordBytes: 100, batchBytes: 16_384 });
      const records = [...decodeRecords(new RecordBatch(bytes))];
      const run = () => buildBatch(records).length;
      return { bytes: bytes.length, run, baseline: () => check(bytes) };
    },
  },
];

/** One batch whose keys come about three times each: the last of each stays. */
function compacted(bytes: Uint8Array): number {
  const batch = new RecordBatch(bytes);
  const records = recordsOf(batch)!;
  const keys = new KeyOffsets(100_000, largest);
  eachRecord(batch, records, (offset, key) => keys.put(key!, offset));
  const keep = (offset: number, key: Uint8Array | undefined) => offset >= keys.get(key!)!;
  return compactBatch(batch, records, keep, false)!.length;
}

const compaction: Case[] = [100, 1000].map((recordBytes) => ({
  name: `compaction of 1 MB of ${recordBytes} B records`,
  baseline: 'two walks through it',
  prepare() {
    const keys = Math.floor(1_000_000 / recordBytes / 3);
    const bytes = batchOf({ recordBytes, batchBytes: 1_000_000, keys });
    const { recordBytes: records, recordCount } = new RecordBatch(bytes);
    return {
      bytes: bytes.length,
      run: () => compacted(bytes),
      baseline: () => walk(records, recordCount) + walk(records, recordCount),
    };
  },
}));

export const batches: readonly Case[] = [...checks, ...packedChecks, ...walks, ...compaction];
