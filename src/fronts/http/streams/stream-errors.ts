/**
 * What goes wrong with a stream, as the dialect says it: a status, a line of plain text, and
 * sometimes headers that tell the client what it has to know to go on.
 */
import { ErrorCode, errorInfo } from '../../../protocol/errors.ts';
import { HttpError } from '../errors.ts';
import type { Family } from '../routes.ts';

export class StreamError extends HttpError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(status, status, message);
    this.headers = headers;
  }
}

export const errorResponse: Family['errorResponse'] = (error) => {
  const headers = error instanceof StreamError ? error.headers : {};
  return new Response(error.message, {
    status: error.status,
    headers: { ...commonHeaders, 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
};

/** What every answer says: nothing of it is for other pages to embed. */
export const commonHeaders = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const;

export const invalid = (message: string): StreamError => new StreamError(400, message);
export const forbidden = (): StreamError => new StreamError(403, 'Not authorized.');
export const notFound = (): StreamError => new StreamError(404, 'Stream not found.');
export const conflict = (message: string): StreamError => new StreamError(409, message);
export const gone = (): StreamError =>
  new StreamError(410, 'The stream was deleted; forks of it live on.');

/** What the log refused, or Kafka in its place. */
export function refused(code: number, message?: string | null): StreamError {
  const text = message || errorInfo(code).message;
  switch (code) {
    case ErrorCode.MESSAGE_TOO_LARGE:
      return new StreamError(413, text);
    case ErrorCode.TOPIC_AUTHORIZATION_FAILED:
    case ErrorCode.CLUSTER_AUTHORIZATION_FAILED:
      return forbidden();
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      return notFound();
    case ErrorCode.OFFSET_OUT_OF_RANGE:
      return new StreamError(410, 'There is nothing any more, or not yet, at this offset.');
  }
  const { httpStatus, retriable } = errorInfo(code);
  return new StreamError(retriable ? 503 : httpStatus, text);
}
