/**
 * What a route is: one line of a table that registers it, lists it for whoever asks for a path
 * that does not exist, and tells a wrong method from a wrong path.
 */
import type { Context } from 'hono';
import type { Access } from '../../broker/access.ts';
import type { Gateway } from '../../broker/gateway.ts';
import type { RestConsumerCalls } from '../../core/rest-consumer/calls.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Kafka } from './kafka.ts';

/** What the HTTP front needs of the Worker that runs it: given with every request. */
export interface HttpDoor {
  readonly gateway: Gateway;
  readonly access: Access;
  /** The object that keeps one consumer instance. */
  restConsumer(group: string, instance: string): Stub<RestConsumerCalls>;
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
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the family's prefix; `:name` is a parameter. */
  readonly path: string;
  readonly handle: (c: HttpContext) => Promise<Response> | Response;
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

/** Whether this is the path of the route, whatever the method. */
export function isPathOf(route: Route, prefix: string, path: string): boolean {
  const pattern = `${prefix}${route.path}`.split('/').filter((part) => part !== '');
  const parts = path.split('/').filter((part) => part !== '');
  return (
    pattern.length === parts.length &&
    pattern.every((part, index) => part.startsWith(':') || part === parts[index])
  );
}

export function jsonResponse(body: unknown, status: number, type: string): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
}
