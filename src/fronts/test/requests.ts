/**
 * What the routes of tests are sent, read and checked: whatever is wrong is answered with 400 and
 * says what may be there instead. The surprise: an error may be named as well as numbered.
 */
import { servedBy } from '../../broker/handlers/index.ts';
import { apis } from '../../protocol/apis/index.ts';
import { ErrorCode, type ErrorName, errorInfo } from '../../protocol/errors.ts';
import { readJsonObject } from '../http/body.ts';
import { HttpError } from '../http/errors.ts';
import type { JsonObject } from '../http/json.ts';
import type { FaultSpec } from './faults.ts';

export function bad(message: string): HttpError {
  return new HttpError(400, 400, message);
}

/** The body, which must be an object with no other fields than these. */
export async function readFields(request: Request, known: readonly string[]): Promise<JsonObject> {
  const body = (await readJsonObject(request)) ?? {};
  checkKnown(body, known, '');
  return body;
}

export function checkKnown(value: JsonObject, known: readonly string[], where: string): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw bad(`${where}${name} is not known; there may be ${known.join(', ')}.`);
    }
  }
}

/** Absent and null are one. */
export function optional<T>(
  value: unknown,
  name: string,
  check: (value: unknown, name: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : check(value, name);
}

export function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw bad(`${name} must be a text that is not empty.`);
}

export function flag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw bad(`${name} must be true or false.`);
}

export function whole(min: number): (value: unknown, name: string) => number {
  return (value, name) => {
    if (Number.isSafeInteger(value) && (value as number) >= min) return value as number;
    throw bad(`${name} must be a whole number from ${min} on.`);
  };
}

/** Timers take no more. */
const longestMs = 0x7fff_ffff;

export function milliseconds(value: unknown, name: string): number {
  const ms = whole(0)(value, name);
  if (ms <= longestMs) return ms;
  throw bad(`${name} may be ${longestMs} at most.`);
}

/** Whoever shows who it is does so before any request is looked at. */
const notStruck: ReadonlySet<string> = new Set(['SaslHandshake', 'SaslAuthenticate']);
const struckApis = apis.filter((api) => servedBy(api) && !notStruck.has(api.name));

const faultFields = [
  'api',
  'topic',
  'group',
  'clientId',
  'errorCode',
  'delayMs',
  'throttleTimeMs',
  'disconnect',
  'after',
  'times',
];

export async function readFault(request: Request): Promise<FaultSpec> {
  const body = await readFields(request, faultFields);
  const spec: FaultSpec = {
    api: apiName(body.api),
    topic: optional(body.topic, 'topic', text),
    group: optional(body.group, 'group', text),
    clientId: optional(body.clientId, 'clientId', text),
    errorCode: optional(body.errorCode, 'errorCode', errorCode),
    delayMs: optional(body.delayMs, 'delayMs', milliseconds),
    throttleTimeMs: optional(body.throttleTimeMs, 'throttleTimeMs', milliseconds),
    disconnect: optional(body.disconnect, 'disconnect', flag) ?? false,
    after: optional(body.after, 'after', flag) ?? false,
    times: optional(body.times, 'times', whole(0)) ?? 1,
  };
  checkSense(spec);
  return spec;
}

function apiName(value: unknown): string {
  const name = text(value, 'api');
  if (struckApis.some((api) => api.name === name)) return name;
  const names = struckApis.map((api) => api.name).sort();
  throw bad(`api must be one of ${names.join(', ')}; it is ${name}.`);
}

function errorCode(value: unknown, name: string): number {
  const code = typeof value === 'string' ? ErrorCode[value as ErrorName] : value;
  const isKnown = Object.values(ErrorCode).some((known) => known === code);
  if (!isKnown || code === ErrorCode.NONE) {
    throw bad(`${name} must be an error of Kafka's, by name or number; it is ${value}.`);
  }
  return code as number;
}

function checkSense(spec: FaultSpec): void {
  const { api, errorCode, delayMs, throttleTimeMs, disconnect } = spec;
  if (disconnect && (errorCode ?? throttleTimeMs) !== undefined) {
    throw bad('Who is disconnected gets no answer: disconnect goes with no errorCode.');
  }
  if (!disconnect && (errorCode ?? delayMs ?? throttleTimeMs) === undefined) {
    throw bad('Say what goes wrong: errorCode, delayMs, throttleTimeMs or disconnect.');
  }
  const fields = struckApis.find(({ name }) => name === api)!.response.fields;
  if (throttleTimeMs !== undefined && !('throttleTimeMs' in fields)) {
    throw bad(`The answer of ${api} has no place for throttleTimeMs.`);
  }
  if (errorCode !== undefined && isOfAnother(api, errorCode)) {
    throw bad(`The answer of ${api} has no place for ${errorInfo(errorCode).name}.`);
  }
}

/** Codes that only one API has. */
const ownCodes: ReadonlyMap<number, string> = new Map<number, string>([
  [ErrorCode.FETCH_SESSION_ID_NOT_FOUND, 'Fetch'],
  [ErrorCode.INVALID_FETCH_SESSION_EPOCH, 'Fetch'],
  [ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR, 'Fetch'],
  [ErrorCode.MEMBER_ID_REQUIRED, 'JoinGroup'],
]);

function isOfAnother(api: string, code: number): boolean {
  return (ownCodes.get(code) ?? api) !== api;
}
