/**
 * One request in, one response out, for every door: Kafka's wire and HTTP ask here with the same
 * typed requests. The surprise: this is the only place where what a handler throws becomes a code.
 */
import { errorInfo, KafkaError } from '../protocol/errors.ts';
import type { Api, Fields, Infer } from '../protocol/schema.ts';
import type { RequestContext } from './context.ts';
import { failureCode } from './failures.ts';
import { servedBy } from './handlers/index.ts';
import { throttle } from './throttling.ts';

/** The answer has no place for an error: the door can only hang up. */
export class Unanswerable extends Error {
  override readonly name = 'Unanswerable';
}

/**
 * Answers one request, and says in the answer for how long the client is to wait before the next.
 * Throws nothing but `Unanswerable`.
 */
export function dispatch<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  request: Infer<Q>,
  context: RequestContext,
): Promise<Infer<R>> {
  const { between } = context;
  if (between === undefined) return respond(api, request, context);
  return between(api, request, context, (...changed) => respond(api, ...changed));
}

async function respond<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  request: Infer<Q>,
  context: RequestContext,
): Promise<Infer<R>> {
  const response = await answered(api, request, context);
  if (context.quotas.areNone) return response;
  const waitMs = await throttle(api, request, response, context);
  if (waitMs === 0 || !('throttleTimeMs' in response)) return response;
  const throttleTimeMs = Math.min(Math.max(waitMs, response.throttleTimeMs as number), largestInt);
  return { ...response, throttleTimeMs };
}

const largestInt = 0x7fff_ffff;

async function answered<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  request: Infer<Q>,
  context: RequestContext,
): Promise<Infer<R>> {
  const served = servedBy(api);
  if (served === undefined) throw new Unanswerable(`nobody serves ${api.name}`);
  try {
    return await served.handle(request, context);
  } catch (error) {
    const errorCode = failureCode(error, served.weather);
    const errorMessage = (error instanceof KafkaError ? error : errorInfo(errorCode)).message;
    const response = served.refuse(request, { errorCode, errorMessage }, context);
    if (response === undefined) throw new Unanswerable(`${api.name}: ${errorInfo(errorCode).name}`);
    return response;
  }
}
