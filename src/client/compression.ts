/**
 * Record batches compressed and opened with what every platform has: gzip by its streams, LZ4 and
 * Snappy by code of ours that is loaded when it is first needed, zstd where the platform is Node's
 * or looks like it. The surprise: where zstd is missing that is said in Kafka's words, and a topic
 * with `compression.type=gzip` spares its readers.
 */
import { CompressionError } from '../bytes/compression-error.ts';
import { concat } from '../bytes/writer.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { RecordBatch } from '../protocol/records/record-batch.ts';

/** A record batch's codec: bits 0 to 2 of its attributes. */
export const codecs = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/** What a producer compresses with: what is known everywhere, or a codec of one's own. */
export type Compression = 'none' | 'gzip' | 'lz4' | Compressor;

export interface Compressor {
  /** Kafka's number of it: 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codec: number;
  compress(bytes: Uint8Array): Uint8Array;
}

/** As much as Kedge opens. */
const largestOpened = 32 * 1024 * 1024;

/** The same batch, compressed; as it is where that makes it no smaller. */
export async function compressed(batch: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression === 'none') return batch;
  const plain = new RecordBatch(batch);
  const { timestampType, baseTimestamp, recordBytes } = plain;
  const packed =
    typeof compression === 'object'
      ? compression.compress(recordBytes)
      : compression === 'gzip'
        ? await through(new CompressionStream('gzip'), recordBytes)
        : (await import('../bytes/lz4.ts')).lz4Compress(recordBytes);
  if (packed.length >= recordBytes.length) return batch;
  const codec = typeof compression === 'object' ? compression.codec : codecs[compression];
  return plain.withRecordBytes(packed, { codec, timestampType, baseTimestamp }).bytes;
}

/** The records of a batch, opened. Throws KafkaError for what cannot be read here, or at all. */
export async function openedRecords({ codec, recordBytes }: RecordBatch): Promise<Uint8Array> {
  try {
    switch (codec) {
      case codecs.none:
        return recordBytes;
      case codecs.gzip:
        return await through(new DecompressionStream('gzip'), recordBytes);
      case codecs.snappy: {
        const { snappyDecompress } = await import('../bytes/snappy-decompress.ts');
        return snappyDecompress(recordBytes, largestOpened);
      }
      case codecs.lz4:
        return (await import('../bytes/lz4.ts')).lz4Decompress(recordBytes, largestOpened);
      case codecs.zstd:
        return zstd(recordBytes);
      default:
        throw unreadable(`codec ${codec}`);
    }
  } catch (error) {
    if (error instanceof CompressionError || error instanceof TypeError) {
      throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, error.message, { cause: error });
    }
    throw error;
  }
}

/** What is asked of Node.js, in words that browsers' types know as well. */
interface MaybeNode {
  getBuiltinModule?(name: 'node:zlib'): {
    zstdDecompressSync?(packed: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
  };
}

/** Node, Deno, Bun and Workers (with nodejs_compat) have it; asking so disturbs no bundler. */
function zstd(packed: Uint8Array): Uint8Array {
  const { process } = globalThis as { process?: MaybeNode };
  const zlib = process?.getBuiltinModule?.('node:zlib');
  if (zlib?.zstdDecompressSync === undefined) throw unreadable('zstd');
  const { buffer, byteOffset, length } = zlib.zstdDecompressSync(packed, {
    maxOutputLength: largestOpened,
  });
  return new Uint8Array(buffer, byteOffset, length);
}

function unreadable(what: string): KafkaError {
  const message = `A record batch is compressed with ${what}, which cannot be read here.`;
  return new KafkaError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, message);
}

async function through(
  stream: CompressionStream | DecompressionStream,
  input: Uint8Array,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // What is wrong with the input is told by what is read.
  writer.write(input as Uint8Array<ArrayBuffer>).catch(() => {});
  writer.close().catch(() => {});
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream.readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > largestOpened) {
      await reader.cancel();
      throw new CompressionError('too large', 'A record batch opens to more than 32 MiB.');
    }
    chunks.push(read.value);
  }
  return concat(chunks);
}
