/**
 * What can go wrong over HTTP, as every dialect of Kafka's REST proxies says it: a status and a
 * body `{ error_code, message }`. The surprise: the code is not always the status with two more
 * digits; 40001 is a 422, and a topic that exists is a 400.
 */
import { Unanswerable } from '../../broker/broker.ts';
import { IllegalStateError } from '../../core/rest-consumer/state.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { Weather } from '../../runtime/weather.ts';

export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly errorCode: number;
  /** What the answer says beside the message. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    errorCode: number,
    message: string,
    more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
    this.more = more;
  }

  get body(): { error_code: number; message: string } {
    return { error_code: this.errorCode, message: this.message, ...this.more };
  }
}

/** Too much was asked; it may be asked again later. */
export class Throttled extends HttpError {
  readonly afterSeconds: string;

  constructor(message: string, afterMs: number) {
    super(429, 42901, message);
    this.afterSeconds = secondsOf(afterMs);
  }
}

/** Some of them may be gone in a moment. */
export const tooManyConnections = (): HttpError =>
  new Throttled('There are as many connections as there may be.', 1_000);

/** As Retry-After says it. */
export function secondsOf(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)));
}

/** An error the HTTP layer itself makes, in the words of the JVM server behind the dialect. */
export function plainHttpError(status: keyof typeof reasons, detail?: string): HttpError {
  const reason = `HTTP ${status} ${reasons[status]}`;
  return new HttpError(status, status, detail ? `${reason}: ${detail}` : reason);
}

const reasons = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
} as const;

/** A request that is well-formed JSON and still not what it must be. */
export function invalid(message: string): HttpError {
  return new HttpError(422, 422, message);
}

export const topicNotFound = (): HttpError => new HttpError(404, 40401, 'Topic not found.');

export const partitionNotFound = (): HttpError => new HttpError(404, 40402, 'Partition not found.');

export const instanceNotFound = (): HttpError =>
  new HttpError(404, 40403, 'Consumer instance not found.');

export const instanceExists = (): HttpError =>
  new HttpError(
    409,
    40902,
    'Consumer with specified consumer ID already exists in the specified consumer group.',
  );

export const illegalState = (why: string): HttpError =>
  new HttpError(409, 40903, `Illegal state: ${why}`);

export const formatMismatch = (): HttpError =>
  new HttpError(
    406,
    40601,
    'The requested embedded data format does not match the deserializer for this consumer instance',
  );

export const invalidConsumerConfig = (why: string): HttpError =>
  new HttpError(422, 42204, `Invalid consumer configuration: ${why}`);

export const consumerConfigConstraint = (why: string): HttpError =>
  new HttpError(
    422,
    40001,
    `Invalid consumer configuration. It does not abide by the constraints: ${why}`,
  );

export const conversionFailed = (why: string): HttpError =>
  new HttpError(422, 42203, `Conversion to JSON failed: ${why}`);

export const payloadError = (why: string): HttpError =>
  new HttpError(422, 42206, `Payload error. ${why}`);

/** A refusal of the broker, by the table of Kafka's errors. */
export function fromKafka(code: number, message?: string | null): HttpError {
  const { restCode, message: standard } = errorInfo(code);
  if (code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return topicNotFound();
  const text = message || standard;
  if (restCode === 50002) return new HttpError(500, restCode, `Kafka error: ${text}`);
  if (restCode === 50003) return new HttpError(500, restCode, `Retriable Kafka error: ${text}`);
  return new HttpError(restCode < 1_000 ? restCode : Math.floor(restCode / 100), restCode, text);
}

/** What a route threw, as an answer. Anything unexpected is a bug and leaves a line in the log. */
export function httpErrorOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof KafkaError) return fromKafka(error.code, error.message);
  if (error instanceof IllegalStateError) return illegalState(error.message);
  if (error instanceof Weather || error instanceof Unanswerable) {
    return fromKafka(ErrorCode.COORDINATOR_NOT_AVAILABLE, 'The cluster could not be reached.');
  }
  console.error('Kedge met a bug:', error);
  return new HttpError(500, 500, 'Internal Server Error');
}
