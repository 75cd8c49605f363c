/**
 * The public keys of those who sign tokens (JWKS), and whether a token is signed by one of them.
 * The surprise: a key that is not known makes somebody look again at once, but never twice within
 * a minute, since everybody can make up names of keys.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';

/** How often a set is asked for again for a key that is not in it. */
const askAgainMs = 60_000;
/** How long its owner may take to answer. */
const timeoutMs = 5_000;

/** Never those where the verifier's key could sign as well. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

interface KeySet {
  readonly keys: JSONWebKeySet;
  readonly at: number;
}

export interface SignedTokenTerms {
  readonly jwksUrl: string;
  /** Undefined: any. */
  readonly issuer: string | undefined;
  /** One of these; empty: any. */
  readonly audiences: readonly string[];
  readonly clockSkewSeconds: number;
  /** How old the keys may be. */
  readonly refreshMs: number;
}

/** The keys could not be asked for: nothing is known about the token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** One for each isolate. Plain data only. */
export class KeySets {
  readonly #sets = new Map<string, KeySet>();

  /** What the token says; undefined for one that is not right. Throws KeysUnavailable. */
  async verify(
    token: string,
    terms: SignedTokenTerms,
    now: number,
  ): Promise<JWTPayload | undefined> {
    const known = this.#sets.get(terms.jwksUrl);
    const set =
      known && now - known.at < terms.refreshMs ? known : await this.#ask(terms, now, known);
    try {
      return await verified(token, set.keys, terms, now);
    } catch (error) {
      const isUnknownKey = error instanceof errors.JWKSNoMatchingKey;
      if (!isUnknownKey || now - set.at < askAgainMs) return undefined;
    }
    const renewed = await this.#ask(terms, now, set);
    return verified(token, renewed.keys, terms, now).catch(() => undefined);
  }

  /** Where its owner does not answer the keys go on being those that were `known`. */
  async #ask(
    { jwksUrl }: SignedTokenTerms,
    now: number,
    known: KeySet | undefined,
  ): Promise<KeySet> {
    try {
      const response = await fetch(jwksUrl, { signal: AbortSignal.timeout(timeoutMs) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const set = { keys: (await response.json()) as JSONWebKeySet, at: now };
      createLocalJWKSet(set.keys);
      this.#sets.set(jwksUrl, set);
      return set;
    } catch (error) {
      console.warn(`The keys at ${jwksUrl} could not be read: ${error}`);
      if (known !== undefined) {
        const stale = { keys: known.keys, at: now };
        this.#sets.set(jwksUrl, stale);
        return stale;
      }
      throw new KeysUnavailable('the keys that tokens are signed with could not be read');
    }
  }
}

async function verified(
  token: string,
  keys: JSONWebKeySet,
  { issuer, audiences, clockSkewSeconds }: SignedTokenTerms,
  now: number,
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
    algorithms,
    issuer,
    audience: audiences.length > 0 ? [...audiences] : undefined,
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp', 'iat'],
    currentDate: new Date(now),
  });
  return payload;
}
