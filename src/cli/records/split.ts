/**
 * Cuts a stream of bytes at a delimiter. The surprise: a piece may be as long as it likes only up
 * to a limit, since it has to be in memory as a whole and no topic takes one that is larger.
 */

/** The pieces, without the delimiter; what follows the last delimiter too, unless it is empty. */
export async function* split(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: Uint8Array,
  maxBytes: number,
): AsyncGenerator<Uint8Array[], void, undefined> {
  if (delimiter.length === 0) throw new RangeError('a delimiter has at least one byte');
  const needle = Buffer.from(delimiter);
  let rest: Buffer = Buffer.alloc(0);
  /** Where the delimiter may begin that was not seen yet. */
  let seen = 0;
  for await (const chunk of chunks) {
    const buffer = rest.length === 0 ? asBuffer(chunk) : Buffer.concat([rest, chunk]);
    const pieces: Uint8Array[] = [];
    let start = 0;
    let end = buffer.indexOf(needle, seen);
    for (; end >= 0; end = buffer.indexOf(needle, start)) {
      checkLength(end - start, maxBytes);
      pieces.push(buffer.subarray(start, end));
      start = end + needle.length;
    }
    rest = buffer.subarray(start);
    checkLength(rest.length, maxBytes);
    seen = Math.max(0, rest.length - needle.length + 1);
    if (pieces.length > 0) yield pieces;
  }
  if (rest.length > 0) yield [rest];
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function checkLength(length: number, maxBytes: number): void {
  if (length > maxBytes) {
    throw new RangeError(`there are more than ${maxBytes} bytes without a delimiter.`);
  }
}
