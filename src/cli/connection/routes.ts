/**
 * Who in a cluster answers what. The surprise: a request about several partitions, as the SDK makes
 * them for a Kedge, is one request to each of their leaders in other clusters, and the answers are
 * put together again.
 */
import { addOffsetsToTxn } from '../../protocol/apis/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../protocol/apis/add-partitions-to-txn.ts';
import { alterShareGroupOffsets } from '../../protocol/apis/alter-share-group-offsets.ts';
import { consumerGroupDescribe } from '../../protocol/apis/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from '../../protocol/apis/consumer-group-heartbeat.ts';
import { deleteGroups } from '../../protocol/apis/delete-groups.ts';
import { deleteRecords } from '../../protocol/apis/delete-records.ts';
import { deleteShareGroupOffsets } from '../../protocol/apis/delete-share-group-offsets.ts';
import { describeConfigs } from '../../protocol/apis/describe-configs.ts';
import { describeGroups } from '../../protocol/apis/describe-groups.ts';
import { describeLogDirs } from '../../protocol/apis/describe-log-dirs.ts';
import { describeShareGroupOffsets } from '../../protocol/apis/describe-share-group-offsets.ts';
import { endTxn } from '../../protocol/apis/end-txn.ts';
import { fetch } from '../../protocol/apis/fetch.ts';
import { heartbeat } from '../../protocol/apis/heartbeat.ts';
import { incrementalAlterConfigs } from '../../protocol/apis/incremental-alter-configs.ts';
import { initProducerId } from '../../protocol/apis/init-producer-id.ts';
import { joinGroup } from '../../protocol/apis/join-group.ts';
import { leaveGroup } from '../../protocol/apis/leave-group.ts';
import { listGroups } from '../../protocol/apis/list-groups.ts';
import { listOffsets } from '../../protocol/apis/list-offsets.ts';
import { listTransactions } from '../../protocol/apis/list-transactions.ts';
import { offsetCommit } from '../../protocol/apis/offset-commit.ts';
import { offsetDelete } from '../../protocol/apis/offset-delete.ts';
import { offsetFetch } from '../../protocol/apis/offset-fetch.ts';
import { produce } from '../../protocol/apis/produce.ts';
import { shareGroupDescribe } from '../../protocol/apis/share-group-describe.ts';
import { shareGroupHeartbeat } from '../../protocol/apis/share-group-heartbeat.ts';
import { syncGroup } from '../../protocol/apis/sync-group.ts';
import { txnOffsetCommit } from '../../protocol/apis/txn-offset-commit.ts';
import type { Api, Fields, Infer } from '../../protocol/schema.ts';

export const coordinatorOf = { group: 0, transaction: 1 } as const;
export type CoordinatorKind = keyof typeof coordinatorOf;

/** A request or response whose fields are looked up by name. */
// biome-ignore lint/suspicious/noExplicitAny: of any API
export type Message = any;

/** Where a request goes. */
export type Route =
  | { readonly to: 'broker'; readonly nodeId: number }
  | { readonly to: 'coordinator'; readonly kind: CoordinatorKind; readonly key: string }
  /** To every broker; `list` names what is put together of the answers. */
  | { readonly to: 'all'; readonly list: string }
  | { readonly to: 'leaders'; readonly fields: LeaderFields };

/** Where in a request and its response partitions are. */
export interface LeaderFields {
  readonly topics: string;
  readonly partitions: string;
  /** The name of the number in a partition of the request. */
  readonly index: string;
  readonly answered: string;
  readonly answeredPartitions: string;
}

/** Undefined: any broker knows, or asks the one that does. */
type Way = (request: Message) => Route | undefined;

const ways = new Map<number, Way>();

function way<Q extends Fields>(api: Api<Q, Fields>, of: (request: Infer<Q>) => Route | undefined) {
  ways.set(api.key, of as Way);
}

const group = (key: string): Route => ({ to: 'coordinator', kind: 'group', key });
const transaction = (key: string): Route => ({ to: 'coordinator', kind: 'transaction', key });
/** The SDK asks about one group at a time. */
const first = (keys: readonly string[]) => (keys.length > 0 ? group(keys[0]) : undefined);

for (const api of [
  consumerGroupHeartbeat,
  heartbeat,
  joinGroup,
  leaveGroup,
  offsetCommit,
  offsetDelete,
  shareGroupHeartbeat,
  syncGroup,
  txnOffsetCommit,
  alterShareGroupOffsets,
  deleteShareGroupOffsets,
]) {
  ways.set(api.key, ({ groupId }) => group(groupId));
}
way(consumerGroupDescribe, ({ groupIds }) => first(groupIds));
way(shareGroupDescribe, ({ groupIds }) => first(groupIds));
way(describeGroups, ({ groups }) => first(groups));
way(deleteGroups, ({ groupsNames }) => first(groupsNames));
way(offsetFetch, ({ groupId, groups }) => group(groups[0]?.groupId ?? groupId));
way(describeShareGroupOffsets, ({ groups }) => first(groups.map(({ groupId }) => groupId)));

way(addOffsetsToTxn, ({ transactionalId }) => transaction(transactionalId));
way(endTxn, ({ transactionalId }) => transaction(transactionalId));
way(addPartitionsToTxn, ({ v3AndBelowTransactionalId: id }) => transaction(id));
way(initProducerId, ({ transactionalId: id }) => (id === null ? undefined : transaction(id)));

way(listGroups, () => ({ to: 'all', list: 'groups' }));
way(listTransactions, () => ({ to: 'all', list: 'transactionStates' }));
way(describeLogDirs, () => ({ to: 'all', list: 'results' }));

/** What a broker is set to, only itself knows. */
const broker = 4;
const brokerLogger = 8;
for (const api of [describeConfigs, incrementalAlterConfigs]) {
  ways.set(api.key, ({ resources: [resource] }) => {
    const isOfBroker = [broker, brokerLogger].includes(resource?.resourceType);
    if (!isOfBroker || resource.resourceName === '') return undefined;
    return { to: 'broker', nodeId: Number(resource.resourceName) };
  });
}

const byLeader: readonly (readonly [Api, Partial<LeaderFields>])[] = [
  [listOffsets, {}],
  [deleteRecords, {}],
  [fetch, { index: 'partition', answered: 'responses' }],
  [
    produce,
    {
      topics: 'topicData',
      partitions: 'partitionData',
      index: 'index',
      answered: 'responses',
      answeredPartitions: 'partitionResponses',
    },
  ],
];
for (const [api, fields] of byLeader) {
  const whole: LeaderFields = {
    topics: 'topics',
    partitions: 'partitions',
    index: 'partitionIndex',
    answered: 'topics',
    answeredPartitions: 'partitions',
    ...fields,
  };
  ways.set(api.key, () => ({ to: 'leaders', fields: whole }));
}

/** Whether it is about partitions: a part of the request goes to each leader. */
export function isByLeader(apiKey: number): boolean {
  return byLeader.some(([{ key }]) => key === apiKey);
}

export function routeOf(apiKey: number, request: Message): Route | undefined {
  return ways.get(apiKey)?.(request);
}

/** The same request for each broker, with its partitions only. */
export function splitByLeader(
  request: Message,
  { topics, partitions, index }: LeaderFields,
  leaderOf: (topic: { name?: string; topicId?: string }, partition: number) => number,
): Map<number, Message> {
  const parts = new Map<number, Message>();
  for (const topic of request[topics]) {
    const id = { name: topic.name ?? topic.topic, topicId: topic.topicId };
    const byNode = Map.groupBy(topic[partitions] as Message[], (one) => leaderOf(id, one[index]));
    for (const [nodeId, own] of byNode) {
      const part = parts.get(nodeId) ?? { ...request, [topics]: [] };
      part[topics].push({ ...topic, [partitions]: own });
      parts.set(nodeId, part);
    }
  }
  return parts;
}

/** One response of several: what stands under `list` in each, one after the other. */
export function joined(responses: readonly Message[], list: string): Message {
  const failed = responses.find(({ errorCode }) => errorCode);
  return {
    ...(failed ?? responses[0]),
    throttleTimeMs: Math.max(...responses.map(({ throttleTimeMs = 0 }) => throttleTimeMs)),
    [list]: responses.flatMap((response) => response[list]),
  };
}

/** The same where topics are listed: a topic stands there once, with all its partitions. */
export function joinedByTopic(
  responses: readonly Message[],
  { answered, answeredPartitions }: LeaderFields,
): Message {
  const whole = joined(responses, answered);
  const topics = new Map<string, Message>();
  for (const topic of whole[answered]) {
    const key = JSON.stringify([topic.name ?? topic.topic, topic.topicId]);
    const known = topics.get(key);
    if (known) known[answeredPartitions].push(...topic[answeredPartitions]);
    else topics.set(key, { ...topic, [answeredPartitions]: [...topic[answeredPartitions]] });
  }
  return { ...whole, [answered]: [...topics.values()] };
}
