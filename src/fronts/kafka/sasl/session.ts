/**
 * A connection's authentication, as in Kafka's SaslServerAuthenticator: first who the client is,
 * then its requests. The surprise: a client that began with SaslHandshake 0 sends its tokens bare,
 * without a header, and is answered in the same way.
 *
 * Behaviour
 * - Before the client is known it may ask for versions once and shake hands; anything else closes
 *   the connection, as does a request of more than `sasl.server.max.receive.size`. After that it is
 *   also told that it should have gone on.
 * - A refusal is held back for `connection.failed.authentication.delay.ms`, then the connection is
 *   closed.
 * - A session ends with what the client showed, or after `connections.max.reauth.ms`: then the
 *   next request closes the connection, unless the client begins anew before (KIP-368), with the
 *   same mechanism and as the same principal.
 * - Who has as many connections as a principal may have is hung up on, and may come again.
 * - Where nobody can tell whether credentials are right the connection is closed: who is told that
 *   they are wrong does not try again.
 */
import { hintFor } from '../../../broker/access.ts';
import type { Authenticator, Identity } from '../../../broker/authenticator.ts';
import { anonymous, principalText } from '../../../broker/authorizer.ts';
import { TooManyConnections } from '../../../broker/connections.ts';
import { TooManyFailures } from '../../../broker/failed-attempts.ts';
import { type ClientContext, withPrincipal } from '../../../broker/gateway.ts';
import { servedBy } from '../../../broker/handlers/index.ts';
import { saltText } from '../../../broker/scram-keys.ts';
import { DecodeError, type Reader } from '../../../bytes/reader.ts';
import { ScramMechanism } from '../../../core/cluster/scram-credentials.ts';
import { apiVersions } from '../../../protocol/apis/api-versions.ts';
import { saslAuthenticate } from '../../../protocol/apis/sasl-authenticate.ts';
import { saslHandshake } from '../../../protocol/apis/sasl-handshake.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { encodeResponseFrame, openRequest, type RequestHeader } from '../../../protocol/header.ts';
import { decodeRequest } from '../../../protocol/schema.ts';
import type { SaslMechanism } from '../../../runtime/access-config.ts';
import { answerRequest } from '../requests.ts';
import { bytesOf, type Exchange, SaslRefusal, type Step } from './exchange.ts';
import { oauthBearerExchange } from './oauthbearer.ts';
import { plainExchange } from './plain.ts';
import { scramExchange } from './scram.ts';

type Chunks = readonly Uint8Array[] | undefined;

/** What may come next: of authentication, or (`requests`) anything. */
type State = 'start' | 'handshake' | 'tokens' | 'requests' | 'closing';

/** Nobody needs to look into these. */
const usual = [DecodeError, TooManyFailures, TooManyConnections];

/** A client may not begin anew more often. */
const leastBetweenMs = 1_000;

export class SaslSession {
  readonly #who: Authenticator;
  readonly #pause: (ms: number) => Promise<void>;
  #client: ClientContext;
  #state: State = 'start';
  #mechanism: SaslMechanism | undefined;
  #exchange: Exchange | undefined;
  /** Tokens come in SaslAuthenticate; otherwise bare. */
  #isWrapped = false;
  /** The client was told how long its session lasts, and may renew it. */
  #mayRenew = false;
  /** It is known already, and shows again who it is. */
  #isRenewing = false;
  /** It asked for something before it said who it is. */
  #isStranger = false;
  #begunAt = Number.NEGATIVE_INFINITY;
  #expiresAt = Number.POSITIVE_INFINITY;

  constructor(client: ClientContext, who: Authenticator, pause: (ms: number) => Promise<void>) {
    this.#client = client;
    this.#who = who;
    this.#pause = pause;
  }

  /** Whether the client was refused: the connection is to be closed behind what was sent. */
  get isOver(): boolean {
    return this.#state === 'closing';
  }

  /** What to say with the hanging up, where the way there has words for it. */
  get lastWords(): string | undefined {
    return this.#isStranger ? whoIsIt : undefined;
  }

  /** The largest request that is taken now. */
  get maxFrameBytes(): number {
    const isKnown = this.#client.principal !== anonymous;
    return isKnown ? this.#client.config.socketRequestMaxBytes : this.#who.access.maxReceiveBytes;
  }

  /** As `ConnectionPort.answer`. */
  async answer(frame: Uint8Array, nextMayStart: () => void): Promise<Chunks> {
    if (this.#state === 'requests' && !this.#beginsAnew(frame)) {
      const isExpired = this.#client.now() > this.#expiresAt;
      return isExpired ? undefined : answerRequest(frame, this.#client, nextMayStart);
    }
    try {
      if (this.#state === 'start' || this.#state === 'handshake') return await this.#greet(frame);
      if (this.#state === 'tokens') return await this.#take(frame);
    } catch (error) {
      const expected = usual.some((kind) => error instanceof kind);
      if (!expected) console.warn(`Nobody could be authenticated: ${error}`);
    }
    this.#state = 'closing';
    return undefined;
  }

  #beginsAnew(frame: Uint8Array): boolean {
    const isHandshake = frame[0] === 0 && frame[1] === saslHandshake.key;
    const now = this.#client.now();
    if (!isHandshake || !this.#mayRenew || now - this.#begunAt < leastBetweenMs) return false;
    this.#begunAt = now;
    this.#isRenewing = true;
    this.#state = 'start';
    return true;
  }

  async #greet(frame: Uint8Array): Promise<Chunks> {
    const { header, body } = openRequest(frame);
    if (header.apiKey === apiVersions.key && this.#state === 'start') {
      if (header.supported) this.#state = 'handshake';
      return answerRequest(frame, this.#client);
    }
    if (header.apiKey !== saslHandshake.key || !header.supported) {
      this.#isStranger = true;
      return this.#hangUp();
    }
    const { mechanism } = decodeRequest(saslHandshake, header.apiVersion, body);
    const mechanisms = [...this.#who.access.mechanisms];
    this.#isWrapped = header.apiVersion > 0;
    const known = mechanisms.find((one) => one === mechanism);
    const errorCode = known ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_SASL_MECHANISM;
    const { apiVersion, correlationId } = header;
    const response = { errorCode, mechanisms };
    const chunks = encodeResponseFrame(saslHandshake, apiVersion, correlationId, response);
    if (known === undefined) return this.#refuse(chunks);
    // In the place of the mechanism that the client is known by no other is taken.
    this.#exchange = this.#isRenewing && known !== this.#mechanism ? undefined : this.#begin(known);
    if (!this.#isRenewing) this.#mechanism = known;
    this.#state = 'tokens';
    return chunks;
  }

  #begin(mechanism: SaslMechanism): Exchange {
    switch (mechanism) {
      case 'PLAIN':
        return plainExchange(this.#who);
      case 'SCRAM-SHA-256':
        return scramExchange(ScramMechanism.SCRAM_SHA_256, this.#who, newNonce());
      case 'SCRAM-SHA-512':
        return scramExchange(ScramMechanism.SCRAM_SHA_512, this.#who, newNonce());
      case 'OAUTHBEARER':
        return oauthBearerExchange(this.#who);
    }
  }

  async #take(frame: Uint8Array): Promise<Chunks> {
    if (this.#exchange === undefined) return this.#refuse(undefined);
    return this.#isWrapped ? this.#takeWrapped(frame) : this.#takeBare(frame);
  }

  async #takeBare(token: Uint8Array): Promise<Chunks> {
    try {
      const step = await this.#exchange!.next(token);
      this.#advance(step);
      return [lengthOf(step.token), step.token];
    } catch (error) {
      if (error instanceof SaslRefusal) return this.#refuse(undefined);
      throw error;
    }
  }

  async #takeWrapped(frame: Uint8Array): Promise<Chunks> {
    const { header, body } = openRequest(frame);
    if (header.apiKey !== saslAuthenticate.key) return this.#refuse(this.#illegal(header, body));
    if (!header.supported) return this.#hangUp();
    const { authBytes } = decodeRequest(saslAuthenticate, header.apiVersion, body);
    try {
      this.#mayRenew ||= header.apiVersion > 0;
      const step = await this.#exchange!.next(authBytes);
      const sessionLifetimeMs = this.#advance(step);
      return answered(header, { authBytes: step.token, sessionLifetimeMs });
    } catch (error) {
      if (!(error instanceof SaslRefusal)) throw error;
      const errorMessage = this.#messageOf(error);
      const errorCode = ErrorCode.SASL_AUTHENTICATION_FAILED;
      return this.#refuse(answered(header, { errorCode, errorMessage }));
    }
  }

  /** What a client is told that asks something in the middle of it; undefined: nothing. */
  #illegal(header: RequestHeader, body: Reader): Chunks {
    const { api, apiVersion, correlationId } = header;
    if (api === undefined || !header.supported) return undefined;
    const errorCode = ErrorCode.ILLEGAL_SASL_STATE;
    const errorMessage = `Unexpected Kafka request of type ${api.name} during SASL authentication.`;
    const context = { ...this.#client, apiVersion, clientId: header.clientId };
    const refusal = { errorCode, errorMessage };
    const response = servedBy(api)?.refuse(decodeRequest(api, apiVersion, body), refusal, context);
    return response && encodeResponseFrame(api, apiVersion, correlationId, response);
  }

  #messageOf({ told }: SaslRefusal): string {
    const when = this.#isRenewing ? 're-authentication' : 'authentication';
    const wrong = `due to invalid credentials with SASL mechanism ${this.#mechanism}`;
    return hintFor(this.#who.access) ?? told ?? `Authentication failed during ${when} ${wrong}`;
  }

  /** Throws SaslRefusal. Returns how long the session lasts; 0: no end is known. */
  #advance({ identity }: Step): number {
    if (identity === undefined) return 0;
    this.#become(identity);
    this.#state = 'requests';
    const now = this.#client.now();
    const { maxReauthMs } = this.#who.access;
    const lasts = Math.min(
      identity.expiresAt === undefined ? Number.POSITIVE_INFINITY : identity.expiresAt - now,
      maxReauthMs > 0 ? maxReauthMs : Number.POSITIVE_INFINITY,
    );
    this.#expiresAt = now + Math.max(lasts, 0);
    return Number.isFinite(lasts) ? Math.max(lasts, 0) : 0;
  }

  #become({ principal }: Identity): void {
    if (!this.#isRenewing) {
      if (this.#client.place?.belongsTo(principal) === false) throw new TooManyConnections();
      this.#client = withPrincipal(this.#client, principal);
      return;
    }
    const [before, after] = [this.#client.principal, principal].map(principalText);
    if (before === after) return;
    const from = before.replace(':', '.');
    const why = `Cannot change principals during re-authentication from ${from}: `;
    throw new SaslRefusal(why + after.replace(':', '.'));
  }

  #hangUp(): undefined {
    this.#state = 'closing';
  }

  async #refuse(chunks: Chunks): Promise<Chunks> {
    this.#state = 'closing';
    await this.#pause(this.#who.access.failedDelayMs);
    return chunks;
  }
}

function answered(
  { apiVersion, correlationId }: RequestHeader,
  more: Partial<Parameters<typeof saslAuthenticate.response.encode>[1]>,
): Uint8Array[] {
  const response = {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    authBytes: bytesOf(''),
    sessionLifetimeMs: 0,
    ...more,
  };
  return encodeResponseFrame(saslAuthenticate, apiVersion, correlationId, response);
}

/** At most 123 bytes, which is what fits into the end of a WebSocket. */
const whoIsIt = 'This Kedge wants to know who asks: show a token, or a user and a password.';

function newNonce(): string {
  return saltText(crypto.getRandomValues(new Uint8Array(20)));
}

function lengthOf(token: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setInt32(0, token.byteLength);
  return prefix;
}
