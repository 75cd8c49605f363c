/**
 * What proves that a notification is this cluster's, and that a worker was given a wake. The
 * surprise: no key is kept anywhere; all are made of the one secret that the controller has.
 */

import { toBase64Url } from '../../bytes/base64.ts';
import { sameText } from '../../bytes/same-bytes.ts';

/** A public key for verifying notifications, as JWKS has it. */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

/** An Ed25519 key in PKCS #8, up to the 32 bytes of the key itself. */
const pkcs8Prefix = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32);
const utf8 = new TextEncoder();

export class StreamSignatures {
  readonly #secret: string;
  #pair: Promise<{ readonly sign: CryptoKey; readonly shown: PublicKey }> | undefined;

  constructor(secret: string) {
    this.#secret = secret;
  }

  async publicKey(): Promise<PublicKey> {
    return (await this.#keys()).shown;
  }

  /** The header `Webhook-Signature` of a body that is sent now. */
  async signatureOf(body: string, seconds: number): Promise<string> {
    const { sign, shown } = await this.#keys();
    const signed = await crypto.subtle.sign('Ed25519', sign, utf8.encode(`${seconds}.${body}`));
    return `t=${seconds},kid=${shown.kid},ed25519=${toBase64Url(new Uint8Array(signed))}`;
  }

  /** What whoever works on this wake shows. */
  async tokenFor(subscription: string, generation: number): Promise<string> {
    const key = await crypto.subtle.importKey(
      'raw',
      utf8.encode(this.#secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    );
    const said = utf8.encode(`stream wake ${generation} of ${subscription}`);
    return `${generation}.${toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', key, said)))}`;
  }

  /** The generation a token is for; undefined: it is none of this subscription's. */
  async generationOf(subscription: string, token: string): Promise<number | undefined> {
    const generation = /^(\d{1,15})\./.exec(token)?.[1];
    if (generation === undefined) return undefined;
    const right = await this.tokenFor(subscription, Number(generation));
    return sameText(token, right) ? Number(generation) : undefined;
  }

  #keys(): Promise<{ readonly sign: CryptoKey; readonly shown: PublicKey }> {
    this.#pair ??= this.#makeKeys();
    return this.#pair;
  }

  async #makeKeys() {
    const text = utf8.encode(`stream webhooks ${this.#secret}`);
    const seed = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
    const pkcs8 = new Uint8Array([...pkcs8Prefix, ...seed]);
    const algorithm = { name: 'Ed25519' };
    const sign = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']);
    const { x = '' } = (await crypto.subtle.exportKey('jwk', sign)) as JsonWebKey;
    const thumbprint = utf8.encode(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }));
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', thumbprint));
    const kid = `ds_${toBase64Url(digest)}`;
    const shown = { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' } as const;
    return { sign, shown };
  }
}
