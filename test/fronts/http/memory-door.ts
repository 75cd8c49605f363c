/**
 * The HTTP app over a cluster in plain memory: the real broker, objects and machines, no network.
 */
import { accessFrom } from '../../../src/broker/access.ts';
import { createGateway } from '../../../src/broker/gateway.ts';
import type { RestConsumerCalls } from '../../../src/core/rest-consumer/calls.ts';
import { httpApp } from '../../../src/fronts/http/app.ts';
import type { HttpDoor } from '../../../src/fronts/http/routes.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../../src/runtime/config.ts';
import { MemoryObjects, type MemoryObjectsOptions } from '../../../src/runtime/memory-objects.ts';
import { noOrigins } from '../../../src/runtime/origin-rules.ts';
import {
  type RestConsumerHost,
  restConsumerHost,
} from '../../../src/runtime/rest-consumer-host.ts';
import { memoryRows } from '../../../src/runtime/rows.ts';
import type { Stub } from '../../../src/runtime/stubs.ts';

export interface AppAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the app answers is checked by the test itself
  readonly json: any;
  readonly headers: Headers;
}

export interface AppAsk {
  /** A string or bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export class MemoryDoor implements AsyncDisposable {
  readonly objects: MemoryObjects;
  readonly door: HttpDoor;
  readonly #app = httpApp();
  readonly #consumers = new Map<string, RestConsumerHost>();

  constructor(
    config: Partial<BrokerConfig> = {},
    door: Partial<HttpDoor> = {},
    objects: Partial<MemoryObjectsOptions> = {},
  ) {
    const full = { ...defaultBrokerConfig, groupInitialRebalanceDelayMs: 0, ...config };
    this.objects = new MemoryObjects({ config: full, ...objects });
    this.door = {
      gateway: createGateway(this.objects, full, { open: true }),
      access: accessFrom({ KEDGE_OPEN: 'true' }),
      origins: noOrigins,
      maxCalls: Number.POSITIVE_INFINITY,
      maxRequests: Number.POSITIVE_INFINITY,
      streamMaxAgeMs: 3_600_000,
      restConsumer: (group, instance) => this.#consumer(JSON.stringify([group, instance])),
      kafkaStream: () => {
        throw new Error('there are no sockets in memory');
      },
      ...door,
    };
  }

  async fetch(method: string, path: string, ask: AppAsk = {}): Promise<Response> {
    const { body, type, accept, signal } = ask;
    const plain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const headers = new Headers(ask.headers);
    if (type !== undefined) headers.set('content-type', type);
    if (accept !== undefined) headers.set('accept', accept);
    const request = new Request(`http://kedge.test${path}`, {
      method,
      headers,
      body: (plain ? body : JSON.stringify(body)) as BodyInit | undefined,
      signal,
    });
    if (body !== undefined && type === undefined) request.headers.delete('content-type');
    return this.#app.fetch(request, this.door);
  }

  async ask(method: string, path: string, ask: AppAsk = {}): Promise<AppAnswer> {
    const response = await this.fetch(method, path, ask);
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text,
      headers: response.headers,
      get json() {
        return text === '' ? undefined : JSON.parse(text);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.objects.close();
  }

  #consumer(name: string): Stub<RestConsumerCalls> {
    const known = this.#consumers.get(name);
    if (known !== undefined) return known;
    const host = restConsumerHost({
      rows: memoryRows(),
      now: () => Date.now(),
      setAlarm: () => {},
    });
    this.#consumers.set(name, host);
    return host;
  }
}

export const v2 = 'application/vnd.kafka.v2+json';
export const v2Json = 'application/vnd.kafka.json.v2+json';
export const v2Binary = 'application/vnd.kafka.binary.v2+json';
export const v2Text = 'application/vnd.kafka.text.v2+json';
