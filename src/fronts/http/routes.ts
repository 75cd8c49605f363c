/**
 * What a route is: one line of a table that registers it, describes it in the API's document,
 * lists it for whoever asks for a path that does not exist, and tells a wrong method from a wrong
 * path. Each dialect is a family of routes with its own way to say what went wrong.
 */
import type { Context } from 'hono';
import type { Access } from '../../broker/access.ts';
import type { ClientOrigin, Gateway } from '../../broker/gateway.ts';
import type { RestConsumerCalls } from '../../core/rest-consumer/calls.ts';
import type { OriginRules } from '../../runtime/origin-rules.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Doc, FamilyDoc } from './doc.ts';
import type { HttpError } from './errors.ts';
import type { Kafka } from './kafka.ts';

/** What the HTTP front needs of the Worker that runs it: given with every request. */
export interface HttpDoor {
  readonly gateway: Gateway;
  readonly access: Access;
  readonly origins: OriginRules;
  /** How many calls to objects what lasts may make before its client has to come again. */
  readonly maxCalls: number;
  /** How many pieces of work it may do, each 256 KiB moved being one more. */
  readonly maxRequests: number;
  /** How long a live stream lasts. */
  readonly streamMaxAgeMs: number;
  /** The object that keeps one consumer instance. */
  restConsumer(group: string, instance: string): Stub<RestConsumerCalls>;
  /**
   * Accepts a WebSocket that carries Kafka's bytes. `counted`: it named our subprotocol. Undefined:
   * there are as many connections as there may be.
   */
  kafkaStream(
    origin: Omit<ClientOrigin, 'signal'>,
    counted: boolean,
  ): { readonly response: Response; readonly served: Promise<void> } | undefined;
}

export interface HttpEnv {
  Bindings: HttpDoor;
  Variables: {
    kafka: Kafka;
    /** What goes on after the answer has begun; the request's Kafka stays open for it. */
    unfinished: Promise<unknown>[];
  };
}

export type HttpContext = Context<HttpEnv>;

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Below the family's prefix; `:name` is a parameter. */
  readonly path: string;
  /** Whether the last parameter takes the rest of the path, slashes and all. */
  readonly deep?: boolean;
  readonly handle: (c: HttpContext) => Promise<Response> | Response;
  /** Whether anybody may ask, without saying who they are. */
  readonly open?: boolean;
  /** Whether who says nothing may come in all the same: it is asked behind the route, by SASL. */
  readonly asksLater?: boolean;
  /** Whether a short-lived token may come in the URL (`?token=`), where the owner allows that. */
  readonly urlToken?: boolean;
  /** Whether the URL may say who asks, as `user` and `pass`, where the owner allows that. */
  readonly urlPassword?: boolean;
  /** What it is for, in the API's document. */
  readonly doc: Doc;
}

/** One dialect: its routes below one prefix. */
export interface Family {
  /** `/rest`; empty for what belongs to no dialect. */
  readonly prefix: string;
  /** What the API's document calls it. */
  readonly name: string;
  readonly doc: FamilyDoc;
  readonly routes: readonly Route[];
  /** An error in the dialect's own words, also those that no route had a hand in (401, 404). */
  readonly errorResponse: (error: HttpError, c: HttpContext) => Response;
}

/** Errors as the REST Proxy has them, with this content type. */
export function restErrors(type: string): Family['errorResponse'] {
  return ({ body, status }) => jsonResponse(body, status, type);
}

/** The same for the API's document. */
export function restErrorDoc(type: string): FamilyDoc['error'] {
  const properties = { error_code: { type: 'integer' }, message: { type: 'string' } };
  return { type, schema: { type: 'object', properties, required: ['error_code', 'message'] } };
}

/** Lets work go on behind the answer, even when the client hangs up. */
export function finishLater(c: HttpContext, work: Promise<unknown>): void {
  const quiet = work.catch(() => {});
  c.get('unfinished').push(quiet);
  try {
    c.executionCtx.waitUntil(quiet);
  } catch {
    // Outside of a Worker nobody ends us early.
  }
}

/** The routes of a path, whatever the method. */
export function routesAt(family: Family, path: string): Route[] {
  const patterns = patternsOf(family);
  const parts = partsOf(path);
  return family.routes.filter((route, index) => fits(patterns[index], parts, route.deep));
}

/** Cut up once: every request asks. */
const known = new WeakMap<Family, readonly string[][]>();

function patternsOf(family: Family): readonly string[][] {
  const before = known.get(family);
  if (before !== undefined) return before;
  const patterns = family.routes.map(({ path }) => partsOf(`${family.prefix}${path}`));
  known.set(family, patterns);
  return patterns;
}

function fits(pattern: readonly string[], parts: readonly string[], deep = false): boolean {
  const isLong = deep ? pattern.length <= parts.length : pattern.length === parts.length;
  return (
    isLong && pattern.every((part, i) => (part.startsWith(':') && parts[i]) || part === parts[i])
  );
}

/** Whether a slash ends it makes no difference; one more in its middle does. */
function partsOf(path: string): string[] {
  return path.replace(/\/$/, '').split('/');
}

export function jsonResponse(body: unknown, status: number, type: string): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
}
