/**
 * The language in which Kafka's APIs are described, and its four uses: requests and responses, read
 * and written. A description is compiled into closures once per (message, version), when that
 * version is first met; nothing is generated ahead of time, so a Worker starts without paying for
 * versions no client speaks.
 */
import { DecodeError, Reader } from '../bytes/reader.ts';
import { EncodeError, Writer } from '../bytes/writer.ts';
import { compileDecode, compileEncode, type Decode, type Encode } from './codec.ts';
import type { Fields, Infer } from './fields.ts';

export * from './fields.ts';

export type VersionRange = readonly [min: number, max: number];

/** A description of a message and what it was compiled to so far. */
export class Message<F extends Fields = Fields> {
  readonly name: string;
  readonly fields: F;
  readonly versions: VersionRange;
  /** The first flexible version; Infinity when there is none. */
  readonly flexible: number;
  readonly #decodes: Decode[] = [];
  readonly #encodes: Encode[] = [];

  constructor(name: string, fields: F, versions: VersionRange, flexible: number | 'none') {
    this.name = name;
    this.fields = fields;
    this.versions = versions;
    this.flexible = flexible === 'none' ? Number.POSITIVE_INFINITY : flexible;
  }

  has(version: number): boolean {
    return version >= this.versions[0] && version <= this.versions[1];
  }

  /** Reads one message. Throws DecodeError; bytes after the message are left to the caller. */
  decode(version: number, reader: Reader): Infer<F> {
    this.#decodes[version] ??= compileDecode(this.fields, this.#checked(version), this.flexible);
    try {
      return this.#decodes[version](reader) as Infer<F>;
    } catch (error) {
      throw this.#named(error, version);
    }
  }

  /** Writes one message. Throws EncodeError for a value the version cannot carry. */
  encode(version: number, value: Infer<F>, writer: Writer): void {
    this.#encodes[version] ??= compileEncode(this.fields, this.#checked(version), this.flexible);
    try {
      this.#encodes[version](value, writer);
    } catch (error) {
      throw this.#named(error, version);
    }
  }

  #named(error: unknown, version: number): unknown {
    if (error instanceof DecodeError || error instanceof EncodeError) {
      error.message = `${this.name} v${version}${error.path}: ${error.message}`;
    }
    return error;
  }

  #checked(version: number): number {
    if (this.has(version) && Number.isInteger(version)) return version;
    throw new RangeError(`${this.name} has no version ${version}`);
  }
}

/** One Kafka API: a request and its response in all their versions. */
export interface Api<Q extends Fields = Fields, R extends Fields = Fields> {
  readonly key: number;
  readonly name: string;
  /** The versions that are decoded. */
  readonly versions: VersionRange;
  /** The versions ApiVersions lists. */
  readonly listed: VersionRange;
  /** The first flexible version; Infinity when there is none. */
  readonly flexible: number;
  readonly request: Message<Q>;
  readonly response: Message<R>;
}

export interface ApiDescription<Q extends Fields, R extends Fields> {
  readonly versions: VersionRange;
  readonly listed?: VersionRange;
  readonly flexible: number | 'none';
  readonly request: Q;
  readonly response: R;
}

export function api<const Q extends Fields, const R extends Fields>(
  key: number,
  name: string,
  { versions, listed = versions, flexible, request, response }: ApiDescription<Q, R>,
): Api<Q, R> {
  const requestMessage = new Message(`${name}Request`, request, versions, flexible);
  return {
    key,
    name,
    versions,
    listed,
    flexible: requestMessage.flexible,
    request: requestMessage,
    response: new Message(`${name}Response`, response, versions, flexible),
  };
}

/**
 * How many array elements one request may hold, all arrays together. Kafka has no such limit, but
 * two bytes on the wire can become an object of a hundred in memory, and an isolate has little of
 * that.
 */
const MAX_REQUEST_ELEMENTS = 500_000;

/**
 * Reads a request body, in one pass. Throws DecodeError; bytes after the request are ignored, as in
 * Kafka.
 */
export function decodeRequest<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  body: Uint8Array | Reader,
): Infer<Q> {
  const reader = body instanceof Reader ? body : new Reader(body);
  reader.elementsLeft = MAX_REQUEST_ELEMENTS;
  return api.request.decode(version, reader);
}

/**
 * Writes a response body as chunks to be sent in order; large byte ranges in it are views, not
 * copies.
 */
export function encodeResponse<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  value: Infer<R>,
): Uint8Array[] {
  const writer = new Writer();
  api.response.encode(version, value, writer);
  return writer.chunks();
}

/** The client's side of `decodeRequest`. */
export function encodeRequest<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  value: Infer<Q>,
): Uint8Array[] {
  const writer = new Writer();
  api.request.encode(version, value, writer);
  return writer.chunks();
}

/** The client's side of `encodeResponse`. Throws DecodeError. */
export function decodeResponse<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  version: number,
  body: Uint8Array | Reader,
): Infer<R> {
  return api.response.decode(version, body instanceof Reader ? body : new Reader(body));
}
