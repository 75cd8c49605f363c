/**
 * Everything Kedge says over HTTP, as one Hono app. The surprise: no validator or parser of the
 * framework is used on these routes, since the dialects have their own content types, their own
 * error bodies, GETs with a body, and bodies that may be empty.
 */
import { Hono } from 'hono';
import { adminFamily } from './admin/index.ts';
import { challenge, identify } from './authenticate.ts';
import { cloudEventsFamily } from './cloudevents/index.ts';
import { admitPage, isPreflight, preflightAnswer, shareWith } from './cors.ts';
import { HttpError, httpErrorOf } from './errors.ts';
import { Kafka } from './kafka.ts';
import { withDocument } from './openapi.ts';
import { ownFamily } from './own.ts';
import { pushFamily } from './push/index.ts';
import { restFamily } from './rest/index.ts';
import { type Family, type HttpContext, type HttpEnv, type Route, routesAt } from './routes.ts';
import { sseFamily } from './sse/index.ts';
import { streamsFamily } from './streams/index.ts';
import { upstashFamily } from './upstash/index.ts';
import { cloudV3Family, v3Family } from './v3/index.ts';
import { wsFamily } from './ws/index.ts';

type Families = readonly [Family, ...Family[]];

/** Each dialect; the first is what belongs to none. */
const dialects: Families = [
  ownFamily,
  restFamily,
  v3Family,
  cloudV3Family,
  upstashFamily,
  cloudEventsFamily,
  sseFamily,
  streamsFamily,
  pushFamily,
  wsFamily,
  adminFamily,
];
export const families = withDocument(dialects);

/** The app with all that is deployed. Its `fetch` takes the door in the place of an environment. */
export function httpApp(): Hono<HttpEnv> {
  return appOf(families);
}

/** The app with one family more. */
export function httpAppWith(family: Family): Hono<HttpEnv> {
  return appOf(withDocument([...dialects, family]));
}

function appOf(families: Families): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>({ strict: false });
  app.use((c, next) => mindPages(c, next, families));
  app.use(async (c, next) => {
    const unfinished: Promise<unknown>[] = [];
    c.set('unfinished', unfinished);
    await next();
    const kafka: Kafka | undefined = c.get('kafka');
    void Promise.all(unfinished).then(() => kafka?.close());
  });
  for (const { prefix, routes } of families) {
    for (const route of routes) {
      const { method, path, deep, handle } = route;
      const rest = deep ? '{.+}' : '';
      app.on(method, path === '/' ? prefix || '/' : `${prefix}${path}${rest}`, async (c) => {
        await letIn(c, route);
        return handle(c);
      });
    }
  }
  app.notFound(async (c) => {
    await letIn(c, undefined);
    return nowhere(c, families);
  });
  app.onError((thrown, c) => {
    const error = httpErrorOf(thrown);
    return challenge(familyOf(c.req.path, families).errorResponse(error, c), error, owedBy(c));
  });
  return app;
}

/** By the rule of the very route that answers, whatever other routes the path looks like. */
async function letIn(c: HttpContext, route: Route | undefined): Promise<void> {
  if (c.get('kafka') !== undefined) return;
  c.set('kafka', new Kafka(c.env.gateway, c.req.raw, await identify(c, route)));
}

/** For how long the client is to wait; who could not say who it is owes nothing. */
function owedBy(c: HttpContext): number {
  const kafka: Kafka | undefined = c.get('kafka');
  return kafka?.context.quotas.quietMs ?? 0;
}

/** Who asks for a page of another origin gets an answer that the page may read, or none. */
async function mindPages(
  c: HttpContext,
  next: () => Promise<void>,
  families: Families,
): Promise<void> {
  const { origins } = c.env;
  const { path } = c.req;
  const routes = routesAt(familyOf(path, families), path);
  const isOpen = routes.some((route) => route.open);
  const stranger = admitPage(origins, c.req.raw, isOpen);
  if (stranger !== undefined && isPreflight(c.req.raw)) {
    const methods = routes.map(({ method }) => method);
    c.res = preflightAnswer(c.req.raw, methods);
  } else {
    await next();
  }
  if (c.res.status === 101) return;
  const { headers } = c.res;
  headers.set('x-content-type-options', 'nosniff');
  if (origins.origins !== '*' && origins.origins.size > 0) headers.append('vary', 'Origin');
  if (stranger !== undefined) shareWith(stranger, origins, headers);
}

/** No route: a wrong method, or a path that does not exist, with those that do. */
function nowhere(c: HttpContext, families: Families): Response {
  const { path, method } = c.req;
  const family = familyOf(path, families);
  const { errorResponse } = family;
  const allowed = routesAt(family, path);
  if (allowed.length > 0 && allowed.every((route) => route.method !== method)) {
    const error = new HttpError(405, 405, 'HTTP 405 Method Not Allowed');
    const response = errorResponse(error, c);
    response.headers.set('allow', allowed.map((route) => route.method).join(', '));
    return response;
  }
  const near = endpointsNear(path, families);
  return errorResponse(
    new HttpError(404, 404, `HTTP 404 Not Found: ${method} ${path}`, { endpoints: near }),
    c,
  );
}

/** What exists: all of the family the path is in, or the families there are. */
function endpointsNear(path: string, families: Families): string[] {
  const near = familyOf(path, families);
  const list = ({ prefix, routes }: Family) =>
    routes.map((route) => `${route.method} ${prefix}${route.path}`);
  if (near.prefix !== '') return list(near);
  return families.flatMap((family) =>
    family.prefix === '' ? list(family) : [`${family.prefix}/…`],
  );
}

function familyOf(path: string, families: Families): Family {
  const isIn = ({ prefix }: Family) =>
    prefix !== '' && (path === prefix || path.startsWith(`${prefix}/`));
  return families.find(isIn) ?? families[0];
}
