/**
 * Kafka's requests to Kedge, over whatever transport: the versions both sides know, a channel when
 * one is needed, a limit of time for each. The surprise: which versions there are is remembered for
 * all clients of an address, so that a Worker that makes a producer for each of its requests does
 * not ask each time.
 */
import { DecodeError, Reader } from '../bytes/reader.ts';
import { apiVersions } from '../protocol/apis/api-versions.ts';
import { saslAuthenticate } from '../protocol/apis/sasl-authenticate.ts';
import { saslHandshake } from '../protocol/apis/sasl-handshake.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../protocol/header.ts';
import {
  type Api,
  decodeResponse,
  defaultsOf,
  type Fields,
  type Infer,
  type VersionRange,
} from '../protocol/schema.ts';
import { ByAddress } from './by-address.ts';
import { type Channel, type Credentials, disconnected, type Transport } from './channel.ts';
import { type Limits, sleep, within } from './waiting.ts';

/** For how long versions are believed. */
const versionsMaxAgeMs = 600_000;
/** The version in which ApiVersions is asked: any Kedge knows it. */
const askedVersion = 3;
/** In front of a frame, where it is part of a stream. */
const lengthBytes = 4;

type Versions = ReadonlyMap<number, VersionRange>;

/** What is known of the versions of each Kedge: plain data, which may outlive a Worker's event. */
const versions = new ByAddress<{ readonly at: number; readonly ranges: Versions }>();

type Opening = Promise<readonly [Channel, Versions]>;

export interface LinkOptions {
  readonly clientId: string;
  readonly requestTimeoutMs: number;
}

export class Link {
  readonly transport: Transport;
  readonly #options: LinkOptions;
  #opening: Opening | undefined;
  #correlationId = 0;
  #quietUntil = 0;
  #isClosed = false;

  constructor(transport: Transport, options: LinkOptions) {
    this.transport = transport;
    this.#options = options;
  }

  /**
   * Asks one API in the newest version both sides know. What is left out of the request has its
   * default. Rejects with a KafkaError when there is no answer; errors in answers are the caller's.
   */
  async call<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    request: Partial<Infer<Q>>,
    { signal, timeoutMs = this.#options.requestTimeoutMs }: Limits = {},
  ): Promise<Infer<R>> {
    const answer = await this.#exchange(api, request, { signal, timeoutMs }, true);
    return answer!;
  }

  /** Sends a request that gets no answer. */
  async tell<Q extends Fields>(
    api: Api<Q, Fields>,
    request: Partial<Infer<Q>>,
    { signal, timeoutMs = this.#options.requestTimeoutMs }: Limits = {},
  ): Promise<void> {
    await this.#exchange(api, request, { signal, timeoutMs }, false);
  }

  /** What is under way fails, and nothing else is sent. */
  close(): void {
    this.#isClosed = true;
    this.#hangUp();
  }

  #hangUp(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then(([channel]) => channel.close()).catch(() => {});
  }

  async #exchange<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    request: Partial<Infer<Q>>,
    limits: Limits,
    isAnswered: boolean,
  ): Promise<Infer<R> | undefined> {
    if (this.#isClosed) throw closed();
    const whole = { ...defaultsOf(api.request.fields), ...request };
    const late = new AbortController();
    const exchange = async () => {
      const quietMs = this.#quietUntil - Date.now();
      if (quietMs > 0) await sleep(quietMs, eitherOf(late.signal, limits.signal));
      if (this.#isClosed) throw closed();
      const [channel, ranges] = await this.#opened();
      return this.#send(channel, api, commonVersion(api, ranges), whole, isAnswered);
    };
    return within(exchange(), limits, () => {
      // What was to be sent after a silence is not.
      late.abort();
      // Whoever does not answer may hold up what is sent after: that goes out on another channel.
      this.#hangUp();
    });
  }

  async #send<Q extends Fields, R extends Fields>(
    channel: Channel,
    api: Api<Q, R>,
    version: number,
    request: Infer<Q>,
    isAnswered: boolean,
  ): Promise<Infer<R> | undefined> {
    const correlationId = this.#correlationId++ & 0x7fff_ffff;
    const { clientId } = this.#options;
    const chunks = encodeRequestFrame(api, version, { correlationId, clientId }, request);
    chunks[0] = chunks[0].subarray(lengthBytes);
    const frame = await channel.request(chunks, isAnswered);
    if (!isAnswered) return undefined;
    if (frame === null) throw disconnected('There was no answer.');
    const reader = new Reader(frame);
    try {
      if (decodeResponseHeader(api, version, reader) === correlationId) {
        const answer = decodeResponse(api, version, reader);
        this.#heed(answer);
        return answer;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    channel.close();
    throw disconnected('The answer is not one to what was asked.');
  }

  /** A client that does too much is told for how long to be quiet (KIP-219). */
  #heed(answer: { readonly throttleTimeMs?: unknown }): void {
    const { throttleTimeMs } = answer;
    if (typeof throttleTimeMs !== 'number' || throttleTimeMs <= 0) return;
    this.#quietUntil = Math.max(this.#quietUntil, Date.now() + throttleTimeMs);
  }

  /** A channel that takes requests, and the versions there are at its end. */
  async #opened(): Promise<readonly [Channel, Versions]> {
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      const opened = await opening;
      if (opened[0].isOpen) return opened;
    } catch (error) {
      this.#forget(opening);
      throw error;
    }
    this.#forget(opening);
    return this.#opened();
  }

  #forget(opening: Opening): void {
    if (this.#opening === opening) this.#opening = undefined;
  }

  async #open(): Promise<readonly [Channel, Versions]> {
    const { transport } = this;
    const channel = await transport.open();
    try {
      if (transport.sasl) await this.#authenticate(channel, transport.sasl);
      return [channel, await this.#versionsAt(channel)];
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  async #versionsAt(channel: Channel): Promise<Versions> {
    const { transport } = this;
    const known = versions.get(transport.address);
    const isRecent = known !== undefined && Date.now() - known.at < versionsMaxAgeMs;
    if (isRecent) return known.ranges;
    const ranges = await this.#askVersions(channel);
    versions.set(transport.address, { at: Date.now(), ranges });
    return ranges;
  }

  async #askVersions(channel: Channel): Promise<Versions> {
    const request = { clientSoftwareName: 'kedge-client', clientSoftwareVersion: '0.1.0' };
    const answer = await this.#send(channel, apiVersions, askedVersion, request, true);
    const { errorCode, apiKeys } = answer!;
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
    return new Map(
      apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]),
    );
  }

  /** RFC 4616, in Kafka's requests: a token is the password of the user `token`. */
  async #authenticate(channel: Channel, credentials: Credentials): Promise<void> {
    const { token, username = 'token', password = token ?? '' } = credentials;
    const mechanism = { mechanism: 'PLAIN' };
    const handshake = await this.#send(channel, saslHandshake, 1, mechanism, true);
    if (handshake!.errorCode !== ErrorCode.NONE) throw new KafkaError(handshake!.errorCode);
    const authBytes = new TextEncoder().encode(`\0${username}\0${password}`);
    const answer = await this.#send(channel, saslAuthenticate, 2, { authBytes }, true);
    const { errorCode, errorMessage } = answer!;
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
  }
}

function eitherOf(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}

const closed = () => new Error('This client is closed.');

function commonVersion({ key, name, versions: [min, max] }: Api, ranges: Versions): number {
  const [least, most] = ranges.get(key) ?? [0, -1];
  const version = Math.min(max, most);
  if (version >= Math.max(min, least)) return version;
  throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `This Kedge does not speak ${name}.`);
}
