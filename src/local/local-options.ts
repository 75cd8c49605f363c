/** What a Kedge on this machine may be told by whoever starts it: a person, or a test suite. */
import type { Address } from '../runtime/listeners.ts';

export type { Address };

export interface LocalOptions {
  /** The address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly kafkaPort: number;
  /** 0: any free port. */
  readonly httpPort: number;
  /** Where everything is kept; null: in a temporary directory that goes with the process. */
  readonly dataDir: string | null;
  /** `KAFKA_…` and `KEDGE_…` variables for the Worker; KEDGE_OPEN is always among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** Further ports for Kafka clients. */
  readonly listeners?: readonly Listener[];
  /** Further ports for HTTP, as other programs are used to them. */
  readonly prefixPorts?: PrefixPorts;
  /**
   * Whether `/test` is served, by a Worker that is made for it. `'open'`: to everybody; else to
   * whoever has this secret as a bearer token.
   */
  readonly testControls?: 'open' | (string & {});
}

/** A further port for Kafka clients. */
export interface Listener extends Address {
  /** What its clients are told to connect to; by default the address they dialled. */
  readonly advertise?: Address;
}

/** Ports that lead to a part of what is served over HTTP; 0: any free one. */
export interface PrefixPorts {
  /** For clients of a Schema Registry, often 8081. */
  readonly registry?: number;
  /** For clients of a REST Proxy, often 8082. */
  readonly rest?: number;
  /** For clients of Kafka Connect, often 8083. */
  readonly connect?: number;
}

/** Whether it stands for all addresses; such a one cannot be connected to. */
export function isEveryAddress(host: string): boolean {
  return ['0.0.0.0', '::', '*'].includes(host);
}

/** Where programs on this machine connect to that which listens at this host. */
export function dialledHost(host: string): string {
  return isEveryAddress(host) ? '127.0.0.1' : host;
}

/** Whether only programs on this machine reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
