/**
 * Kafka's four codecs behind two functions, numbered as in a record batch's attributes. The
 * surprise: the allowed size is part of every call, since a few kilobytes can claim to be
 * gigabytes and an isolate has 128 MB.
 */
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { CompressionError, tooLarge } from './compression-error.ts';
import { lz4Compress, lz4Decompress } from './lz4.ts';
import { snappyCompress } from './snappy.ts';
import { snappyDecompress } from './snappy-decompress.ts';
import { plain, runZlib } from './zlib-run.ts';
import { zstdDecompress } from './zstd.ts';

export { CompressionError, type CompressionFailure } from './compression-error.ts';

/** A record batch's codec: bits 0 to 2 of its attributes. */
export const Codec = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;

/** The number zstd's compression level has among its parameters. */
const ZSTD_LEVEL = 100;

/**
 * The bytes behind `data`, which may be `data` itself or a view of a larger buffer.
 * Throws CompressionError when they are not of the codec, or would be more than `maxBytes`.
 */
export function decompress(codec: number, data: Uint8Array, maxBytes: number): Uint8Array {
  switch (codec) {
    case Codec.NONE:
      if (data.length > maxBytes) throw tooLarge(maxBytes);
      return data;
    case Codec.GZIP:
      return runZlib('gzip', maxBytes, gzipHint(data), (options) => gunzipSync(data, options));
    case Codec.SNAPPY:
      return snappyDecompress(data, maxBytes);
    case Codec.LZ4:
      return lz4Decompress(data, maxBytes);
    case Codec.ZSTD:
      return zstdDecompress(data, maxBytes);
    default:
      throw unknown(codec);
  }
}

/**
 * Compresses as Kafka's Java client does by default. `level` is gzip's or zstd's; the other codecs
 * have one way to go. Throws CompressionError for an unknown codec.
 */
export function compress(codec: number, data: Uint8Array, level?: number): Uint8Array {
  switch (codec) {
    case Codec.NONE:
      return data;
    case Codec.GZIP:
      return plain(gzipSync(data, { level }));
    case Codec.SNAPPY:
      return snappyCompress(data);
    case Codec.LZ4:
      return lz4Compress(data);
    case Codec.ZSTD:
      return plain(zstdCompressSync(data, level === undefined ? {} : { params: params(level) }));
    default:
      throw unknown(codec);
  }
}

function params(level: number): Record<number, number> {
  return { [ZSTD_LEVEL]: level };
}

/** A gzip member ends with its size modulo 2^32, which anybody may write there. */
function gzipHint(data: Uint8Array): number | undefined {
  if (data.length < 18) return undefined;
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(data.length - 4, true);
}

function unknown(codec: number): CompressionError {
  return new CompressionError('unknown codec', `unknown compression codec ${codec}`);
}
