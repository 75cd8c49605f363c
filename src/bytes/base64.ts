/**
 * Base64, both ways. The surprise: reading is strict about the alphabet but does without
 * padding, as the JVM libraries behind Kafka's REST proxies do.
 */

const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;
const CHUNK = 8_192;

export function toBase64(bytes: Uint8Array): string {
  if (typeof bytes.toBase64 === 'function') return bytes.toBase64();
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

/** Of the alphabet for URLs, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Undefined for text that is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!ALPHABET.test(text)) return undefined;
  if (text.endsWith('=') && text.length % 4 !== 0) return undefined;
  const bare = text.replace(/=+$/, '');
  if (bare.length % 4 === 1) return undefined;
  if (typeof Uint8Array.fromBase64 === 'function') return Uint8Array.fromBase64(bare);
  return Uint8Array.from(atob(bare), (character) => character.charCodeAt(0));
}
