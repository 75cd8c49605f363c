/**
 * Kafka's four codecs behind two functions, numbered as in a record batch's attributes. The
 * surprise: the allowed size is part of every call, since a few kilobytes can claim to be
 * gigabytes and an isolate has 128 MB.
 */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { CompressionError, corrupt, tooLarge } from './compression-error.ts';
import { lz4Compress, lz4Decompress } from './lz4.ts';
import { snappyCompress, snappyDecompress } from './snappy.ts';

export { CompressionError, type CompressionFailure } from './compression-error.ts';

/** A record batch's codec: bits 0 to 2 of its attributes. */
export const Codec = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;

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
      return zlib('gzip', maxBytes, () => gunzipSync(data, { maxOutputLength: limit(maxBytes) }));
    case Codec.SNAPPY:
      return snappyDecompress(data, maxBytes);
    case Codec.LZ4:
      return lz4Decompress(data, maxBytes);
    case Codec.ZSTD:
      return zlib('zstd', maxBytes, () =>
        zstdDecompressSync(data, { maxOutputLength: limit(maxBytes) }),
      );
    default:
      throw unknown(codec);
  }
}

/**
 * Compresses as Kafka's Java client does by default. Throws CompressionError for an unknown codec.
 */
export function compress(codec: number, data: Uint8Array): Uint8Array {
  switch (codec) {
    case Codec.NONE:
      return data;
    case Codec.GZIP:
      return plain(gzipSync(data));
    case Codec.SNAPPY:
      return snappyCompress(data);
    case Codec.LZ4:
      return lz4Compress(data);
    case Codec.ZSTD:
      return plain(zstdCompressSync(data));
    default:
      throw unknown(codec);
  }
}

function unknown(codec: number): CompressionError {
  return new CompressionError('unknown codec', `unknown compression codec ${codec}`);
}

/** zlib refuses a limit of 0. */
function limit(maxBytes: number): number {
  return Math.max(1, maxBytes);
}

function zlib(name: string, maxBytes: number, run: () => Uint8Array): Uint8Array {
  let output: Uint8Array;
  try {
    output = run();
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (code === 'ERR_BUFFER_TOO_LARGE' || error instanceof RangeError) throw tooLarge(maxBytes);
    throw corrupt(`${name}: ${message}`);
  }
  if (output.length > maxBytes) throw tooLarge(maxBytes);
  return plain(output);
}

/** A Buffer as a Uint8Array, which differs in what `slice` means. */
function plain(output: Uint8Array): Uint8Array {
  return new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
}
