/**
 * The numbers inside a record: 0, -1, 1, -2 … are written as 0, 1, 2, 3 …, seven bits a byte. The
 * surprise: timestamps need more than 32 bits, so this divides where others shift.
 */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes it at `start`; answers where it ends. */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = zigzag(value);
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80;
  bytes[at++] = rest;
  return at;
}
