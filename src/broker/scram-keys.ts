/**
 * The keys a broker keeps of a salted password (RFC 5802). The surprise: with them it can check a
 * client and prove itself to one, and cannot be taken for one.
 */
import { toBase64 } from '../bytes/base64.ts';
import { ScramMechanism } from '../core/cluster/scram-credentials.ts';

interface ScramKeys {
  /** Base64; empty where there is no such mechanism, or no password. */
  readonly storedKey: string;
  readonly serverKey: string;
}

const hashes = new Map<number, string>([
  [ScramMechanism.SCRAM_SHA_256, 'SHA-256'],
  [ScramMechanism.SCRAM_SHA_512, 'SHA-512'],
]);

export async function scramKeys(mechanism: number, saltedPassword: Uint8Array): Promise<ScramKeys> {
  const hash = hashes.get(mechanism);
  if (hash === undefined || saltedPassword.length === 0) return { storedKey: '', serverKey: '' };
  const algorithm = { name: 'HMAC', hash };
  const key = await crypto.subtle.importKey(
    'raw',
    new Uint8Array(saltedPassword),
    algorithm,
    false,
    ['sign'],
  );
  const sign = (text: string) => crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text));
  const storedKey = await crypto.subtle.digest(hash, await sign('Client Key'));
  const serverKey = await sign('Server Key');
  return {
    storedKey: toBase64(new Uint8Array(storedKey)),
    serverKey: toBase64(new Uint8Array(serverKey)),
  };
}
