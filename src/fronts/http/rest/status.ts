/**
 * REST Proxy v2: whether it is there, as its relatives ask for it. The surprise: nobody has to say
 * who they are for that, and it asks nobody itself; only `ready` wants to know of a cluster.
 */
import type { HttpContext } from '../routes.ts';

/** Kedge's own, as in package.json. */
export const version = '0.1.0';

export async function info(): Promise<unknown> {
  return { bridge_version: version };
}

export async function healthy(): Promise<undefined> {}

/** Throws when the cluster cannot be reached. */
export async function ready(c: HttpContext): Promise<undefined> {
  await c.get('kafka').clusterId();
}

/** The same, for who looks at more than the status. */
export async function status(c: HttpContext): Promise<unknown> {
  await ready(c);
  return { status: 'ready' };
}

/** One document describes every dialect. */
export function openApi(): Response {
  return new Response(null, { status: 302, headers: { location: '/openapi.json' } });
}
