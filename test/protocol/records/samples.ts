/** Bytes and records for tests of record batches. */
import { crc32c } from '../../../src/bytes/crc32c.ts';
import { buildBatch, type NewRecord } from '../../../src/protocol/records/index.ts';

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The batch with some bytes changed, its checksum made right again unless told otherwise. */
export function changed(
  batch: Uint8Array,
  change: (view: DataView) => void,
  { fixCrc = true } = {},
): Uint8Array {
  const bytes = batch.slice();
  const view = new DataView(bytes.buffer);
  change(view);
  if (fixCrc) view.setUint32(17, crc32c(bytes, 21));
  return bytes;
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A batch of records `0`, `1`, … a millisecond apart. */
export function sampleBatch(count = 3, timestamp = 1_700_000_000_000): Uint8Array {
  return buildBatch(
    Array.from({ length: count }, (_, i): NewRecord => {
      return { key: ascii(`k${i}`), value: ascii(`value ${i}`), timestamp: timestamp + i };
    }),
  );
}
