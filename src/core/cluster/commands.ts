/**
 * What can be asked of the cluster controller, as plain data: one entry a call, with its command
 * and its reply. The same shapes cross the RPC to the object and drive the pure machine in tests.
 * Refusals are codes, never exceptions; a bad topic never spoils the others of its request.
 */

import type { Acl } from '../acl-rules.ts';
import type { AccessTokenCalls } from './access-tokens.ts';
import type { AclFilter, DeletedAcls } from './acls.ts';
import type { AnnouncedCalls } from './announced.ts';
import type { AlteredQuota, QuotaAlteration, QuotaEntry, QuotaFilter } from './client-quotas.ts';
import type { AlteredConfigs, ConfiguredResource } from './resource-configs.ts';
import type { Result } from './results.ts';
import type {
  AlteredUser,
  DescribedUser,
  KnownCredential,
  ScramDeletion,
  ScramUpsertion,
} from './scram-credentials.ts';
import type { SubscriptionListCalls } from './subscriptions.ts';

/** A topic incarnation as every gateway caches it. */
export interface TopicView {
  readonly name: string;
  /** Kafka's base64url form of the UUID, 22 characters; new for each incarnation. */
  readonly topicId: string;
  /** How many partitions, numbered from 0. */
  readonly partitions: number;
  /** Configs set on the topic itself, by Kafka name; defaults are not repeated here. */
  readonly configs: Readonly<Record<string, string>>;
  /** Configs it has from its broker where it has none of its own; absent: there are none. */
  readonly inherited?: Readonly<Record<string, string>>;
  /** How often the configs, its own or inherited, were changed; absent: never. */
  readonly configsVersion?: number;
}

export interface TopicResult {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** Present when errorCode is 0; with `validateOnly`, the topic as it would be. */
  readonly topic: TopicView | null;
}

export interface DeletedTopic {
  /** Null when the topic was asked for by an id nobody has. */
  readonly name: string | null;
  /** The zero UUID when the topic was asked for by a name nobody has. */
  readonly topicId: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface NewTopic {
  readonly name: string;
  /** -1: the broker's `num.partitions`. */
  readonly numPartitions: number;
  /** -1: the default. Any positive value is accepted: copies are the platform's business. */
  readonly replicationFactor: number;
  /** Manual assignment: only the number of partitions it names counts. Empty when absent. */
  readonly assignments: readonly {
    readonly partitionIndex: number;
    readonly brokerIds: readonly number[];
  }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface NewPartitions {
  readonly name: string;
  /** How many partitions the topic shall have in all. */
  readonly count: number;
  /** One list of brokers for each partition that is added; null: assigned automatically. */
  readonly assignments: readonly (readonly number[])[] | null;
}

export interface ConfigChange {
  readonly name: string;
  /** One of ConfigOperation. */
  readonly operation: number;
  /** Null where nothing is set: DELETE needs none. */
  readonly value: string | null;
}

export interface AlteredTopic {
  readonly name: string;
  /** What is not set by the changes goes back to its default. */
  readonly replaces: boolean;
  readonly changes: readonly ConfigChange[];
}

/** Every call to the controller. */
export interface ClusterCalls extends AnnouncedCalls, AccessTokenCalls, SubscriptionListCalls {
  /** Topics by name and by id; both null: every topic. Unknown ones are left out of the reply. */
  getTopics: {
    command: { names: readonly string[] | null; topicIds: readonly string[] | null };
    /** `quotas`: the version of those there are; who knows another asks for them. */
    reply: { clusterId: string; topics: readonly TopicView[]; quotas: number };
  };
  createTopics: {
    command: { topics: readonly NewTopic[]; validateOnly: boolean };
    reply: { topics: readonly TopicResult[] };
  };
  /** Each by name (with the zero UUID) or by id (with a null name). */
  deleteTopics: {
    command: { topics: readonly { name: string | null; topicId: string }[] };
    reply: { topics: readonly DeletedTopic[] };
  };
  createPartitions: {
    command: { topics: readonly NewPartitions[]; validateOnly: boolean };
    reply: { topics: readonly TopicResult[] };
  };
  /** Changes the configs of topics; each topic is named once. */
  alterConfigs: {
    command: { topics: readonly AlteredTopic[]; validateOnly: boolean };
    reply: { topics: readonly TopicResult[] };
  };
  /** Changes the configs of what is no topic; each resource is named once. */
  alterResourceConfigs: {
    command: { resources: readonly AlteredConfigs[]; validateOnly: boolean };
    reply: { results: readonly Result[] };
  };
  /** What is set on each of these, in their order. */
  describeResourceConfigs: {
    command: { resources: readonly ConfiguredResource[] };
    reply: { configs: readonly Readonly<Record<string, string>>[] };
  };
  listResourceConfigs: {
    command: Record<never, never>;
    reply: { resources: readonly ConfiguredResource[] };
  };
  /** Each entity for itself. */
  alterClientQuotas: {
    command: { alterations: readonly QuotaAlteration[]; validateOnly: boolean };
    reply: { entries: readonly AlteredQuota[] };
  };
  describeClientQuotas: {
    command: QuotaFilter;
    reply: Result & { entries: readonly QuotaEntry[] };
  };
  getQuotas: {
    command: Record<string, never>;
    reply: { version: number; entries: readonly QuotaEntry[] };
  };
  /** Each user for itself. */
  alterScramCredentials: {
    command: {
      deletions: readonly ScramDeletion[];
      upsertions: readonly ScramUpsertion[];
    };
    reply: { results: readonly AlteredUser[] };
  };
  /** What a gateway needs to check the passwords of a user; none: there is no such user. */
  getScramCredentials: {
    command: { user: string };
    reply: { credentials: readonly KnownCredential[] };
  };
  /** Null or none: all. What is described proves nothing: the keys are not among it. */
  describeScramCredentials: {
    command: { users: readonly string[] | null };
    reply: { results: readonly DescribedUser[] };
  };
  /** Every entry; null when they are those of this version. */
  getAcls: {
    command: { version: number };
    reply: { version: number; acls: readonly Acl[] | null };
  };
  describeAcls: { command: AclFilter; reply: { acls: readonly Acl[] } };
  /** Each entry for itself. */
  createAcls: { command: { acls: readonly Acl[] }; reply: { results: readonly Result[] } };
  deleteAcls: {
    command: { filters: readonly AclFilter[] };
    reply: { results: readonly DeletedAcls[] };
  };
  /** A block of producer ids for one gateway: `count` ids from `firstProducerId` are its alone. */
  allocateProducerIds: {
    command: { count: number };
    reply: { firstProducerId: number; count: number };
  };
}
