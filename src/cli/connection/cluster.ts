/**
 * The cluster a command talks to: the SDK's clients of it, over whichever way leads there. The
 * surprise: nothing is asked, and no connection opened, before a client is used.
 */
import { Admin } from '../../client/admin/admin.ts';
import type { Transport } from '../../client/channel.ts';
import { Consumer } from '../../client/consumer/consumer.ts';
import type { ConsumerOptions } from '../../client/consumer/options.ts';
import { Link } from '../../client/link.ts';
import type { ProducerOptions } from '../../client/producer/options.ts';
import { Producer } from '../../client/producer/producer.ts';
import { Refused } from '../usage.ts';
import type { HttpConnection } from './http.ts';

export interface ClusterOptions {
  /** What people call it: `127.0.0.1:9092`, `https://kedge.example.com`. */
  readonly name: string;
  readonly transport: Transport;
  readonly requestTimeoutMs: number;
  /** The same over HTTP. */
  readonly http?: HttpConnection | undefined;
  /** Whether that is how it is reached for all else, too. */
  readonly isHttp?: boolean;
}

/** What a cluster counts and logs our requests under. */
const clientId = 'kedge-cli';

export class Cluster implements AsyncDisposable {
  readonly name: string;
  /** For clients of one's own: `new Admin(cluster.connection)`. */
  readonly connection: Transport;
  /** Whether it is a Kedge that is reached by HTTP. */
  readonly isHttp: boolean;
  readonly #requestTimeoutMs: number;
  readonly #http: HttpConnection | undefined;
  readonly #open: { close(): unknown }[] = [];
  #admin: Admin | undefined;
  #link: Link | undefined;

  constructor({ name, transport, requestTimeoutMs, http, isHttp = false }: ClusterOptions) {
    this.name = name;
    this.connection = transport;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#http = http;
    this.isHttp = isHttp;
  }

  get admin(): Admin {
    this.#admin ??= this.#closing(new Admin(this.connection, this.#defaults));
    return this.#admin;
  }

  /** For what the SDK has no words for: `await cluster.link.call(describeLogDirs, { … })`. */
  get link(): Link {
    this.#link ??= this.#closing(new Link(this.connection, this.#defaults));
    return this.#link;
  }

  /** It is closed with the cluster. */
  producer<K = string | Uint8Array, V = string | Uint8Array>(
    options: ProducerOptions<K, V> = {},
  ): Producer<K, V> {
    return this.#closing(new Producer(this.connection, { ...this.#defaults, ...options }));
  }

  /** It is closed with the cluster. */
  consumer<K = string, V = string>(options: ConsumerOptions<K, V> = {}): Consumer<K, V> {
    return this.#closing(new Consumer(this.connection, { ...this.#defaults, ...options }));
  }

  /** What only a Kedge can be asked, and only over HTTP. Throws Refused without. */
  get http(): HttpConnection {
    if (this.#http) return this.#http;
    throw new Refused('that is only to be had of a Kedge over HTTP: say where, with --url.');
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#open.splice(0).map(async (one) => one.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #defaults() {
    return { clientId, requestTimeoutMs: this.#requestTimeoutMs };
  }

  #closing<T extends { close(): unknown }>(client: T): T {
    this.#open.push(client);
    return client;
  }
}
