/**
 * Subscriptions to streams: who makes one is told, by a webhook or on a stream that workers follow,
 * that some of its streams have grown. The surprise: errors are JSON here, unlike those of streams;
 * who may not, though, is told so in words.
 *
 * Behaviour
 * - Who may alter the cluster makes subscriptions and takes them away; who may describe it looks
 *   at them. They are told of those streams alone that their maker may read.
 * - A worker that claims what there is needs READ on the group of the subscription's name. From
 *   then on, and for webhooks, the token of the wake is all that counts.
 */
import { Credentials } from '../../../broker/credentials.ts';
import { may, mayWithCluster } from '../../../broker/permissions.ts';
import { parseOffsetToken } from '../../../core/stream/offset-token.ts';
import { topicOf } from '../../../core/stream/stream-name.ts';
import type {
  DefinedSubscription,
  Denied,
  StreamSubscription,
  StreamSubscriptionCalls,
} from '../../../core/stream-subscription/calls.ts';
import { timeNow } from '../../../runtime/clock.ts';
import {
  linkJson,
  streamSubscription,
  subscriptionUrl,
} from '../../../runtime/stream-subscription/host.ts';
import { StreamSignatures } from '../../../runtime/stream-subscription/signatures.ts';
import type { Stub } from '../../../runtime/stubs.ts';
import { readBody } from '../body.ts';
import { type HttpContext, jsonResponse } from '../routes.ts';
import { OpenStream, streamPath } from './open-stream.ts';
import { commonHeaders, forbidden } from './stream-errors.ts';

const json = 'application/json';
const lease = { least: 1_000, most: 600_000, usual: 30_000 } as const;

/** Streams in one request. */
const mostNamed = 1_000;
/** In whatever else is written down. */
const mostLetters = 2_000;

type Json = Record<string, unknown>;

/** What goes wrong here, with the code that the dialect has for it. */
class Problem extends Error {
  readonly status: number;
  readonly body: Json;

  constructor(status: number, code: string, message: string, more: Json = {}) {
    super(message);
    this.status = status;
    this.body = { error: { code, message, ...more } };
  }
}

const badRequest = (message: string) => new Problem(400, 'INVALID_REQUEST', message);
const notFound = () => new Problem(404, 'SUBSCRIPTION_NOT_FOUND', 'There is no such subscription.');

/** A route of these, with its errors in JSON. */
function answering(
  answer: (c: HttpContext, object: Stub<StreamSubscriptionCalls>) => Promise<Response>,
): (c: HttpContext) => Promise<Response> {
  return async (c) => {
    try {
      const { objects } = c.get('kafka').context;
      return await answer(c, streamSubscription(objects, c.req.param('subscription') ?? ''));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return jsonResponse(error.body, error.status, json);
    }
  };
}

async function mustAllow(c: HttpContext, operation: 'ALTER' | 'DESCRIBE'): Promise<void> {
  if (!(await mayWithCluster(c.get('kafka').context, operation))) throw forbidden();
}

const done = () => new Response(null, { status: 204, headers: commonHeaders });

/** Anybody may ask for what is made of it, so the controller is asked for the secret only once. */
async function signatures({ env: { gateway } }: HttpContext): Promise<StreamSignatures> {
  const memory = gateway.memory.credentials;
  const secret = await new Credentials(memory, gateway.objects, timeNow).secret();
  return new StreamSignatures(new TextDecoder().decode(secret));
}

export const readKeys = async (c: HttpContext): Promise<Response> => {
  const keys = [await (await signatures(c)).publicKey()];
  const answer = jsonResponse({ keys }, 200, 'application/jwk-set+json');
  answer.headers.set('cache-control', 'public, max-age=300');
  return answer;
};

export const define = answering(async (c, object) => {
  await mustAllow(c, 'ALTER');
  const asked = subscriptionFrom(c.req.param('subscription') ?? '', await objectOf(c));
  const kafka = c.get('kafka');
  if (asked.wakeStream !== null) {
    await new OpenStream(kafka, topicOf(asked.wakeStream)!).mustAllow('WRITE');
  }
  const { origin } = new URL(c.req.url);
  const subscription: DefinedSubscription = {
    ...asked,
    base: `${origin}/streams${streamPath}`,
    principal: kafka.context.principal,
    createdAt: kafka.context.now(),
  };
  const reply = await object.call('define', { subscription });
  if (reply.outcome === 'refused') throw new Problem(400, 'WEBHOOK_URL_REJECTED', reply.why);
  if (reply.outcome === 'differs') {
    const why = 'The subscription exists and is not what is asked for.';
    throw new Problem(409, 'SUBSCRIPTION_ALREADY_EXISTS', why);
  }
  return jsonResponse(await told(c, object), reply.outcome === 'created' ? 201 : 200, json);
});

export const look = answering(async (c, object) => {
  await mustAllow(c, 'DESCRIBE');
  return jsonResponse(await told(c, object), 200, json);
});

export const remove = answering(async (c, object) => {
  await mustAllow(c, 'ALTER');
  await object.call('remove', {});
  return done();
});

export const addStreams = answering(async (c, object) => {
  await mustAllow(c, 'ALTER');
  const { streams } = await objectOf(c);
  const reply = await object.call('addStreams', { paths: pathsFrom(streams) });
  if (reply.outcome === 'notFound') throw notFound();
  return done();
});

export const removeStream = answering(async (c, object) => {
  await mustAllow(c, 'ALTER');
  const path = trimmed(c.req.param('stream') ?? '');
  const reply = await object.call('removeStream', { path });
  if (reply.outcome === 'notFound') throw notFound();
  return done();
});

export const claim = answering(async (c, object) => {
  const id = c.req.param('subscription') ?? '';
  if (!(await may(c.get('kafka').context, 'READ', 'GROUP', id))) throw forbidden();
  const { worker } = await objectOf(c);
  if (typeof worker !== 'string' || worker === '') throw badRequest('worker is not a name.');
  if (worker.length > mostLetters) throw badRequest('Too long.');
  const reply = await object.call('claim', { worker });
  switch (reply.outcome) {
    case 'claimed': {
      const { wakeId, generation, token, links } = reply.wake;
      const { found } = await object.call('look', {});
      const body = { wake_id: wakeId, generation, token, streams: links.map(linkJson) };
      const leaseTtl = found?.subscription.leaseTtlMs;
      return jsonResponse({ ...body, lease_ttl_ms: leaseTtl }, 200, json);
    }
    case 'held': {
      const { holder: current_holder, generation } = reply;
      const more = { current_holder, generation };
      throw new Problem(409, 'ALREADY_CLAIMED', 'Another worker holds it.', more);
    }
    case 'noWork':
      throw new Problem(409, 'NO_PENDING_WORK', 'There is nothing to do.');
    default:
      throw reply.outcome === 'notFound' ? notFound() : badRequest('It is not pull-wake.');
  }
});

const acknowledging = (by: StreamSubscription['type']) =>
  answering(async (c, object) => {
    const claimed = await claimedBy(c);
    const acks = acksFrom(claimed.acks);
    const { token, wakeId, generation } = claimed;
    const isDone = claimed.done === true;
    const command = { by, token, wakeId, generation, acks, done: isDone };
    const reply = await object.call('acknowledge', command);
    if (reply.outcome === 'done') {
      return jsonResponse({ ok: true, next_wake: reply.nextWake }, 200, json);
    }
    if (reply.outcome !== 'badOffset') throw problemOf(reply.outcome, by);
    const why = 'An offset lies behind what is acknowledged, or beyond the stream.';
    throw new Problem(409, 'INVALID_OFFSET', why);
  });

export const callBack = acknowledging('webhook');
export const acknowledge = acknowledging('pull-wake');

export const release = answering(async (c, object) => {
  const { token, wakeId, generation } = await claimedBy(c);
  const { outcome } = await object.call('release', { token, wakeId, generation });
  if (outcome !== 'done') throw problemOf(outcome, 'pull-wake');
  return done();
});

function problemOf(denied: Denied, type: string): Problem {
  switch (denied) {
    case 'notFound':
      return notFound();
    case 'otherType':
      return badRequest(`It is not ${type}.`);
    case 'badToken':
      return new Problem(401, 'TOKEN_INVALID', 'The token is not of this subscription.');
    case 'fenced':
      return new Problem(409, 'FENCED', 'This wake is over, or another one is under way.');
  }
}

async function claimedBy(c: HttpContext) {
  const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new Problem(401, 'TOKEN_INVALID', 'There is no token.');
  // Before any object is asked: who guesses at names would make one for each.
  const said = await (await signatures(c)).generationOf(c.req.param('subscription') ?? '', token);
  if (said === undefined) throw problemOf('badToken', '');
  const { wake_id: wakeId, generation, acks, done: isDone } = await objectOf(c);
  return { token, wakeId, generation, acks, done: isDone };
}

function acksFrom(acks: unknown): { path: string; offset: number }[] {
  if (acks === undefined) return [];
  if (!Array.isArray(acks)) throw badRequest('acks is not a list.');
  return acks.map((ack: Json | null) => {
    const path = ack?.stream ?? ack?.path;
    const offset = parseOffsetToken(String(ack?.offset));
    if (typeof path !== 'string') throw badRequest('An acknowledgement names no stream.');
    return { path: trimmed(path), offset: offset ?? -1 };
  });
}

async function told(c: HttpContext, object: Stub<StreamSubscriptionCalls>): Promise<Json> {
  const { found } = await object.call('look', {});
  if (found === null) throw notFound();
  const { subscription, links, status } = found;
  const { id, type, pattern, webhookUrl, wakeStream, leaseTtlMs, description } = subscription;
  const { kid } = await (await signatures(c)).publicKey();
  const jwks_url = `${subscription.base}__ds/jwks.json`;
  const signing = { alg: 'ed25519', kid, jwks_url };
  return {
    id,
    subscription_id: id,
    type,
    pattern: pattern ?? undefined,
    streams: links.map(linkJson),
    webhook: webhookUrl === null ? undefined : { url: webhookUrl, signing },
    callback_url: webhookUrl === null ? undefined : `${subscriptionUrl(subscription)}/callback`,
    wake_stream: wakeStream ?? undefined,
    lease_ttl_ms: leaseTtlMs,
    created_at: new Date(subscription.createdAt).toISOString(),
    status,
    description: description ?? undefined,
  };
}

function subscriptionFrom(id: string, asked: Json): StreamSubscription {
  const { type, webhook, wake_stream, lease_ttl_ms = lease.usual, description } = asked;
  if (type !== 'webhook' && type !== 'pull-wake') throw badRequest('type is webhook or pull-wake.');
  const pattern = typeof asked.pattern === 'string' ? trimmed(asked.pattern) || null : null;
  const streams = asked.streams === undefined ? [] : pathsFrom(asked.streams);
  if (pattern === null && streams.length === 0) throw badRequest('There is no pattern or stream.');
  const leaseTtlMs = Number.isInteger(lease_ttl_ms) ? Number(lease_ttl_ms) : 0;
  if (leaseTtlMs < lease.least || leaseTtlMs > lease.most) {
    throw badRequest(`lease_ttl_ms is from ${lease.least} to ${lease.most}.`);
  }
  const url = (webhook as { url?: unknown } | null | undefined)?.url;
  const webhookUrl = type === 'webhook' && typeof url === 'string' ? url : null;
  if (type === 'webhook' && webhookUrl === null) throw badRequest('There is no webhook.url.');
  const isNamed = typeof wake_stream === 'string' && wake_stream !== '';
  const wakeStream = type === 'pull-wake' && isNamed ? trimmed(wake_stream) : null;
  if (type === 'pull-wake' && wakeStream === null) throw badRequest('There is no wake_stream.');
  if (wakeStream !== null) checkNames([wakeStream]);
  const said = typeof description === 'string' ? description : null;
  const longest = Math.max(id.length, pattern?.length ?? 0, webhookUrl?.length ?? 0);
  if (longest > mostLetters || (said?.length ?? 0) > mostLetters) throw badRequest('Too long.');
  return { id, type, pattern, streams, webhookUrl, wakeStream, leaseTtlMs, description: said };
}

function pathsFrom(streams: unknown): string[] {
  const isList = Array.isArray(streams) && streams.length > 0;
  if (!isList || streams.some((path) => typeof path !== 'string' || trimmed(path) === '')) {
    throw badRequest('streams is not a list of names.');
  }
  return checkNames(streams.map(trimmed));
}

function checkNames(paths: string[]): string[] {
  if (paths.length > mostNamed) throw badRequest(`More than ${mostNamed} streams are named.`);
  for (const path of paths) {
    if (topicOf(path) === undefined) throw badRequest(`There can be no stream ${path}.`);
  }
  return paths;
}

function trimmed(path: string): string {
  return path.replace(/^\/+/, '').replace(/\/+$/, '');
}

async function objectOf(c: HttpContext): Promise<Json> {
  const text = new TextDecoder().decode(await readBody(c.req.raw));
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Said below.
  }
  throw badRequest('The body is not a JSON object.');
}
