/**
 * The keys a broker keeps of a password (RFC 5802). The surprise: with them it can check a client
 * and prove itself to one, and cannot be taken for one.
 */
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { type ScramCredential, ScramMechanism } from '../core/cluster/scram-credentials.ts';

export interface ScramKeys {
  /** Base64; empty where there is no such mechanism, or no password. */
  readonly storedKey: string;
  readonly serverKey: string;
}

/** By the number of the mechanism. */
const hashes = new Map<number, { readonly name: string; readonly bits: number }>([
  [ScramMechanism.SCRAM_SHA_256, { name: 'SHA-256', bits: 256 }],
  [ScramMechanism.SCRAM_SHA_512, { name: 'SHA-512', bits: 512 }],
]);

/** What WebCrypto calls the hash of a mechanism that there is. */
export function scramHash(mechanism: number): string {
  return hashes.get(mechanism)!.name;
}

/** The fewest rounds that Kafka takes, and what its tools choose. */
export const usualIterations = 4_096;

const encoder = new TextEncoder();

export async function scramKeys(mechanism: number, saltedPassword: Uint8Array): Promise<ScramKeys> {
  const hash = hashes.get(mechanism)?.name;
  if (hash === undefined || saltedPassword.length === 0) return { storedKey: '', serverKey: '' };
  const sign = await signer(hash, saltedPassword);
  const storedKey = await crypto.subtle.digest(hash, await sign(encoder.encode('Client Key')));
  const serverKey = await sign(encoder.encode('Server Key'));
  return {
    storedKey: toBase64(new Uint8Array(storedKey)),
    serverKey: toBase64(serverKey),
  };
}

/** HMAC with one key. `hash`: `SHA-256`, … */
export async function signer(
  hash: string,
  key: Uint8Array,
): Promise<(text: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>> {
  const algorithm = { name: 'HMAC', hash };
  const imported = await crypto.subtle.importKey('raw', new Uint8Array(key), algorithm, false, [
    'sign',
  ]);
  return async (text) =>
    new Uint8Array(await crypto.subtle.sign('HMAC', imported, new Uint8Array(text)));
}

/** What a password becomes: PBKDF2, as clients do it. The password must not be empty. */
export async function saltedPassword(
  mechanism: number,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  const { name, bits } = hashes.get(mechanism)!;
  const secret = encoder.encode(password);
  const key = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits']);
  const algorithm = { name: 'PBKDF2', hash: name, salt: new Uint8Array(salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, bits));
}

/** The keys that this password would have with the salt and the rounds of a credential. */
export async function keysOf(
  mechanism: number,
  password: string,
  { salt, iterations }: Pick<ScramCredential, 'salt' | 'iterations'>,
): Promise<ScramKeys> {
  const salted = await saltedPassword(mechanism, password, fromBase64(salt)!, iterations);
  return scramKeys(mechanism, salted);
}

/** A new credential for a password, as Kafka's tools would make it. */
export async function newCredential(
  mechanism: number,
  password: string,
  iterations = usualIterations,
): Promise<ScramCredential> {
  const salt = toBase64(encoder.encode(saltText(crypto.getRandomValues(new Uint8Array(20)))));
  return { salt, iterations, ...(await keysOf(mechanism, password, { salt, iterations })) };
}

/** Salts are text in Kafka: so many letters and digits. The bytes must be 20 or more. */
export function saltText(random: Uint8Array): string {
  let number = 0n;
  for (const byte of random.subarray(0, 20)) number = (number << 8n) | BigInt(byte);
  return number.toString(36).padStart(31, '0').slice(-25);
}
