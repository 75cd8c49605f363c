/**
 * `\n`, `\t`, `\r`, `\xNN` and numbers in delimiters and formats, as kcat reads them. The surprise:
 * a number is as long as its digits go, so that `\x410` is not an A before a zero.
 */
const simple: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13 };
const encoder = new TextEncoder();

/** The bytes that the text stands for. */
export function unescaped(text: string): Uint8Array {
  const bytes: number[] = [];
  const parts = text.split(/\\(x[0-9a-fA-F]*|0[0-7]*|[1-9][0-9]*|.)/s);
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) bytes.push(...encoder.encode(part));
    else bytes.push(...escaped(part));
  }
  return Uint8Array.from(bytes);
}

function escaped(sequence: string): Iterable<number> {
  const [first] = sequence;
  if (first === 'x') return [Number.parseInt(sequence.slice(1) || '0', 16) & 0xff];
  if (first === '0') return [Number.parseInt(sequence, 8) & 0xff];
  if (first >= '1' && first <= '9') return [Number.parseInt(sequence, 10) & 0xff];
  return first in simple ? [simple[first]] : encoder.encode(sequence);
}
