/**
 * What a handler may use: who asks, in which version, and the ports to the rest of the cluster. One
 * context per request; everything that outlives a request (caches, watches) is reached through it.
 */
import type { Api, Fields, Infer } from '../protocol/schema.ts';
import type { BrokerConfig } from '../runtime/config.ts';
import type { Objects, PartitionWatch } from '../runtime/stubs.ts';
import type { KnownAcls } from './acl-memory.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { Authorizer, Principal } from './authorizer.ts';
import type { ControllerWatch } from './controller-watch.ts';
import type { Credentials } from './credentials.ts';
import type { FetchSessions } from './fetch-sessions.ts';
import type { GroupConfigs } from './group-configs.ts';
import type { HeldRecords } from './held-records.ts';
import type { MemberWatches } from './member-watches.ts';
import type { MetadataCache } from './metadata-cache.ts';
import type { ProducerIds } from './producer-ids.ts';
import type { Quotas } from './quotas.ts';
import type { ShareSessions } from './share-sessions.ts';

/** What a partition last said of itself when it was read, apart from records. */
export interface PartitionState {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** The leader epoch it was asked with and agreed to; -1: it was asked with none. */
  readonly leaderEpoch: number;
}

/** A partition a connection waits on: its live end, and what it said when it was last read. */
export interface WatchedPartition {
  readonly watch: PartitionWatch;
  /** Undefined until somebody who reads the partition sets it, and once it may be otherwise. */
  state: PartitionState | undefined;
  /** How often it may have become otherwise: what was asked before that is not to be kept. */
  readonly voids: number;
  /** Records that came with what was announced. */
  readonly held: HeldRecords;
  /** As `watch.listen`; a watch that is listened to counts as used. */
  listen(listener: () => void): () => void;
}

/**
 * The watches one connection (or one HTTP request) holds: one per partition it waits on, one per
 * member of a group that it speaks for, and one over the controller.
 */
export interface Watches {
  readonly members: MemberWatches;
  readonly controller: ControllerWatch;
  /**
   * Undefined when none is open, or it was silent for so long that the partition is to be asked.
   */
  get(topicId: string, partition: number): WatchedPartition | undefined;
  /**
   * Opens (or returns) the watch for this partition. `withRecords`: for who would read what is
   * announced.
   */
  open(topicId: string, partition: number, withRecords?: boolean): Promise<WatchedPartition>;
  /** Hears whatever any of these partitions announces, or that its watch closed. */
  listen(listener: () => void): () => void;
  /**
   * Whether this client was told before that it is at the end of this partition: it will be again.
   */
  isAtEndAgain(topicId: string, partition: number): boolean;
  /** What this partition said of itself lately, when it was last kept in mind. */
  recall(topicId: string, partition: number): PartitionState | undefined;
  /** Keeps in mind what this partition said of itself. */
  remember(topicId: string, partition: number, state: PartitionState): void;
  closeAll(): void;
}

export interface RequestContext {
  readonly apiVersion: number;
  readonly clientId: string | null;
  readonly principal: Principal;
  /** What this client may do. Handlers ask before they do it. */
  readonly authorizer: Authorizer;
  /** By which the authorizer decides; null: there is none, and everything is allowed. */
  readonly acls: KnownAcls | null;
  /** The users and tokens there are. */
  readonly credentials: Credentials;
  /** The client's address as text, for DescribeGroups' clientHost: `/127.0.0.1`. */
  readonly clientHost: string;
  /** The address a client of this listener can dial: what Metadata answers. */
  readonly advertised: { readonly host: string; readonly port: number };
  readonly objects: Objects;
  readonly metadata: MetadataCache;
  readonly config: BrokerConfig;
  /** What the client uses of what it may use. */
  readonly quotas: Quotas;
  /** One for the isolate: the producer ids it may hand out. */
  readonly producerIds: ProducerIds;
  /** One for the isolate: what answers may take of its memory. */
  readonly answers: AnswerMemory;
  readonly watches: Watches;
  /** What is set on groups. */
  readonly groupConfigs: GroupConfigs;
  /** The connection's own: what it reads. */
  readonly fetchSessions: FetchSessions;
  /** The connection's own: what its members of share groups ask for and hold. */
  readonly shareSessions: ShareSessions;
  /** Aborted when the client is gone: parked work may stop. */
  readonly signal: AbortSignal;
  /**
   * A handler may say before it answers that the order of its effects is settled, so that a later
   * request of its kind may begin.
   */
  readonly nextMayStart?: (() => void) | undefined;
  /** What stands between whoever asks and the handlers; absent: nothing. */
  readonly between?: Between | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Is given every request of a client in the place of its handler, which it may have answer. */
export type Between = <Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  request: Infer<Q>,
  context: RequestContext,
  answer: (request: Infer<Q>, context: RequestContext) => Promise<Infer<R>>,
) => Promise<Infer<R>>;

/** Answers one request of one API. Throws KafkaError for a refusal of the whole request. */
export type Handler<Request, Response> = (
  request: Request,
  context: RequestContext,
) => Promise<Response>;
