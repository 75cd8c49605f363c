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
  /** The API of the key, in whatever version; undefined when Kedge does not speak it. */
  readonly api: Api | undefined;
  /** Whether the API has this version, so that the body can be read. */
  readonly supported: boolean;
}

/** Reads a request header and leaves the reader at the body. Throws DecodeError. */
export function decodeRequestHeader(reader: Reader): RequestHeader {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const api = apiByKey(apiKey);
  const supported = api?.request.has(apiVersion) ?? false;
  // A version nobody here knows may have any header: its client id is read in good will.
  const clientId = supported ? nullableText(reader) : textIfAny(reader);
  if (supported && apiVersion >= api!.flexible) skipTagged(reader);
  return { apiKey, apiVersion, correlationId, clientId, api, supported };
}

function nullableText(reader: Reader): string | null {
  const length = reader.int16();
  return length < 0 ? null : reader.text(length);
}

function textIfAny(reader: Reader): string | null {
  try {
    return nullableText(reader);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

function skipTagged(reader: Reader): void {
  const count = reader.unsignedVarint();
  for (let i = 0; i < count; i++) {
    reader.unsignedVarint();
    reader.take(reader.unsignedVarint());
  }
}

/** Whether the response header of this API and version ends with tagged fields. */
function hasFlexibleResponseHeader(api: Pick<Api, 'key' | 'flexible'>, version: number): boolean {
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
    if (hasFlexibleResponseHeader(api, version)) writer.unsignedVarint(0);
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
export function decodeResponseHeader(
  api: Pick<Api, 'key' | 'flexible'>,
  version: number,
  reader: Reader,
): number {
  const correlationId = reader.int32();
  if (hasFlexibleResponseHeader(api, version)) skipTagged(reader);
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

/** Begins a request frame (without its length prefix): its header, and a reader at its body. */
export function openRequest(bytes: Uint8Array): { header: RequestHeader; body: Reader } {
  const body = new Reader(bytes);
  return { header: decodeRequestHeader(body), body };
}
