/**
 * What REST v3 answers are made of: every resource says what kind it is, where it lives and where
 * its relatives live. The surprise: links name every relative the dialect has, also those not
 * served yet.
 */
import { ErrorCode, errorInfo, KafkaError } from '../../../protocol/errors.ts';
import { fromKafka, HttpError, httpErrorOf } from '../errors.ts';
import { type HttpContext, jsonResponse } from '../routes.ts';

/** `https://host/v3/clusters/<id>`, in the way this request has come. */
export async function clusterUrl(c: HttpContext): Promise<string> {
  const id = await requireCluster(c);
  return `${baseUrl(c)}/clusters/${id}`;
}

export function baseUrl(c: HttpContext): string {
  const { origin, pathname } = new URL(c.req.url);
  return origin + pathname.slice(0, pathname.indexOf('/v3') + '/v3'.length);
}

/** The id of the cluster the path names. Throws 404 when it is not ours. */
export async function requireCluster(c: HttpContext): Promise<string> {
  const asked = c.req.param('cluster')!;
  const id = await c.get('kafka').clusterId();
  if (asked !== id) throw new HttpError(404, 404, `Cluster ${asked} cannot be found.`);
  return id;
}

export function resource(kind: string, self: string, crn: string) {
  return { kind, metadata: { self, resource_name: `crn:///${crn}` } };
}

export function listOf(kind: string, self: string, data: readonly unknown[]): Response {
  return json({ kind, metadata: { self, next: null }, data });
}

export function json(body: unknown, status = 200): Response {
  return jsonResponse(body, status, 'application/json');
}

export const related = (url: string) => ({ related: url });

/** What a v3 route threw, in the codes of v3. */
export function v3ErrorOf(error: unknown, topic?: string): HttpError {
  if (!(error instanceof KafkaError)) return httpErrorOf(error);
  return fromKafkaV3(error.code, error.message, topic);
}

export function fromKafkaV3(code: number, message: string | null, topic?: string): HttpError {
  if (code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
    return new HttpError(404, 40403, 'This server does not host this topic-partition.');
  }
  if (code === ErrorCode.TOPIC_ALREADY_EXISTS) {
    return new HttpError(400, 40002, message || `Topic '${topic}' already exists.`);
  }
  return fromKafka(code, message || errorInfo(code).message);
}
