/**
 * What REST v3 answers are made of: every resource says what kind it is, where it lives and where
 * its relatives live. The surprise: links lead the way the request has come, `/v3` or `/kafka/v3`.
 */
import { ErrorCode, errorInfo, KafkaError } from '../../../protocol/errors.ts';
import { readJsonObject } from '../body.ts';
import { checkBoolean, checkFields, optional } from '../check.ts';
import { fromKafka, HttpError, httpErrorOf, plainHttpError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type HttpContext, jsonResponse } from '../routes.ts';

/** The cluster as this request knows it. */
export interface Cluster {
  readonly id: string;
  /** `https://host/v3/clusters/<id>` */
  readonly url: string;
}

/** The cluster the path names. Throws 404 when it is not ours. */
export async function clusterAt(c: HttpContext): Promise<Cluster> {
  const asked = c.req.param('cluster')!;
  const id = await c.get('kafka').clusterId();
  if (asked !== id) throw new HttpError(404, 404, `Cluster ${asked} cannot be found.`);
  return { id, url: `${baseUrl(c)}/clusters/${id}` };
}

export function baseUrl(c: HttpContext): string {
  const { origin, pathname } = new URL(c.req.url);
  return origin + pathname.slice(0, pathname.indexOf('/v3') + '/v3'.length);
}

export function topicUrl({ url }: Cluster, topic: string): string {
  return `${url}/topics/${encodeURIComponent(topic)}`;
}

export function brokerUrl({ url }: Cluster, broker: number): string {
  return `${url}/brokers/${broker}`;
}

/** `crn`: what comes behind the cluster, `topic=t/partition=0`. */
export function resource(kind: string, self: string, { id }: Cluster, crn = '') {
  const name = crn === '' ? `crn:///kafka=${id}` : `crn:///kafka=${id}/${crn}`;
  return { kind, metadata: { self, resource_name: name }, cluster_id: id };
}

export function listOf(kind: string, self: string, data: readonly unknown[]): Response {
  return json({ kind, metadata: { self, next: null }, data });
}

export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const response = jsonResponse(body, status, 'application/json');
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

export const nothing = (): Response => new Response(null, { status: 204 });

export const related = (url: string) => ({ related: url });

/** Refuses a body that says it is anything but JSON; one that says nothing may be. */
export function checkContentType(c: HttpContext): void {
  const type = c.req.header('content-type')?.split(';')[0].trim().toLowerCase();
  if (type !== undefined && type !== '' && type !== 'application/json') throw plainHttpError(415);
}

/** The body, which has to be there, with these fields and no others. */
export async function requireBody(c: HttpContext, fields: readonly string[]): Promise<JsonObject> {
  checkContentType(c);
  const body = await readJsonObject(c.req.raw);
  if (body === undefined) {
    throw new HttpError(422, 422, 'Payload error. Null input provided. Data is required.');
  }
  checkFields(body, fields);
  return body;
}

export function validateOnly(body: JsonObject): boolean {
  return optional(body.validate_only, (value) => checkBoolean(value, 'validate_only')) ?? false;
}

/** A number in the path, below what there can be. */
export function pathNumber(c: HttpContext, name: string): number {
  const text = c.req.param(name)!;
  if (!/^\d{1,10}$/.test(text)) throw plainHttpError(404);
  return Number(text);
}

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

/** Throws what Kafka refused with. */
export function checkCode(code: number, message: string | null = null): void {
  if (code !== ErrorCode.NONE) throw new KafkaError(code, message ?? undefined);
}

/** The order of texts, as Kafka has it. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
