/**
 * What tokens look like. A token that is kept is `kedge_<id>_<secret>`, a stream's is
 * `kedge_stream_<what it allows>.<signature>`. The surprise: the second kind is kept nowhere; the
 * signature is made with the cluster's own secret, and an hour is the longest it is worth anything.
 */
import { fromBase64, toBase64, toBase64Url } from '../bytes/base64.ts';
import { sameBytes, sameText } from '../bytes/same-bytes.ts';
import type { KeptToken } from '../core/cluster/access-tokens.ts';
import { signer } from './scram-keys.ts';

const encoder = new TextEncoder();

const keptForm = /^kedge_([0-9a-z]{12})_([A-Za-z0-9_-]{43})$/;
const streamForm = /^kedge_stream_([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

export const mostStreamMs = 3_600_000;

export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

/** Undefined for what is no token of ours. */
export function parseToken(text: string): TokenParts | undefined {
  const match = keptForm.exec(text);
  return match ? { id: match[1], secret: match[2] } : undefined;
}

/** A token nobody has yet; it is to be shown once, and its hash kept. */
export async function newToken(): Promise<{ id: string; text: string; hash: string }> {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    (byte % 36).toString(36),
  ).join('');
  const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  return { id, text: `kedge_${id}_${secret}`, hash: await hashOf({ id, secret }) };
}

export async function isToken(parts: TokenParts, { hash }: KeptToken): Promise<boolean> {
  return sameText(await hashOf(parts), hash);
}

/** One round is enough for a secret that nobody can guess; by the id each hash is its own. */
async function hashOf({ id, secret }: TokenParts): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(`${id}:${secret}`));
  return toBase64(new Uint8Array(digest));
}

/** What a stream's token allows: to read these topics, as this principal may. */
export interface StreamGrant {
  /** `User:alice` */
  readonly principal: string;
  readonly topics: readonly string[];
  readonly expiresAt: number;
}

export async function streamToken(grant: StreamGrant, secret: Uint8Array): Promise<string> {
  const { principal, topics, expiresAt } = grant;
  const body = toBase64Url(encoder.encode(JSON.stringify([principal, topics, expiresAt])));
  return `kedge_stream_${body}.${toBase64Url(await signatureOf(body, secret))}`;
}

export function isStreamToken(text: string): boolean {
  return streamForm.test(text);
}

/** Undefined for one that this cluster has not given, or that has expired. */
export async function grantOf(
  text: string,
  secret: Uint8Array,
  now: number,
): Promise<StreamGrant | undefined> {
  const match = streamForm.exec(text);
  if (!match) return undefined;
  const [, body, signature] = match;
  const right = await signatureOf(body, secret);
  if (!sameBytes(encoder.encode(signature), encoder.encode(toBase64Url(right)))) return undefined;
  const bytes = fromBase64(body.replaceAll('-', '+').replaceAll('_', '/'));
  const [principal, topics, expiresAt] = JSON.parse(new TextDecoder().decode(bytes));
  return now < expiresAt ? { principal, topics, expiresAt } : undefined;
}

async function signatureOf(body: string, secret: Uint8Array): Promise<Uint8Array> {
  const sign = await signer('SHA-256', secret);
  return sign(encoder.encode(`stream token\n${body}`));
}
