/**
 * Who sends an HTTP request, by its headers. The surprise: what is in a URL, where logs and the
 * history of browsers keep it, is refused even when it is right, unless the route and the owner
 * both say that it may come there: a stream's token, which is worth little and not for long.
 *
 * Behaviour
 * - `Authorization: Bearer`: the owner's token, one of Kedge's, or one signed for OAuth.
 * - `Authorization: Basic`: a user and a password; `token` and a token; `admin` and the owner's.
 * - `Sec-WebSocket-Protocol: …, bearer.<token>`: for browsers, whose WebSockets have no other way.
 * - `Cf-Access-Jwt-Assertion`: who Cloudflare Access let through.
 * - A stream's token, in a header too, is taken by the routes of streams alone.
 * - Where everybody may come in nobody has to show anything; who does is known by it.
 */
import { type Access, hintFor } from '../../broker/access.ts';
import { Authenticator, type Identity } from '../../broker/authenticator.ts';
import { anonymous } from '../../broker/authorizer.ts';
import { Credentials } from '../../broker/credentials.ts';
import { TooManyFailures } from '../../broker/failed-attempts.ts';
import { KeysUnavailable } from '../../broker/key-sets.ts';
import { isStreamToken } from '../../broker/token-text.ts';
import { fromBase64 } from '../../bytes/base64.ts';
import { timeNow } from '../../runtime/clock.ts';
import { HttpError, secondsOf, Throttled } from './errors.ts';
import type { HttpContext, Route } from './routes.ts';

const nobody: Identity = { principal: anonymous };

/** Who asks. Throws HttpError where that is nobody who may come in. */
export async function identify(c: HttpContext, route: Route | undefined): Promise<Identity> {
  const { access } = c.env;
  if (route?.open) return nobody;
  try {
    const identity = await shown(c, route);
    const isTaken = identity?.onlyReads === undefined || route?.urlToken;
    if (identity !== undefined && isTaken) return identity;
  } catch (error) {
    if (!access.open) throw httpErrorFor(error);
  }
  if (access.open || mayTellLater(c, route)) return nobody;
  throw unauthorized(hintFor(access) ?? 'Unauthorized');
}

/** A Kafka client that comes by a WebSocket and says nothing is asked by SASL, if it may answer. */
function mayTellLater({ env, req }: HttpContext, route: Route | undefined): boolean {
  if (hintFor(env.access) !== undefined) return false;
  const { headers } = req.raw;
  const isUpgrade = headers.get('upgrade')?.toLowerCase() === 'websocket';
  const says = headers.has('authorization') || assertionIn(headers, env.access) !== null;
  return isUpgrade && !says && route?.asksLater === true;
}

function assertionIn(headers: Headers, { cloudflareAccess }: Access): string | null {
  return cloudflareAccess ? headers.get('cf-access-jwt-assertion') : null;
}

/** Where a client is, for whoever counts what it does: Cloudflare says it, elsewhere workerd. */
export function clientAddress(request: Request): string {
  const { clientIp } = (request.cf ?? {}) as { readonly clientIp?: string };
  const host = clientIp?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return request.headers.get('cf-connecting-ip') ?? host ?? new URL(request.url).hostname;
}

/** What tells a client that it may try again: with which credentials, or when. */
export function challenge(response: Response, error: HttpError, owedMs: number): Response {
  if (error.status === 401) {
    response.headers.set('www-authenticate', 'Bearer, Basic realm="Kedge", charset="UTF-8"');
  }
  if (error instanceof Throttled) response.headers.set('retry-after', error.afterSeconds);
  else if (error.status === 429) response.headers.set('retry-after', secondsOf(owedMs));
  return response;
}

function unauthorized(message: string): HttpError {
  return new HttpError(401, 40101, message);
}

function httpErrorFor(error: unknown): unknown {
  if (error instanceof TooManyFailures) return new Throttled(error.message, error.afterMs);
  if (error instanceof KeysUnavailable) {
    return new HttpError(503, 50302, 'Whoever signs these tokens cannot be asked for its keys.');
  }
  return error;
}

async function shown(c: HttpContext, route: Route | undefined): Promise<Identity | undefined> {
  const { access, gateway } = c.env;
  const { headers } = c.req.raw;
  const authorization = headers.get('authorization');
  const assertion = assertionIn(headers, access);
  const { token, user, pass } = c.req.query();
  const credentials = new Credentials(gateway.memory.credentials, gateway.objects, timeNow);
  const who = new Authenticator(access, credentials, clientAddress(c.req.raw));
  if (authorization === null && token !== undefined) return byUrl(token, who, route);
  if (authorization === null && route?.urlPassword && user !== undefined && pass !== undefined) {
    if (access.takesUrlTokens) return who.byPassword(user, pass);
    throw unauthorized('A password may come in a URL only where KEDGE_URL_TOKENS is true.');
  }
  if (authorization !== null) return byAuthorization(authorization.trim(), who);
  const offered = route?.urlToken ? tokenAmong(headers.get('sec-websocket-protocol')) : undefined;
  if (offered !== undefined) return who.byToken(offered);
  return assertion === null ? undefined : who.byAccess(assertion);
}

/** Among the subprotocols a WebSocket offers: `kafka.json.v1, bearer.<token>`. */
function tokenAmong(protocols: string | null): string | undefined {
  return /(?:^|,)\s*bearer\.([^\s,]+)/.exec(protocols ?? '')?.[1];
}

async function byUrl(
  token: string,
  who: Authenticator,
  route: Route | undefined,
): Promise<Identity | undefined> {
  if (route?.urlToken && who.access.takesUrlTokens && isStreamToken(token)) {
    return who.byStreamToken(token);
  }
  const why = route?.urlToken
    ? 'Only a short-lived token of a stream may come in a URL, and where KEDGE_URL_TOKENS is true.'
    : 'A token in a URL is not taken here: send it in the Authorization header.';
  throw unauthorized(why);
}

function byAuthorization(header: string, who: Authenticator): Promise<Identity | undefined> {
  const [, scheme, value] = /^(\S+)\s+(.*)$/s.exec(header) ?? ['', header, ''];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return who.byToken(value);
    case 'basic': {
      const pair = textOf(value);
      const colon = pair.indexOf(':');
      return who.byPassword(pair.slice(0, Math.max(colon, 0)), pair.slice(colon + 1));
    }
    default:
      return Promise.resolve(undefined);
  }
}

function textOf(base64: string): string {
  return new TextDecoder().decode(fromBase64(base64) ?? new Uint8Array(0));
}
