/**
 * What pages of the web may do here: the rules of `runtime/origin-rules.ts`, applied before
 * anything else. The surprise: a page that may not read an answer could still send the request, a
 * form or a WebSocket even with a password that its browser knows; so what comes from a page of
 * another origin is refused, not only kept unreadable.
 *
 * Behaviour
 * - `Origin` names the page. One of Kedge's own host is no stranger; others must be listed.
 * - Where a browser sends no `Origin` (a link, an image), `Sec-Fetch-Site` says that it came from
 *   elsewhere; that may be for what is open to anybody, and nothing else.
 * - Credentials that a browser adds by itself (Basic, cookies) count only on Kedge's own pages and,
 *   where KEDGE_CORS_CREDENTIALS says so, on listed ones. A bearer token is never added by itself.
 * - Where KEDGE_HOSTS lists names, no others are answered to (addresses always are): a name of a
 *   stranger that leads here makes his page one of Kedge's own in the eyes of a browser.
 */
import type { OriginRules } from '../../runtime/origin-rules.ts';
import { HttpError } from './errors.ts';

/** How long a browser may remember what it was told about a path. */
const maxAgeSeconds = 600;
/** What every page may read of an answer anyway. */
const alwaysReadable = /^(cache-control|content-language|content-length|content-type|expires)$/;
const neverReadable = /^(set-cookie|vary|access-control-.*)$/;

/** A page of another origin that may ask; undefined where no such page is involved. */
export type Stranger = string | undefined;

/** Who asks: a page of another origin, or nobody of the kind. Throws 403 where it may not. */
export function admitPage(rules: OriginRules, request: Request, openToAnybody: boolean): Stranger {
  const url = new URL(request.url);
  checkHost(rules, url.hostname);
  // What stands before a Worker on one's own machine takes the URL from a header of its own.
  const host = request.headers.get('host') ?? url.host;
  checkHost(rules, URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host);
  const origin = request.headers.get('origin');
  if (origin === null) {
    const site = request.headers.get('sec-fetch-site');
    const isOwn = site === null || site === 'same-origin' || site === 'none';
    if (isOwn || openToAnybody) return undefined;
    throw new HttpError(403, 40301, `This request comes from a page of another site. ${howTo}`);
  }
  if (URL.canParse(origin) && new URL(origin).host === url.host) return undefined;
  const isListed = rules.origins === '*' || rules.origins.has(origin);
  if (!isListed) {
    throw new HttpError(403, 40301, `Pages of the origin ${origin} may not ask. ${howTo}`);
  }
  if (!rules.credentials && hasAmbientCredentials(request.headers)) {
    throw new HttpError(403, 40301, noAmbientCredentials);
  }
  return origin;
}

const howTo = 'The variable KEDGE_CORS_ORIGINS lists the origins whose pages may.';
const noAmbientCredentials =
  'A page of another origin is believed no password or cookie, which its browser may have added by ' +
  'itself. Send a bearer token, or set KEDGE_CORS_CREDENTIALS to true for the origins you list.';

/** An IP address cannot be made to lead elsewhere, nor can `localhost`, as other names can. */
function checkHost({ hosts }: OriginRules, hostname: string): void {
  if (hosts === undefined || hosts.has(hostname.toLowerCase())) return;
  if (/^\[|^\d+(\.\d+){3}$|(^|\.)localhost$/i.test(hostname)) return;
  const why = `This Kedge is not called ${hostname}. The variable KEDGE_HOSTS lists its names.`;
  throw new HttpError(403, 40301, why);
}

function hasAmbientCredentials(headers: Headers): boolean {
  const isBasic = /^\s*basic\b/i.test(headers.get('authorization') ?? '');
  return isBasic || headers.has('cookie') || headers.has('cf-access-jwt-assertion');
}

/** Whether a browser asks what a page may ask. */
export function isPreflight({ method, headers }: Request): boolean {
  return (
    method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
  );
}

/** Tells a browser that the page may use these methods, and the headers that it wants to send. */
export function preflightAnswer(request: Request, methods: readonly string[]): Response {
  const headers = new Headers({
    'access-control-allow-methods': [...new Set(methods)].join(', '),
    'access-control-max-age': String(maxAgeSeconds),
  });
  const wanted = request.headers.get('access-control-request-headers');
  if (wanted !== null) headers.set('access-control-allow-headers', wanted);
  return new Response(null, { status: 204, headers });
}

/** Lets a page of another origin read an answer, all its headers included. */
export function shareWith(origin: string, rules: OriginRules, headers: Headers): void {
  const names = [...headers.keys()].filter(
    (name) => !alwaysReadable.test(name) && !neverReadable.test(name),
  );
  if (names.length > 0) headers.set('access-control-expose-headers', names.join(', '));
  headers.set('access-control-allow-origin', rules.origins === '*' ? '*' : origin);
  if (rules.credentials) headers.set('access-control-allow-credentials', 'true');
}
