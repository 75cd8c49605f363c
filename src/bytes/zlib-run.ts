/**
 * Runs one of the platform's decompressors under a limit. The surprise: output comes in chunks that
 * are joined at the end, so a chunk of the right size saves a copy, and one of a size that was only
 * claimed would be memory lost to whoever claims.
 */
import { corrupt, tooLarge } from './compression-error.ts';

export interface RunOptions {
  readonly maxOutputLength: number;
  readonly chunkSize: number;
}

const smallestChunk = 16 * 1024;
const largestChunk = 1024 * 1024;

/**
 * The output of `run`. `expected`: how much there may be, a hint. Throws CompressionError: "too
 * large" as soon as there is more than `maxBytes`.
 */
export function runZlib(
  name: string,
  maxBytes: number,
  expected: number | undefined,
  run: (options: RunOptions) => Uint8Array,
): Uint8Array {
  const hint = (expected ?? smallestChunk) + 1;
  const chunkSize = Math.max(smallestChunk, Math.min(hint, largestChunk));
  let output: Uint8Array;
  try {
    // workerd refuses output of exactly the limit.
    output = run({ maxOutputLength: maxBytes + 1, chunkSize });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (code === 'ERR_BUFFER_TOO_LARGE' || error instanceof RangeError) throw tooLarge(maxBytes);
    throw corrupt(`${name}: ${message}`);
  }
  if (output.length > maxBytes) throw tooLarge(maxBytes);
  return plain(output);
}

/** A Buffer as a Uint8Array, which differs in what `slice` means. */
export function plain(output: Uint8Array): Uint8Array {
  return new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
}
