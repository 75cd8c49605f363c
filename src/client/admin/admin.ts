/**
 * Looks after a Kedge: topics and their configs, groups and their offsets, users and what they may
 * do. The surprise: a call that only asks is made again when it was not answered; one that changes
 * something is not, since nobody knows whether it was carried out.
 */
import { describeCluster } from '../../protocol/apis/describe-cluster.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Link } from '../link.ts';
import {
  commitOffsets,
  committedOffsets,
  type OffsetAt,
  offsetsAt,
  type Place,
  type PlaceOffset,
} from '../offsets.ts';
import { type Cancellable, type ConnectionOptions, linkTo } from '../options.ts';
import { Topics } from '../topics.ts';
import type { Connection } from '../transport.ts';
import { persistently } from '../waiting.ts';
import * as groups from './groups.ts';
import { throwIfRefused } from './refusals.ts';
import * as security from './security.ts';
import * as topics from './topics.ts';

/** How long a question is asked again that is not answered. */
const patienceMs = 30_000;

export class Admin implements AsyncDisposable {
  readonly #link: Link;
  readonly #topics: Topics;

  /** Nothing is asked, and no connection opened, before it is needed. */
  constructor(connection: Connection, options: ConnectionOptions = {}) {
    this.#link = linkTo(connection, options);
    this.#topics = new Topics(this.#link);
  }

  // Topics

  createTopics(list: readonly topics.NewTopic[], how: Cancellable = {}): Promise<void> {
    return topics.create(this.#link, list, how);
  }

  async deleteTopics(names: readonly string[], how: Cancellable = {}): Promise<void> {
    await topics.remove(this.#link, names, how);
    for (const name of names) this.#topics.forget(name);
  }

  async listTopics(how: Cancellable = {}): Promise<string[]> {
    const all = await this.#asking(how, () => topics.describe(this.#link, undefined, how));
    return all.map(({ name }) => name);
  }

  describeTopics(
    names: readonly string[],
    how: Cancellable = {},
  ): Promise<topics.TopicDescription[]> {
    return topics.describe(this.#link, names, how);
  }

  /** Gives a topic more partitions: `count` in all. Keys may go to others from then on. */
  async createPartitions(topic: string, count: number, how: Cancellable = {}): Promise<void> {
    await topics.grow(this.#link, topic, count, how);
    this.#topics.forget(topic);
  }

  /** Deletes what lies before these offsets (-1: everything). Answers where each begins now. */
  deleteRecords(offsets: readonly PlaceOffset[], how: Cancellable = {}): Promise<PlaceOffset[]> {
    return topics.trim(this.#link, offsets, how);
  }

  // Configs

  describeConfigs(
    resource: topics.ConfigResource,
    how: Cancellable = {},
  ): Promise<topics.ConfigEntry[]> {
    return this.#asking(how, () => topics.configs(this.#link, resource, how));
  }

  /** What is not named stays as it is. */
  alterConfigs(
    resource: topics.ConfigResource,
    changes: Readonly<Record<string, topics.ConfigChange>>,
    how: Cancellable = {},
  ): Promise<void> {
    return topics.alterConfigs(this.#link, resource, changes, how);
  }

  // Offsets

  /** Ends of partitions, or the first offsets not older than a time; -1: there is none so late. */
  listOffsets(
    places: readonly (Place & { readonly at: OffsetAt })[],
    { isolation, ...how }: Cancellable & { readonly isolation?: 'read_committed' } = {},
  ): Promise<PlaceOffset[]> {
    const level = isolation === 'read_committed' ? 1 : 0;
    return this.#asking(how, () => offsetsAt(this.#link, places, level, how));
  }

  /** How far a group has read: of these partitions, or of all, those that it has. */
  groupOffsets(
    groupId: string,
    places?: readonly Place[],
    how: Cancellable = {},
  ): Promise<PlaceOffset[]> {
    return this.#asking(how, () =>
      committedOffsets(this.#link, this.#topics, { groupId }, places, how),
    );
  }

  /** Sets how far a group has read that has no members now. */
  async alterGroupOffsets(
    groupId: string,
    offsets: readonly PlaceOffset[],
    how: Cancellable = {},
  ): Promise<void> {
    const commit = () => commitOffsets(this.#link, this.#topics, { groupId }, offsets, how);
    try {
      await commit();
    } catch (error) {
      // Refused for a topic that was made anew: its id is another one now, which is looked up.
      if (!(error instanceof KafkaError && error.code === ErrorCode.UNKNOWN_TOPIC_ID)) throw error;
      await commit();
    }
  }

  deleteGroupOffsets(
    groupId: string,
    places: readonly Place[],
    how: Cancellable = {},
  ): Promise<void> {
    return groups.removeOffsets(this.#link, groupId, places, how);
  }

  // Groups

  listGroups(how: Cancellable = {}): Promise<groups.GroupListing[]> {
    return this.#asking(how, () => groups.list(this.#link, how));
  }

  /** A group of consumers and what each member reads. */
  describeGroup(groupId: string, how: Cancellable = {}): Promise<groups.GroupDescription> {
    return this.#asking(how, () => groups.describe(this.#link, groupId, how));
  }

  deleteGroups(groupIds: readonly string[], how: Cancellable = {}): Promise<void> {
    return groups.remove(this.#link, groupIds, how);
  }

  // Users and access

  createAcls(acls: readonly security.Acl[], how: Cancellable = {}): Promise<void> {
    return security.allow(this.#link, acls, how);
  }

  describeAcls(filter: security.AclFilter = {}, how: Cancellable = {}): Promise<security.Acl[]> {
    return this.#asking(how, () => security.find(this.#link, filter, how));
  }

  /** Answers those that are gone. */
  deleteAcls(filter: security.AclFilter, how: Cancellable = {}): Promise<security.Acl[]> {
    return security.withdraw(this.#link, filter, how);
  }

  /**
   * Makes a user, or gives one another password. The password itself is not sent. `iterations` of
   * the hash that is kept: default 8192.
   */
  setPassword(
    user: string,
    password: string,
    how: Cancellable & { readonly iterations?: number | undefined } = {},
  ): Promise<void> {
    return security.setPassword(this.#link, user, password, how);
  }

  listUsers(how: Cancellable = {}): Promise<string[]> {
    return this.#asking(how, () => security.users(this.#link, how));
  }

  deleteUser(user: string, how: Cancellable = {}): Promise<void> {
    return security.removeUser(this.#link, user, how);
  }

  // The whole

  async clusterId(how: Cancellable = {}): Promise<string> {
    const answer = await this.#asking(how, () => this.#link.call(describeCluster, {}, how));
    throwIfRefused(answer);
    return answer.clusterId;
  }

  async close(): Promise<void> {
    this.#link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #asking<T>({ signal }: Cancellable, ask: () => Promise<T>): Promise<T> {
    return persistently(ask, { signal, timeoutMs: patienceMs });
  }
}
