/**
 * What a test has of its Kedge. The surprise: nothing here is special to one language's clients;
 * faults, the clock and crashes happen in the broker, so whatever speaks to it sees them.
 */
import type { Admin } from '../client/admin/admin.ts';
import type { Fault, FaultSpec } from './faults.ts';
import type { Seed } from './seed.ts';

/** Where a Kedge is that runs elsewhere with controls for tests. Plain data. */
export interface KedgeAddress {
  /** `host:port` for Kafka clients. */
  readonly bootstrapServers: string;
  /** Where HTTP is served. */
  readonly url: string;
  /** What its controls want to be told: `KEDGE_TEST_SECRET`, where that was set. */
  readonly secret?: string;
  /** For `kedge.admin`, where not everybody may come in. */
  readonly token?: string;
}

export interface Kedge extends AsyncDisposable {
  /** `host:port`, what a Kafka client is told. */
  readonly bootstrapServers: string;
  readonly host: string;
  /** Of Kafka. */
  readonly port: number;
  /** Where HTTP is served, such as `http://127.0.0.1:40123`; no slash at the end. */
  readonly url: string;
  /** Topics, groups, offsets, users: see docs/client.md. It is closed with this Kedge. */
  readonly admin: Admin;
  /** A `ws:` address, for `new Producer(kedge.client)` and `new Consumer(kedge.client, …)`. */
  readonly client: string;
  /** What `connectKedge` takes, to control it from another process. */
  readonly address: KedgeAddress;

  /**
   * Makes it as it was when it started: no topics, groups, offsets, users, faults, and the time is
   * now; then what the options said is made again. Takes milliseconds, clients stay connected.
   * With the option `snapshot` it is that which is restored, which takes as long as a restart.
   */
  reset(): Promise<void>;
  /** Ends it and forgets everything (with `dataDir`: what is there stays). Twice is as once. */
  stop(): Promise<void>;

  /**
   * The next requests that the spec describes go wrong as it says. They do so until `times` of them
   * have, the fault is removed, or all is reset. Throws a TypeError for a spec that cannot be.
   */
  fault(spec: FaultSpec): Promise<Fault>;
  /** Removes all faults. */
  clearFaults(): Promise<void>;

  /**
   * Moves the broker's clock forward by milliseconds, or by `'90s'`, `'10m'`, `'2h'`, `'7d'`.
   * Settles with its time then, when what has become due was done: sessions ended, transactions
   * aborted, old records deleted. Clients keep their own time.
   */
  advanceClock(by: number | string): Promise<number>;
  /** The broker's time, in milliseconds since the epoch. */
  now(): Promise<number>;

  /** Has the members of a group join again, as if one of them had come or gone. */
  rebalance(groupId: string): Promise<void>;
  /**
   * Ends it as `kill -9` or a power cut does, and starts it again with what was acknowledged.
   * Settles when it answers. `{ restart: false }`: it stays away until `restart()`.
   */
  crash(options?: { readonly restart?: boolean }): Promise<void>;
  /** Ends it in good order and starts it again on the same ports, with the same data. */
  restart(): Promise<void>;

  /** Makes topics and records, or those of a file of JSON lines as `kedge export` writes them. */
  seed(seed: Seed | string): Promise<void>;
  /** Writes all there is to a file: records, groups, offsets, users, configs. */
  snapshot(file: string): Promise<void>;
  /** Takes what a snapshot holds in place of all there is; as with a restart, clients reconnect. */
  restore(file: string): Promise<void>;
}
