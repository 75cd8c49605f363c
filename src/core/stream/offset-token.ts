/**
 * Offsets as the dialect writes them: text that sorts as the numbers do. The surprise: the first
 * half is the leader epoch, which Kafka says beside every offset, and which is always 0 here; a
 * plain number is read as well, so that an offset of Kafka's can be asked for as it is.
 */

const digits = 16;
const token = /^(?:(\d{1,16})_)?(\d{1,16})$/;

export function offsetToken(offset: number): string {
  return `${'0'.repeat(digits)}_${String(offset).padStart(digits, '0')}`;
}

/** Undefined: it is no offset. One of another leader epoch lies beyond all that there is. */
export function parseOffsetToken(text: string): number | undefined {
  const parts = token.exec(text);
  if (parts === null) return undefined;
  return Number(parts[1] ?? 0) > 0 ? Number.MAX_SAFE_INTEGER : Number(parts[2]);
}
