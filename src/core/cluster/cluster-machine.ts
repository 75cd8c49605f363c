/**
 * The cluster as one machine: its id, its topics, the producer ids given out, the groups and
 * transactional ids that exist, quotas, credentials, tokens, ACLs, the configs of what is no topic,
 * and what partitions have still to be told. The surprise: deleting a topic, or changing its
 * configs or those it has from the broker, is done when it is written down; its partitions, each an
 * object of its own, are told afterwards, slice by slice.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { CallOf, Machine, Outcome, ReplyOf, Row } from '../machine.ts';
import { AccessTokens, type KeptToken } from './access-tokens.ts';
import { Acls } from './acls.ts';
import { alteredConfigs, sameConfigs } from './altered-configs.ts';
import { Announced, type AnnouncedCalls } from './announced.ts';
import type { QuotaEntry } from './client-quotas.ts';
import { ClientQuotas } from './client-quotas.ts';
import { type ClusterLimits, Room } from './cluster-limits.ts';
import type { AlteredTopic, ClusterCalls, NewTopic, TopicResult, TopicView } from './commands.ts';
import { doomedTopics } from './doomed-topics.ts';
import type { Errand } from './errands.ts';
import { Errands } from './errands.ts';
import { Inheritance, inheritedConfigs } from './inherited-configs.ts';
import type { BrokerDefaults } from './new-topics.ts';
import {
  checkTotalPartitions,
  newTopicConfigs,
  newTopicPartitions,
  withMorePartitions,
  withoutDuplicates,
} from './new-topics.ts';
import { ResourceConfigs } from './resource-configs.ts';
import { duplicateTopic, failedTopic, resultOf, topicResultOf } from './results.ts';
import { splitKey } from './row-keys.ts';
import type { ScramCredential } from './scram-credentials.ts';
import { ScramCredentials } from './scram-credentials.ts';
import { type Notice, type SubscriptionListCalls, Subscriptions } from './subscriptions.ts';
import { checkTopicConfigs, topicLists } from './topic-configs.ts';
import { collisionKey, topicNameProblem } from './topic-names.ts';

/** What the host of the machine also tells it: how the errands are going. */
interface HostReports {
  /** Every partition of the topic below `told` has answered that it heard. */
  partitionsTold: { command: Omit<Errand, 'partitions'>; reply: null };
  /** Some partition could not be reached: wait a little. */
  errandsDelayed: { command: Record<never, never>; reply: null };
  /** These subscriptions heard that their topics are others; all of them, or some did not. */
  subscriptionsTold: { command: { heard: readonly Notice[]; isAll: boolean }; reply: null };
}

export interface HostedClusterCalls extends ClusterCalls, HostReports {}

type ListCommand = CallOf<AnnouncedCalls & SubscriptionListCalls & HostReports>;
export type ClusterCommand = CallOf<HostedClusterCalls>;
export type ClusterReply = ReplyOf<HostedClusterCalls>;
/**
 * `cluster`, `producerIds`, `topic:<id>`, `drop:<id>`, `configure:<id>`, `group:<id>`,
 * `transactionalId:<id>`, `groupConfigs:<group>`, `clientMetricsConfigs:<subscription>`,
 * `brokerConfigs:<broker>`, `inherited`, `quota:<entity>`, `scram:<mechanism>:<user>`,
 * `acl:<entry>`, `token:<id>`, `secret`,
 * `subscription:<name>` or `notice:<subscription>`.
 */
export type ClusterRow = Row;

export interface ClusterSettings extends BrokerDefaults {
  /** What the broker was set to at its deployment, by Kafka name. */
  readonly fixed: ReadonlyMap<string, string>;
  /** What the cluster is called from its first day on; empty: a fresh UUID. */
  readonly clusterId?: string;
  /** Absent: there may be as many as there is room for. */
  readonly limits?: ClusterLimits;
  /** A fresh random UUID in Kafka's form, for a topic or for the cluster. */
  newUuid(): string;
}

/** Producer ids that one call may ask for. */
const maxProducerIds = 100_000;

export class ClusterMachine implements Machine<ClusterCommand, ClusterReply, ClusterRow> {
  readonly #settings: ClusterSettings;
  #clusterId: string | undefined;
  /** Nobody has id 0: some client says 0 when it means that it has none. */
  #nextProducerId = 1;
  readonly #topics = new Map<string, TopicView>();
  readonly #idsByName = new Map<string, string>();
  /** For names with a dot or an underscore: the topics that share a collision key. */
  readonly #colliding = new Map<string, Set<string>>();
  readonly #errands = new Errands();
  readonly #resourceConfigs = new ResourceConfigs();
  readonly #inheritance = new Inheritance();
  readonly #quotas = new ClientQuotas();
  readonly #credentials = new ScramCredentials();
  readonly #acls = new Acls();
  /** Memory only: whether what topics inherit was compared with the broker's configs. */
  #hasInherited = false;
  readonly #announced: Announced;
  readonly #subscriptions = new Subscriptions();
  readonly #tokens: AccessTokens;

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
    this.#announced = new Announced(settings.limits?.maxGroups);
    this.#tokens = new AccessTokens(settings.newUuid);
  }

  get deadline(): number | undefined {
    const [errands, notices] = [this.#errands.deadline, this.#subscriptions.deadline];
    return errands === undefined ? notices : Math.min(errands, notices ?? errands);
  }

  /** The subscriptions that are to be told that their topics are others. */
  dueNotices(now: number): readonly Notice[] {
    return this.#subscriptions.due(now);
  }

  /** What is due to be told to partitions, oldest first; empty when nothing is. */
  dueErrands(now: number): readonly Errand[] {
    return this.#errands.due(now);
  }

  /** The topic with this id, as the rest of the cluster knows it. */
  topicById(topicId: string): TopicView | undefined {
    const topic = this.#topics.get(topicId);
    return topic && this.#inheritance.seen(topic);
  }

  decide(call: ClusterCommand, now: number): Outcome<ClusterReply, ClusterRow> {
    this.expire(now);
    const outcome = this.#decide(call, now);
    const inherited = this.#inherit(outcome.rows);
    const notices = this.#subscriptions.news(outcome.rows, (id) => this.#topics.get(id), now);
    if (inherited.length > 0) this.#errands.hurry(now);
    return { ...outcome, rows: [...outcome.rows, ...inherited, ...notices] };
  }

  #decide(call: ClusterCommand, now: number): Outcome<ClusterReply, ClusterRow> {
    switch (call.kind) {
      case 'getTopics':
        return this.#getTopics(call.command);
      case 'createTopics':
        return this.#createTopics(call.command);
      case 'deleteTopics':
        this.#errands.hurry(now);
        return this.#deleteTopics(call.command);
      case 'createPartitions':
        return this.#createPartitions(call.command);
      case 'alterConfigs':
        this.#errands.hurry(now);
        return this.#alterConfigs(call.command);
      case 'alterResourceConfigs': {
        const { results, rows } = this.#resourceConfigs.alter(call.command.resources);
        return answer({ results }, call.command.validateOnly ? [] : rows);
      }
      case 'describeResourceConfigs': {
        const { resources } = call.command;
        return answer({ configs: resources.map((one) => this.#resourceConfigs.of(one)) });
      }
      case 'listResourceConfigs':
        return answer({ resources: this.#resourceConfigs.list() });
      case 'alterClientQuotas': {
        const { entries, rows } = this.#quotas.alter(call.command.alterations);
        return answer({ entries }, call.command.validateOnly ? [] : rows);
      }
      case 'getQuotas':
        return answer({ version: this.#quotas.version, entries: this.#quotas.all() });
      case 'describeClientQuotas':
        return this.#describeQuotas(call.command);
      case 'alterScramCredentials': {
        const { deletions, upsertions } = call.command;
        const { results, rows } = this.#credentials.alter(deletions, upsertions);
        return answer({ results }, rows);
      }
      case 'describeScramCredentials':
        return answer({ results: this.#credentials.describe(call.command.users) });
      case 'getScramCredentials':
        return answer({ credentials: this.#credentials.of(call.command.user) });
      case 'getAcls': {
        const { version } = this.#acls;
        const isKnown = call.command.version === version;
        return answer({ version, acls: isKnown ? null : this.#acls.all() });
      }
      case 'describeAcls':
        return answer({ acls: this.#acls.matching(call.command) });
      case 'createAcls': {
        const { results, rows } = this.#acls.create(call.command.acls);
        return answer({ results }, rows);
      }
      case 'deleteAcls': {
        const { results, rows } = this.#acls.delete(call.command.filters);
        return answer({ results }, rows);
      }
      case 'allocateProducerIds':
        return this.#allocateProducerIds(call.command.count);
      case 'createToken':
      case 'deleteToken':
      case 'listTokens':
      case 'getToken':
      case 'getSecret': {
        const { reply, rows } = this.#tokens.decide(call, now);
        return answer(reply, rows);
      }
      default:
        return this.#keepList(call, now);
    }
  }

  /** Who announced themselves, and what was told to whom. */
  #keepList(call: ListCommand, now: number): Outcome<ClusterReply, ClusterRow> {
    switch (call.kind) {
      case 'registerGroup':
      case 'unregisterGroup':
      case 'listGroups':
      case 'findGroups':
      case 'registerTransactionalId':
      case 'unregisterTransactionalId':
      case 'listTransactionalIds':
      case 'findTransactionalIds': {
        const { reply, rows } = this.#announced.decide(call);
        return answer(reply, rows);
      }
      case 'registerSubscription':
      case 'listSubscriptions': {
        const { reply, rows } = this.#subscriptions.decide(call);
        return answer(reply, rows);
      }
      case 'subscriptionsTold': {
        const { heard, isAll } = call.command;
        return answer(null, this.#subscriptions.told(heard, isAll, now));
      }
      case 'partitionsTold':
        return answer(null, this.#errands.report(call.command, now));
      case 'errandsDelayed':
        this.#errands.delay(now);
        return answer(null);
    }
  }

  /** Errands are run by the host, which reports what came of them. */
  expire(now: number): Outcome<undefined, ClusterRow> {
    this.#errands.woken(now);
    this.#subscriptions.woken(now);
    return { rows: [], reply: undefined, wake: new Map() };
  }

  replay({ key, value }: ClusterRow): void {
    const [table, id] = splitKey(key);
    switch (table) {
      case 'cluster':
        this.#clusterId = (value as { clusterId: string }).clusterId;
        break;
      case 'producerIds':
        this.#nextProducerId = (value as { next: number }).next;
        break;
      case 'topic':
        this.#replayTopic(id, value as Omit<TopicView, 'topicId'> | null);
        break;
      case 'drop':
      case 'configure':
        this.#errands.replay(table, id, value);
        break;
      case 'group':
      case 'transactionalId':
        this.#announced.replay(table, id, value);
        break;
      case 'subscription':
      case 'notice':
        this.#subscriptions.replay(table, id, value);
        break;
      case 'groupConfigs':
      case 'clientMetricsConfigs':
      case 'brokerConfigs':
        this.#resourceConfigs.replay(table, id, value as Record<string, string> | null);
        break;
      case 'inherited':
        this.#inheritance.replay(value);
        break;
      case 'quota':
        this.#quotas.replay(id, value as QuotaEntry['values'] | null);
        break;
      case 'scram':
        this.#credentials.replay(id, value as ScramCredential | null);
        break;
      case 'acl':
        this.#acls.replay(id, value);
        break;
      case 'token':
        this.#tokens.replay(id, value as Omit<KeptToken, 'id'> | null);
        break;
      case 'secret':
        this.#tokens.replaySecret((value as { secret: string }).secret);
        break;
      default:
        throw new Error(`no such row: ${key}`);
    }
  }

  #replayTopic(topicId: string, value: Omit<TopicView, 'topicId'> | null): void {
    const known = this.#topics.get(topicId);
    if (value !== null) {
      const { name } = value;
      this.#topics.set(topicId, { ...value, topicId });
      this.#idsByName.set(name, topicId);
      const collision = collisionKey(name);
      if (collision === undefined) return;
      const names = this.#colliding.get(collision) ?? new Set();
      this.#colliding.set(collision, names.add(name));
    } else if (known !== undefined) {
      this.#topics.delete(topicId);
      this.#idsByName.delete(known.name);
      const collision = collisionKey(known.name);
      if (collision !== undefined) this.#colliding.get(collision)?.delete(known.name);
    }
  }

  #byName(name: string): TopicView | undefined {
    const topicId = this.#idsByName.get(name);
    return topicId === undefined ? undefined : this.#topics.get(topicId);
  }

  #getTopics({ names, topicIds }: ClusterCalls['getTopics']['command']): ClusterOutcome {
    const clusterId = this.#clusterId ?? (this.#settings.clusterId || this.#settings.newUuid());
    const rows = this.#clusterId === undefined ? [row('cluster', { clusterId })] : [];
    const all = names === null && topicIds === null ? this.#topics.values() : [];
    const found = new Set<TopicView | undefined>(all);
    for (const name of names ?? []) found.add(this.#byName(name));
    for (const topicId of topicIds ?? []) found.add(this.#topics.get(topicId));
    found.delete(undefined);
    const topics = ([...found] as TopicView[]).map(this.#seen);
    return answer({ clusterId, topics, quotas: this.#quotas.version }, rows);
  }

  #createTopics({ topics, validateOnly }: ClusterCalls['createTopics']['command']): ClusterOutcome {
    const rows: ClusterRow[] = [];
    const { unique, duplicates } = withoutDuplicates(topics);
    const refused = duplicates.map(duplicateTopic);
    const room = new Room(this.#topics.values(), this.#settings.limits);
    const results = this.#eachTopic(unique, (topic) => {
      const view = this.#newTopic(topic);
      room.takeTopic(view.partitions);
      const { topicId, ...stored } = view;
      rows.push(row(`topic:${topicId}`, stored));
      return view;
    });
    return answer({ topics: [...results, ...refused].map(this.#told) }, validateOnly ? [] : rows);
  }

  #eachTopic(topics: readonly NewTopic[], create: (topic: NewTopic) => TopicView): TopicResult[] {
    try {
      checkTotalPartitions(topics, this.#settings);
    } catch (error) {
      return topics.map(({ name }) => failedTopic(name, error));
    }
    return topics.map((topic) => topicResultOf(topic.name, () => create(topic)));
  }

  #newTopic(topic: NewTopic): TopicView {
    const { name } = topic;
    if (name === '__cluster_metadata') {
      throw new KafkaError(
        ErrorCode.INVALID_REQUEST,
        `Creation of internal topic ${name} is prohibited.`,
      );
    }
    if (this.#byName(name) !== undefined) {
      throw new KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
    }
    const problem = topicNameProblem(name) ?? this.#collision(name);
    if (problem !== undefined) throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
    const configs = newTopicConfigs(topic, this.#inheritance.configs);
    const partitions = newTopicPartitions(topic, this.#settings);
    return { name, topicId: this.#settings.newUuid(), partitions, configs };
  }

  #collision(name: string): string | undefined {
    const collision = collisionKey(name);
    const [other] = (collision !== undefined && this.#colliding.get(collision)) || [];
    if (other === undefined) return undefined;
    return `Topic '${name}' collides with existing topic: ${other}`;
  }

  #deleteTopics({ topics }: ClusterCalls['deleteTopics']['command']): ClusterOutcome {
    const rows: ClusterRow[] = [];
    const results = doomedTopics(topics, (key) =>
      key.name !== null ? this.#byName(key.name) : this.#topics.get(key.topicId),
    );
    for (const { topicId, errorCode } of results) {
      if (errorCode !== ErrorCode.NONE) continue;
      const topic = this.#topics.get(topicId)!;
      rows.push(this.#errands.begin('drop', topic), row(`topic:${topicId}`, null));
      rows.push(...this.#errands.abandon('configure', topicId));
    }
    return answer({ topics: results }, rows);
  }

  #createPartitions(command: ClusterCalls['createPartitions']['command']): ClusterOutcome {
    const rows: ClusterRow[] = [];
    const { unique, duplicates } = withoutDuplicates(command.topics);
    const refused = duplicates.map(duplicateTopic);
    const room = new Room(this.#topics.values(), this.#settings.limits);
    const results = unique.map((wanted) =>
      topicResultOf(wanted.name, () => {
        const topic = this.#byName(wanted.name);
        if (!topic) throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        const { topicId, ...stored } = withMorePartitions(topic, wanted, this.#settings);
        room.takePartitions(stored.partitions - topic.partitions);
        rows.push(row(`topic:${topicId}`, stored));
        return { topicId, ...stored };
      }),
    );
    const told = [...refused, ...results].map(this.#told);
    return answer({ topics: told }, command.validateOnly ? [] : rows);
  }

  #alterConfigs({ topics, validateOnly }: ClusterCalls['alterConfigs']['command']): ClusterOutcome {
    const rows: ClusterRow[] = [];
    const results = topics.map((wanted) =>
      topicResultOf(wanted.name, () => {
        const topic = this.#byName(wanted.name);
        const altered = this.#alteredTopic(topic, wanted);
        if (altered === topic) return altered;
        const { topicId, ...stored } = altered;
        rows.push(
          row(`topic:${topicId}`, stored),
          this.#errands.begin('configure', this.#seen(altered)),
        );
        return altered;
      }),
    );
    return answer({ topics: results.map(this.#told) }, validateOnly ? [] : rows);
  }

  readonly #seen = (topic: TopicView): TopicView => this.#inheritance.seen(topic);

  readonly #told = (result: TopicResult): TopicResult =>
    result.topic === null ? result : { ...result, topic: this.#seen(result.topic) };

  /**
   * The rows that give topics what they inherit of the broker's configs as they are after these, if
   * that is anything else than before: a new deployment may have changed it as well.
   */
  #inherit(rows: readonly ClusterRow[]): readonly ClusterRow[] {
    const isKnown = this.#hasInherited && !rows.some(({ key }) => key.startsWith('brokerConfigs:'));
    if (isKnown) return [];
    this.#hasInherited = true;
    const { nodeId, fixed } = this.#settings;
    const set = (name: string) => this.#resourceConfigs.after(rows, { kind: 'broker', name });
    const settings = { fixed, dynamic: set(`${nodeId}`), dynamicDefaults: set('') };
    const change = this.#inheritance.change(inheritedConfigs(settings));
    if (change === undefined) return [];
    const after = new Inheritance();
    after.replay(change.value);
    const topics = [...this.#topics.values()];
    const news = topics.map((topic) => this.#errands.begin('configure', after.seen(topic)));
    return [change, ...news];
  }

  /** As Kafka does, looks at the configs first, then whether there is such a topic. */
  #alteredTopic(topic: TopicView | undefined, wanted: AlteredTopic): TopicView {
    const { name } = wanted;
    const configs = alteredConfigs(topic?.configs ?? {}, wanted, topicLists);
    if (name === '') {
      const message = 'Default topic resources are not allowed.';
      throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
    }
    const problem = topicNameProblem(name);
    if (problem !== undefined) throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
    checkTopicConfigs(configs, this.#inheritance.configs);
    if (topic === undefined) {
      const message = `The topic '${name}' does not exist.`;
      throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
    }
    if (sameConfigs(topic.configs, configs)) return topic;
    return { ...topic, configs, configsVersion: (topic.configsVersion ?? 0) + 1 };
  }

  #describeQuotas(filter: ClusterCalls['describeClientQuotas']['command']): ClusterOutcome {
    let entries: readonly QuotaEntry[] = [];
    const result = resultOf(() => {
      entries = this.#quotas.matching(filter);
    });
    return answer({ ...result, entries });
  }

  #allocateProducerIds(asked: number): ClusterOutcome {
    const count = Math.min(Math.max(Math.trunc(asked), 1), maxProducerIds);
    const firstProducerId = this.#nextProducerId;
    const rows = [row('producerIds', { next: firstProducerId + count })];
    return answer({ firstProducerId, count }, rows);
  }
}

type ClusterOutcome = Outcome<ClusterReply, ClusterRow>;

function answer(reply: ClusterReply, rows: readonly ClusterRow[] = []): ClusterOutcome {
  return { rows, reply, wake: new Map() };
}

function row(key: string, value: unknown): ClusterRow {
  return { key, value };
}
