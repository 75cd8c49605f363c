/** Batches compressed and opened with any of Kafka's codecs. */
import { Codec, CompressionError, compress, decompress } from '../../bytes/compression.ts';
import { codecs } from '../../client/compression.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import {
  type DecodedRecord,
  decodeRecords,
  type RecordBatch,
} from '../../protocol/records/index.ts';

/** Far above what any topic takes. */
const largestOpened = 512 * 1024 * 1024;

/** The bytes of a batch's records, decompressed. */
function openedBytes(batch: RecordBatch): Uint8Array {
  try {
    return decompress(batch.codec, batch.recordBytes, largestOpened);
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    const message = `The batch at offset ${batch.baseOffset}: ${error.message}`;
    throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, message, { cause: error });
  }
}

export function recordsIn(batch: RecordBatch): Iterable<DecodedRecord> {
  return decodeRecords(batch, openedBytes(batch));
}

/** What a producer compresses with. */
export function compressorOf(name: keyof typeof codecs) {
  const codec = codecs[name];
  if (codec === Codec.NONE) return 'none';
  return { codec, compress: (bytes: Uint8Array) => compress(codec, bytes) };
}
