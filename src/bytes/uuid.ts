/**
 * UUIDs as Kafka prints them: 16 bytes as base64url without padding, 22 characters, never the
 * dashed form. The zero UUID stands for "no id" and the UUID one is the metadata topic's: neither
 * is ever given to a topic.
 */

/** "No id". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';
/** Reserved by Kafka for its metadata topic. */
export const ONE_UUID = 'AAAAAAAAAAAAAAAAAAAAAQ';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const sextets = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) sextets[alphabet.charCodeAt(i)] = i;

/** The text of the 16 bytes at `at`. */
export function uuidFromBytes(bytes: Uint8Array, at = 0): string {
  if (at < 0 || at + 16 > bytes.length) throw new RangeError('a UUID needs 16 bytes');
  let text = '';
  let isZero = true;
  for (let i = at; i < at + 15; i += 3) {
    const triple = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
    if (triple !== 0) isZero = false;
    text +=
      alphabet[triple >> 18] +
      alphabet[(triple >> 12) & 63] +
      alphabet[(triple >> 6) & 63] +
      alphabet[triple & 63];
  }
  const last = bytes[at + 15];
  if (isZero && last === 0) return ZERO_UUID;
  return text + alphabet[last >> 2] + alphabet[(last & 3) << 4];
}

/** Writes the 16 bytes of a UUID. Throws when the text is not 22 characters of base64url. */
export function writeUuid(text: string, into: Uint8Array, at = 0): void {
  if (!isUuid(text)) throw new TypeError(`not a UUID: ${JSON.stringify(text)}`);
  let bits = 0;
  let held = 0;
  let next = at;
  for (let i = 0; i < 22; i++) {
    bits = ((bits << 6) | sextets[text.charCodeAt(i)]) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      into[next++] = (bits >> held) & 0xff;
    }
  }
}

export function uuidToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  writeUuid(text, bytes);
  return bytes;
}

/** Whether the text is exactly one UUID in this form (its last character carries two bits only). */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text);
}

/**
 * Makes an id of 16 random bytes, a version 4 UUID; the caller brings the randomness. As in Kafka
 * its text never begins with a dash, so that it can be an argument on a command line.
 */
export function uuidFromRandom(random: Uint8Array): string {
  const bytes = random.slice(0, 16);
  if (bytes[0] >> 2 === 62) bytes[0] &= 0x7f;
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return uuidFromBytes(bytes);
}
