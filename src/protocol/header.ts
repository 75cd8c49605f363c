/**
 * The headers in front of every request and response, and whole frames made of them. Three
 * surprises: the client id is an old-style string even in flexible headers; ApiVersions' response
 * header is never flexible; and the header of an ApiVersions request is read in any version, since
 * it must be answered.
 */
import { DecodeError, Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { apiByKey } from './apis/index.ts';
import type { Api, Fields, Infer } from './schema.ts';

/** ApiVersions: the one API with rules of its own. */
const API_VERSIONS = 18;

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Echoed in the response: how a client matches the two. */
  readonly correlationId: number;
  readonly clientId: string | null;
  /**
   * The API, when this key and version are served; undefined otherwise. Of ApiVersions it is there
   * in every version: the ones not served are answered with UNSUPPORTED_VERSION in version 0,
   * without reading the body.
   */
  readonly api: Api | undefined;
  /** Whether the body can be decoded: the API has this version. */
  readonly supported: boolean;
}

/** Reads a request header and leaves the reader at the body. Throws DecodeError. */
export function decodeRequestHeader(reader: Reader): RequestHeader {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const known = apiByKey(apiKey);
  const supported = known !== undefined && known.request.has(apiVersion);
  if (!supported) {
    // What follows has a shape nobody here knows: the client id is read when it is there, in good will.
    const api = apiKey === API_VERSIONS ? known : undefined;
    return { apiKey, apiVersion, correlationId, clientId: clientIdOf(reader), api, supported };
  }
  const clientId = nullableText(reader);
  if (apiVersion >= known.flexible) skipTags(reader);
  return { apiKey, apiVersion, correlationId, clientId, api: known, supported };
}

function nullableText(reader: Reader): string | null {
  const length = reader.int16();
  return length < 0 ? null : reader.text(length);
}

function clientIdOf(reader: Reader): string | null {
  try {
    return nullableText(reader);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

function skipTags(reader: Reader): void {
  const count = reader.unsignedVarint();
  for (let i = 0; i < count; i++) {
    reader.unsignedVarint();
    reader.take(reader.unsignedVarint());
  }
}

/** Whether the response header of this API and version ends with tagged fields. */
export function hasFlexibleResponseHeader(api: Api, version: number): boolean {
  return version >= api.flexible && api.key !== API_VERSIONS;
}

/** A whole response, length prefix and header included, as chunks to be sent in order. */
export function encodeResponseFrame<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  correlationId: number,
  value: Infer<R>,
): Uint8Array[] {
  return frame((writer) => {
    writer.int32(correlationId);
    if (hasFlexibleResponseHeader(api as unknown as Api, version)) writer.unsignedVarint(0);
    api.response.encode(version, value, writer);
  });
}

/** The client's side: a whole request. */
export function encodeRequestFrame<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  value: Infer<Q>,
): Uint8Array[] {
  return frame((writer) => {
    writer.int16(api.key);
    writer.int16(version);
    writer.int32(header.correlationId);
    if (header.clientId === null) writer.int16(-1);
    else writer.text(header.clientId);
    if (version >= api.flexible) writer.unsignedVarint(0);
    api.request.encode(version, value, writer);
  });
}

/**
 * The client's side: the correlation id of a response, leaving the reader at the body. Throws
 * DecodeError.
 */
export function decodeResponseHeader(api: Api, version: number, reader: Reader): number {
  const correlationId = reader.int32();
  if (hasFlexibleResponseHeader(api, version)) skipTags(reader);
  return correlationId;
}

/** Writes a frame: its length is filled in at the end, when it is known. */
function frame(write: (writer: Writer) => void): Uint8Array[] {
  const writer = new Writer();
  writer.int32(0);
  write(writer);
  const length = writer.length - 4;
  const chunks = writer.chunks();
  const prefix = chunks[0];
  prefix[0] = length >> 24;
  prefix[1] = length >> 16;
  prefix[2] = length >> 8;
  prefix[3] = length;
  return chunks;
}

/** Reads a whole request frame without its length prefix: header and a reader at the body. */
export function openRequest(bytes: Uint8Array): { header: RequestHeader; body: Reader } {
  const body = new Reader(bytes);
  return { header: decodeRequestHeader(body), body };
}
