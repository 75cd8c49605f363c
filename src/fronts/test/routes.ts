/**
 * The controls of a test over HTTP, for every language: the routes under `/test`. The surprise:
 * they ask for no user's rights, since who may use them may do anything; so whoever guards the way
 * here (`testing-worker.ts`) lets nobody else come so far, and no page of another site either.
 */
import { admitPage } from '../http/cors.ts';
import type { Doc } from '../http/doc.ts';
import { HttpError, plainHttpError } from '../http/errors.ts';
import {
  type Family,
  finishLater,
  type HttpContext,
  jsonResponse,
  type Route,
  restErrorDoc,
  restErrors,
} from '../http/routes.ts';
import type { TestControls } from './controls.ts';
import * as docs from './docs.ts';
import type { Generation } from './generation.ts';
import { rebalance } from './rebalance.ts';
import { bad, readFault, readFields, text, whole } from './requests.ts';
import { readSeed, sow } from './seed.ts';

const json = 'application/json';

/** Where the controls are. */
const prefix = '/test';

type Handle = (c: HttpContext, controls: TestControls) => Promise<Response> | Response;

/** Below the prefix of the family. */
type Row = readonly [method: Route['method'], path: string, handle: Handle, doc: Doc];

const rows: readonly Row[] = [
  ['GET', '/', (_c, controls) => answer(controls.state), docs.state],
  ['POST', '/reset', reset, docs.reset],
  ['GET', '/faults', (_c, { faults }) => answer({ faults: faults.all }), docs.listFaults],
  ['POST', '/faults', addFault, docs.addFault],
  ['DELETE', '/faults', clearFaults, docs.clearFaults],
  ['DELETE', '/faults/:fault', removeFault, docs.removeFault],
  ['POST', '/clock', advance, docs.advance],
  ['POST', '/rebalance', rebalanceNow, docs.rebalance],
  ['POST', '/seed', seed, docs.seed],
  ['POST', '/crash', byHost('POST', '/crash'), docs.crash],
  ['POST', '/restart', byHost('POST', '/restart'), docs.restart],
  ['GET', '/snapshot', byHost('GET', '/snapshot'), docs.snapshot],
  ['POST', '/restore', byHost('POST', '/restore'), docs.restore],
];

export function testFamily(controls: TestControls): Family {
  return {
    prefix,
    name: 'Tests',
    doc: { description: docs.description, error: restErrorDoc(json) },
    routes: rows.map(([method, path, handle, doc]) => ({
      method,
      path,
      doc,
      // Nobody is asked as a user of Kafka.
      open: true,
      handle: (c) => {
        checkPage(c);
        return handle(c, controls);
      },
    })),
    errorResponse: restErrors(json),
  };
}

/** What a form may send, which browsers let any page send anywhere. */
const formTypes = /^\s*(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i;

function checkPage(c: HttpContext): void {
  admitPage(c.env.origins, c.req.raw, false);
  const type = c.req.header('content-type') ?? '';
  if (formTypes.test(type)) throw plainHttpError(415, `a body comes as ${json}`);
}

function answer(body: object, status = 200): Response {
  return jsonResponse(body, status, json);
}

function nothing(): Response {
  return new Response(null, { status: 204 });
}

async function reset(c: HttpContext, controls: TestControls): Promise<Response> {
  const seed = await readSeed(c.req.raw);
  const begin = (next: Generation) => sow(seed, controls.insider(c.req.raw, next));
  await controls.reset(begin, (work) => finishLater(c, work));
  return nothing();
}

async function addFault(c: HttpContext, { faults }: TestControls): Promise<Response> {
  return answer(faults.add(await readFault(c.req.raw)), 201);
}

function clearFaults(_c: HttpContext, { faults }: TestControls): Response {
  faults.clear();
  return nothing();
}

function removeFault(c: HttpContext, { faults }: TestControls): Response {
  const id = c.req.param('fault')!;
  if (!faults.remove(id)) throw new HttpError(404, 404, `There is no fault ${id}.`);
  return nothing();
}

/** There is no date after it, in the year 275760. */
const lastMoment = 8.64e15;

async function advance(c: HttpContext, controls: TestControls): Promise<Response> {
  const { advanceMs } = await readFields(c.req.raw, ['advanceMs']);
  const byMs = whole(0)(advanceMs, 'advanceMs');
  if (byMs > lastMoment - controls.state.now) throw bad('advanceMs leads beyond the last date.');
  await controls.advance(byMs);
  const { now, clockOffsetMs } = controls.state;
  return answer({ now, clockOffsetMs });
}

async function rebalanceNow(c: HttpContext, controls: TestControls): Promise<Response> {
  const { group } = await readFields(c.req.raw, ['group']);
  const groupId = text(group, 'group');
  if (!(await rebalance(groupId, controls.objectsNow))) {
    throw new HttpError(404, 404, `There is no group ${groupId} with members.`);
  }
  return nothing();
}

async function seed(c: HttpContext, controls: TestControls): Promise<Response> {
  await sow(await readSeed(c.req.raw), controls.insider(c.req.raw));
  return nothing();
}

/** What the program around this Kedge does, and answers. */
function byHost(method: string, path: string): Handle {
  return async (c, { host }) => {
    if (!host.isThere) {
      throw new HttpError(501, 501, 'Nothing around this Kedge can end or start it.');
    }
    const response = await host.ask(method, path, c.req.raw.body);
    return new Response(response.body, response);
  };
}
