/**
 * Finds out who somebody is by what they show: a password, a token, or what others have signed. The
 * surprise: a password is checked by the keys of SCRAM, with as much work for a user who is not
 * there, and only once: then its keyed hash is enough.
 */
import { toBase64 } from '../bytes/base64.ts';
import { sameBytes, sameText } from '../bytes/same-bytes.ts';
import { type KnownCredential, ScramMechanism } from '../core/cluster/scram-credentials.ts';
import { type AccessConfig, parsePrincipal } from '../runtime/access-config.ts';
import { anonymous, owner, type Principal } from './authorizer.ts';
import { type Credentials, remember } from './credentials.ts';
import { keysOf, newCredential, saltText, signer, usualIterations } from './scram-keys.ts';
import { grantOf, isStreamToken, isToken, parseToken } from './token-text.ts';

/** The name that goes with a token where a user and a password are asked for. */
export const tokenUser = 'token';

/** Who somebody is. */
export interface Identity {
  readonly principal: Principal;
  /** When what they showed is worth nothing any more; absent: it does not expire. */
  readonly expiresAt?: number | undefined;
  /** Whether the client knows the user's password: only then it may set another. */
  readonly hasPassword?: boolean;
  /** The topics that this one may read, and nothing else; absent: what the principal may do. */
  readonly onlyReads?: readonly string[] | undefined;
}

const encoder = new TextEncoder();
const mechanisms = Object.values(ScramMechanism);

/** One for each connection or HTTP request. */
export class Authenticator {
  readonly access: AccessConfig;
  readonly #credentials: Credentials;
  readonly #address: string;

  /** `address`: where the client is, to count what it does wrong. */
  constructor(access: AccessConfig, credentials: Credentials, address: string) {
    this.access = access;
    this.#credentials = credentials;
    this.#address = address;
  }

  /** Undefined: that is not right. Throws TooManyFailures and Weather. */
  async byPassword(user: string, password: string): Promise<Identity | undefined> {
    if (user === '' || password === '') return undefined;
    const { token } = this.access;
    if (user === owner.name && token !== undefined) {
      return sameText(password, token) ? { principal: owner } : this.noteFailure();
    }
    if (user === tokenUser) return this.byToken(password);
    const isRemembered = this.#credentials.isRemembered(user);
    const credentials = await this.#ofUser(user);
    const identity = { principal: { type: 'User', name: user }, hasPassword: true };
    if (await this.#isProven(user, password, credentials)) return identity;
    this.#check();
    const storedKey =
      (await this.#matching(user, password, credentials)) ??
      (isRemembered ? await this.#matchingAnew(user, password, credentials) : undefined);
    if (storedKey === undefined) return this.noteFailure();
    const mac = await this.#macOf(user, password);
    remember(this.#credentials.memory.proofs, user, { mac, storedKey });
    return identity;
  }

  /** A token of ours, the owner's or OAuth's. Throws TooManyFailures, Weather, KeysUnavailable. */
  async byToken(text: string): Promise<Identity | undefined> {
    const { token, oauth } = this.access;
    if (token !== undefined && sameText(text, token)) return { principal: owner };
    const parts = parseToken(text);
    if (parts !== undefined) {
      if (!this.#credentials.memory.tokens.has(parts.id)) this.#check();
      const kept = await this.#credentials.token(parts.id);
      if (kept === undefined || !(await isToken(parts, kept))) return this.noteFailure();
      const { expiresAt } = kept;
      if (expiresAt !== null && expiresAt <= this.#credentials.now()) return undefined;
      return { principal: named(kept.principal), expiresAt: expiresAt ?? undefined };
    }
    if (isStreamToken(text)) return this.byStreamToken(text);
    if (oauth !== undefined && isSigned(text)) return this.#byOAuth(text);
    return this.noteFailure();
  }

  /** Throws Weather. */
  async byStreamToken(text: string): Promise<Identity | undefined> {
    const { now } = this.#credentials;
    const grant = await grantOf(text, await this.#credentials.secret(), now());
    if (grant === undefined) return this.noteFailure();
    const { principal, topics, expiresAt } = grant;
    return { principal: named(principal), expiresAt, onlyReads: topics };
  }

  /** Who Cloudflare Access says it let through. Throws TooManyFailures, KeysUnavailable. */
  async byAccess(assertion: string): Promise<Identity | undefined> {
    const { cloudflareAccess } = this.access;
    if (cloudflareAccess === undefined || !isSigned(assertion)) return this.noteFailure();
    this.#check();
    const { issuer, audience } = cloudflareAccess;
    const claims = await this.#verified(assertion, {
      jwksUrl: `${issuer}/cdn-cgi/access/certs`,
      issuer,
      audiences: [audience],
      clockSkewSeconds: 30,
      refreshMs: 3_600_000,
    });
    const name = textOf(claims?.email) ?? textOf(claims?.common_name);
    if (claims === undefined || name === undefined || isOwners(name)) return this.noteFailure();
    return { principal: { type: 'User', name }, expiresAt: claims.exp! * 1_000 };
  }

  /**
   * What SCRAM works with: the credential of the user, or one that nobody has the password of,
   * which looks the same each time. Throws TooManyFailures and Weather.
   */
  async credential(user: string, mechanism: number): Promise<KnownCredential> {
    const { token } = this.access;
    if (user === owner.name && token !== undefined) return this.#ownersCredential(mechanism, token);
    const credentials = await this.#ofUser(user);
    const known = credentials.find((credential) => credential.mechanism === mechanism);
    return known ?? this.#unknown(user, mechanism);
  }

  #check(): void {
    this.#credentials.memory.failures.check(this.#address, this.#credentials.now());
  }

  /** Somebody showed something wrong. */
  noteFailure(): undefined {
    this.#credentials.memory.failures.note(this.#address, this.#credentials.now());
  }

  /** Who guesses at names does not make the controller look for them for ever. */
  #ofUser(user: string): Promise<readonly KnownCredential[]> {
    if (!this.#credentials.memory.users.has(user)) this.#check();
    return this.#credentials.ofUser(user);
  }

  async #isProven(
    user: string,
    password: string,
    credentials: readonly KnownCredential[],
  ): Promise<boolean> {
    const proof = this.#credentials.memory.proofs.get(user);
    if (!proof || !credentials.some(({ storedKey }) => storedKey === proof.storedKey)) return false;
    return sameBytes(await this.#macOf(user, password), proof.mac);
  }

  async #macOf(user: string, password: string): Promise<Uint8Array> {
    const sign = await signer('SHA-256', this.#credentials.memory.macKey);
    return sign(encoder.encode(JSON.stringify([user, password])));
  }

  /** The key of the credential that the password is right for. Tries all, also those not there. */
  async #matching(
    user: string,
    password: string,
    credentials: readonly KnownCredential[],
  ): Promise<string | undefined> {
    const tried = await Promise.all(
      mechanisms.map(async (mechanism) => {
        const known = credentials.find((credential) => credential.mechanism === mechanism);
        const credential = known ?? (await this.#unknown(user, mechanism));
        const { storedKey } = await keysOf(mechanism, password, credential);
        const isRight = sameText(storedKey, credential.storedKey);
        return isRight && known !== undefined ? storedKey : undefined;
      }),
    );
    return tried.find((storedKey) => storedKey !== undefined);
  }

  /**
   * The same with what the controller knows now. It is asked for whoever is not there, so for a
   * wrong password it is asked as well: how long it takes is not to tell one from the other.
   */
  async #matchingAnew(user: string, password: string, before: readonly KnownCredential[]) {
    const credentials = await this.#credentials.ofUser(user, true);
    const isSame = JSON.stringify(credentials) === JSON.stringify(before);
    return isSame ? undefined : this.#matching(user, password, credentials);
  }

  async #unknown(user: string, mechanism: number): Promise<KnownCredential> {
    const sign = await signer('SHA-512', await this.#credentials.secret());
    const chance = await sign(encoder.encode(`nobody\n${mechanism}\n${user}`));
    const salt = toBase64(encoder.encode(saltText(chance)));
    const size = mechanism === ScramMechanism.SCRAM_SHA_256 ? 32 : 64;
    const key = toBase64((await sign(chance)).subarray(0, size));
    return { mechanism, salt, iterations: usualIterations, storedKey: key, serverKey: key };
  }

  async #ownersCredential(mechanism: number, token: string): Promise<KnownCredential> {
    const { ownersKeys } = this.#credentials.memory;
    const known = ownersKeys.get(mechanism);
    if (known !== undefined) return known;
    const made = { ...(await newCredential(mechanism, token)), mechanism };
    ownersKeys.set(mechanism, made);
    return made;
  }

  /** As Kafka reads a token: who it is for, with scopes that make sense or none. */
  async #byOAuth(text: string): Promise<Identity | undefined> {
    this.#check();
    const oauth = this.access.oauth!;
    const claims = await this.#verified(text, oauth);
    const name = textOf(claims?.[oauth.subClaim])?.trim();
    const isWhole = claims && name && areScopes(claims[oauth.scopeClaim]);
    if (!isWhole || isOwners(name)) return this.noteFailure();
    return { principal: { type: 'User', name }, expiresAt: claims.exp! * 1_000 };
  }

  #verified(token: string, terms: Parameters<Credentials['memory']['keySets']['verify']>[1]) {
    return this.#credentials.memory.keySets.verify(token, terms, this.#credentials.now());
  }
}

function named(text: string): Principal {
  return parsePrincipal(text) ?? anonymous;
}

function isSigned(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

/** Whatever others sign, nobody becomes the owner by it. */
function isOwners(name: string): boolean {
  return name === owner.name;
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim.trim() !== '' ? claim : undefined;
}

function areScopes(claim: unknown): boolean {
  if (claim === undefined || claim === null) return true;
  if (typeof claim !== 'string' && !Array.isArray(claim)) return true;
  const scopes = [claim].flat().map((scope) => (typeof scope === 'string' ? scope.trim() : ''));
  return scopes.every((scope) => scope !== '') && new Set(scopes).size === scopes.length;
}
