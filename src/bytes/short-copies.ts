/**
 * The copies that LZ4 and Snappy are made of: most of them few bytes, from the input or from what
 * was written a moment ago. The surprise: four bytes at a time through a DataView is twice as fast
 * as one at a time, and up to three bytes too many are written, into room that is still to be
 * filled.
 */

/** Longer ones are left to the platform, whose calls cost more than so many bytes. */
const LONG = 128;

/** Bytes, and the view through which they are copied. */
export class Copied {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** Copies `source[from, from + length)` to `target` at `to`; both are known to have them. */
export function copyAcross(
  source: Copied,
  from: number,
  target: Copied,
  to: number,
  length: number,
): void {
  const { bytes: input, view: inputView } = source;
  const { bytes, view } = target;
  if (length > LONG) bytes.set(input.subarray(from, from + length), to);
  else if (from + length + 3 <= input.length && to + length + 3 <= bytes.length) {
    for (let i = 0; i < length; i += 4) view.setInt32(to + i, inputView.getInt32(from + i));
  } else for (let i = 0; i < length; i++) bytes[to + i] = input[from + i];
}

/** Copies what is `distance` bytes before `to`; what reaches into itself is repeated. */
export function copyBack({ bytes, view }: Copied, to: number, distance: number, length: number) {
  const from = to - distance;
  if (length > LONG && distance >= length) bytes.copyWithin(to, from, from + length);
  else if (distance >= 4 && to + length + 3 <= bytes.length) {
    for (let i = 0; i < length; i += 4) view.setInt32(to + i, view.getInt32(from + i));
  } else for (let i = 0; i < length; i++) bytes[to + i] = bytes[from + i];
}
