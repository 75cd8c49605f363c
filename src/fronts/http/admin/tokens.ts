/**
 * Tokens over HTTP: made, listed and deleted, for oneself or (by who may alter the cluster) for
 * others. The surprise: a token that was made is shown once and never again, since only its hash is
 * kept; and what one makes for oneself lasts no longer than what one showed.
 */
import { principalText } from '../../../broker/authorizer.ts';
import { mostStreamMs, newToken, streamToken } from '../../../broker/token-text.ts';
import type { AccessToken } from '../../../core/cluster/access-tokens.ts';
import { AclOperation, AclResourceType } from '../../../protocol/acl.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { parsePrincipal } from '../../../runtime/access-config.ts';
import { readJsonObject } from '../body.ts';
import { checkFields, checkInteger, checkList, checkString, optional } from '../check.ts';
import type { Doc } from '../doc.ts';
import { fromKafka, HttpError, invalid } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type HttpContext, jsonResponse, type Route } from '../routes.ts';
import { list, object, orNull, text, whole } from '../schemas.ts';
import { forbidden, isSelf, mayAlter, mayDescribe } from './rights.ts';
import { json } from './users.ts';

/** So long a description may be. */
const mostDescribed = 1_000;
const yearMs = 366 * 86_400_000;

async function listTokens(c: HttpContext): Promise<Response> {
  const seesAll = await mayDescribe(c);
  const tokens = (await allTokens(c)).filter((token) => seesAll || isOwn(c, token));
  return jsonResponse({ tokens: tokens.map(tokenToJson) }, 200, json);
}

async function createToken(c: HttpContext): Promise<Response> {
  const kafka = c.get('kafka');
  const { now, objects, principal: self } = kafka.context;
  const asked = parseNewToken((await readJsonObject(c.req.raw)) ?? {});
  const principal = asked.principal ?? principalText(self);
  const mayForAll = await mayAlter(c);
  const isOwnToken = isSelf(c, parsePrincipal(principal)!);
  if (!mayForAll && !isOwnToken) throw forbidden();
  if (!asked.principal && !isOwnToken) throw invalid('principal may not be null');
  const createdAt = now();
  const wanted = asked.expiresInMs === undefined ? null : createdAt + asked.expiresInMs;
  const expiresAt = mayForAll ? wanted : earlier(wanted, kafka.identity.expiresAt);
  const { id, hash, text: secret } = await newToken();
  const token = { id, principal, description: asked.description, createdAt, expiresAt };
  checkResult(await objects.controller().call('createToken', { ...token, hash }));
  return jsonResponse({ ...tokenToJson(token), token: secret }, 201, json);
}

async function deleteToken(c: HttpContext): Promise<Response> {
  const id = c.req.param('token')!;
  const { objects, credentials } = c.get('kafka').context;
  const token = (await allTokens(c)).find((one) => one.id === id);
  const mayForAll = await mayAlter(c);
  // Whose it is, only those may know who may list it.
  if (!mayForAll && !(token && isOwn(c, token))) throw forbidden();
  if (token === undefined) throw new HttpError(404, 40404, 'There is no such token.');
  checkResult(await objects.controller().call('deleteToken', { id }));
  credentials.changed();
  return new Response(null, { status: 204 });
}

async function createStreamToken(c: HttpContext): Promise<Response> {
  const kafka = c.get('kafka');
  const { authorizer, credentials, now, principal } = kafka.context;
  const { topics, expiresInMs } = parseStream((await readJsonObject(c.req.raw)) ?? {});
  for (const topic of topics) {
    if (await authorizer.may(AclOperation.READ, AclResourceType.TOPIC, topic)) continue;
    throw fromKafka(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  }
  const expiresAt = earlier(now() + expiresInMs, kafka.identity.expiresAt)!;
  const grant = { principal: principalText(principal), topics, expiresAt };
  const token = await streamToken(grant, await credentials.secret());
  return jsonResponse({ token, topics, expires_at: expiresAt }, 201, json);
}

async function allTokens(c: HttpContext): Promise<readonly AccessToken[]> {
  return (await c.get('kafka').context.objects.controller().call('listTokens', {})).tokens;
}

function isOwn(c: HttpContext, { principal }: AccessToken): boolean {
  return isSelf(c, parsePrincipal(principal)!);
}

function checkResult({
  errorCode,
  errorMessage,
}: {
  errorCode: number;
  errorMessage: string | null;
}) {
  if (errorCode !== ErrorCode.NONE) throw fromKafka(errorCode, errorMessage);
}

function earlier(wanted: number | null, atMost: number | undefined): number | null {
  if (atMost === undefined) return wanted;
  return wanted === null ? atMost : Math.min(wanted, atMost);
}

function parseNewToken(body: JsonObject) {
  checkFields(body, ['principal', 'description', 'expires_in_ms']);
  const principal = optional(body.principal, (value) => checkString(value, 'principal'));
  if (principal !== undefined && parsePrincipal(principal) === undefined) {
    throw invalid('principal must be like User:alice');
  }
  const described = (value: unknown) => checkString(value, 'description');
  const description = optional(body.description, described) ?? '';
  if (description.length > mostDescribed) {
    throw invalid(`description may have at most ${mostDescribed} characters`);
  }
  const lasting = (value: unknown) => checkDuration(value, 100 * yearMs);
  return { principal, description, expiresInMs: optional(body.expires_in_ms, lasting) };
}

function parseStream(body: JsonObject) {
  checkFields(body, ['topics', 'expires_in_ms']);
  const topics = checkList(body.topics, 'topics').map((topic) => checkString(topic, 'topics'));
  if (topics.length === 0) throw invalid('topics may not be empty');
  if (topics.length > 100) throw invalid('topics may be at most 100');
  const lasting = (value: unknown) => checkDuration(value, mostStreamMs);
  return { topics, expiresInMs: optional(body.expires_in_ms, lasting) ?? mostStreamMs };
}

function checkDuration(value: unknown, most: number): number {
  const ms = checkInteger(value, 'expires_in_ms', 1);
  if (ms > most) throw invalid(`expires_in_ms must be less than or equal to ${most}`);
  return ms;
}

function tokenToJson({ id, principal, description, createdAt, expiresAt }: AccessToken) {
  return { id, principal, description, created_at: createdAt, expires_at: expiresAt };
}

const fields = {
  id: text,
  principal: text,
  description: text,
  created_at: whole,
  expires_at: orNull(whole),
};

const docs = {
  list: {
    summary: 'List the tokens',
    description: 'One’s own, or all for who may describe the cluster. Times are in milliseconds.',
    answers: {
      200: { description: 'They.', type: json, schema: object({ tokens: list(object(fields)) }) },
    },
  },
  create: {
    summary: 'Create a token',
    description: 'For oneself, or for any principal by who may alter the cluster.',
    body: {
      types: [json],
      schema: object({}, { principal: text, description: text, expires_in_ms: whole }),
      example: { principal: 'User:alice', description: 'ships orders' },
    },
    answers: {
      201: {
        description: 'The token, which is not shown again.',
        type: json,
        schema: object({ ...fields, token: text }),
      },
    },
  },
  delete: {
    summary: 'Delete a token',
    path: { token: 'The id of the token.' },
    answers: {
      204: { description: 'It is worth nothing any more.' },
      404: { description: 'There is no such token.', type: json },
    },
  },
  stream: {
    summary: 'Create a token for a stream',
    description:
      'It may read these topics, for an hour at most, and may come in the URL of a stream (as ' +
      '`?token=`) where KEDGE_URL_TOKENS is true: pages can send no headers there.',
    body: {
      types: [json],
      schema: object({ topics: list(text) }, { expires_in_ms: whole }),
      required: true,
      example: { topics: ['orders'], expires_in_ms: 60_000 },
    },
    answers: {
      201: {
        description: 'The token.',
        type: json,
        schema: object({ token: text, topics: list(text), expires_at: whole }),
      },
    },
  },
} as const satisfies Record<string, Doc>;

export const tokenRoutes: readonly Route[] = [
  { method: 'GET', path: '/tokens', handle: listTokens, doc: docs.list },
  { method: 'POST', path: '/tokens', handle: createToken, doc: docs.create },
  { method: 'DELETE', path: '/tokens/:token', handle: deleteToken, doc: docs.delete },
  { method: 'POST', path: '/stream-tokens', handle: createStreamToken, doc: docs.stream },
];
