/**
 * Every API with its handler, and what it says when the handler cannot answer. An API that is
 * described is handled: there is a row here for each.
 */
import { addOffsetsToTxn } from '../../protocol/apis/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../protocol/apis/add-partitions-to-txn.ts';
import { alterClientQuotas } from '../../protocol/apis/alter-client-quotas.ts';
import { alterConfigs } from '../../protocol/apis/alter-configs.ts';
import { alterPartitionReassignments } from '../../protocol/apis/alter-partition-reassignments.ts';
import { alterShareGroupOffsets } from '../../protocol/apis/alter-share-group-offsets.ts';
import { alterUserScramCredentials } from '../../protocol/apis/alter-user-scram-credentials.ts';
import { apiVersions } from '../../protocol/apis/api-versions.ts';
import { consumerGroupDescribe } from '../../protocol/apis/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from '../../protocol/apis/consumer-group-heartbeat.ts';
import { createAcls } from '../../protocol/apis/create-acls.ts';
import { createPartitions } from '../../protocol/apis/create-partitions.ts';
import { createTopics } from '../../protocol/apis/create-topics.ts';
import { deleteAcls } from '../../protocol/apis/delete-acls.ts';
import { deleteGroups } from '../../protocol/apis/delete-groups.ts';
import { deleteRecords } from '../../protocol/apis/delete-records.ts';
import { deleteShareGroupOffsets } from '../../protocol/apis/delete-share-group-offsets.ts';
import { deleteTopics } from '../../protocol/apis/delete-topics.ts';
import { describeAcls } from '../../protocol/apis/describe-acls.ts';
import { describeClientQuotas } from '../../protocol/apis/describe-client-quotas.ts';
import { describeCluster } from '../../protocol/apis/describe-cluster.ts';
import { describeConfigs } from '../../protocol/apis/describe-configs.ts';
import { describeGroups } from '../../protocol/apis/describe-groups.ts';
import { describeLogDirs } from '../../protocol/apis/describe-log-dirs.ts';
import { describeProducers } from '../../protocol/apis/describe-producers.ts';
import { describeQuorum } from '../../protocol/apis/describe-quorum.ts';
import { describeShareGroupOffsets } from '../../protocol/apis/describe-share-group-offsets.ts';
import { describeTopicPartitions } from '../../protocol/apis/describe-topic-partitions.ts';
import { describeTransactions } from '../../protocol/apis/describe-transactions.ts';
import { describeUserScramCredentials } from '../../protocol/apis/describe-user-scram-credentials.ts';
import { electLeaders } from '../../protocol/apis/elect-leaders.ts';
import { endTxn } from '../../protocol/apis/end-txn.ts';
import { fetch } from '../../protocol/apis/fetch.ts';
import { findCoordinator } from '../../protocol/apis/find-coordinator.ts';
import { heartbeat } from '../../protocol/apis/heartbeat.ts';
import { incrementalAlterConfigs } from '../../protocol/apis/incremental-alter-configs.ts';
import { initProducerId } from '../../protocol/apis/init-producer-id.ts';
import { joinGroup } from '../../protocol/apis/join-group.ts';
import { leaveGroup } from '../../protocol/apis/leave-group.ts';
import { listConfigResources } from '../../protocol/apis/list-config-resources.ts';
import { listGroups } from '../../protocol/apis/list-groups.ts';
import { listOffsets } from '../../protocol/apis/list-offsets.ts';
import { listPartitionReassignments } from '../../protocol/apis/list-partition-reassignments.ts';
import { listTransactions } from '../../protocol/apis/list-transactions.ts';
import { metadata } from '../../protocol/apis/metadata.ts';
import { offsetCommit } from '../../protocol/apis/offset-commit.ts';
import { offsetDelete } from '../../protocol/apis/offset-delete.ts';
import { offsetFetch } from '../../protocol/apis/offset-fetch.ts';
import { produce } from '../../protocol/apis/produce.ts';
import { saslAuthenticate } from '../../protocol/apis/sasl-authenticate.ts';
import { saslHandshake } from '../../protocol/apis/sasl-handshake.ts';
import { shareAcknowledge } from '../../protocol/apis/share-acknowledge.ts';
import { shareFetch } from '../../protocol/apis/share-fetch.ts';
import { shareGroupDescribe } from '../../protocol/apis/share-group-describe.ts';
import { shareGroupHeartbeat } from '../../protocol/apis/share-group-heartbeat.ts';
import { syncGroup } from '../../protocol/apis/sync-group.ts';
import { txnOffsetCommit } from '../../protocol/apis/txn-offset-commit.ts';
import { updateFeatures } from '../../protocol/apis/update-features.ts';
import { writeTxnMarkers } from '../../protocol/apis/write-txn-markers.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Api, Fields, Infer } from '../../protocol/schema.ts';
import * as adminRefusals from '../admin-refusals.ts';
import type { Handler } from '../context.ts';
import type { Refuse } from '../refusals.ts';
import * as refusals from '../refusals.ts';
import { refuseAtTop } from '../refusals.ts';
import { handleAddOffsetsToTxn } from './add-offsets-to-txn.ts';
import { handleAddPartitionsToTxn } from './add-partitions-to-txn.ts';
import { handleAlterClientQuotas } from './alter-client-quotas.ts';
import { handleAlterConfigs } from './alter-configs.ts';
import { handleAlterPartitionReassignments } from './alter-partition-reassignments.ts';
import { handleAlterShareGroupOffsets } from './alter-share-group-offsets.ts';
import { handleAlterUserScramCredentials } from './alter-user-scram-credentials.ts';
import { handleApiVersions } from './api-versions.ts';
import { handleConsumerGroupDescribe } from './consumer-group-describe.ts';
import { handleConsumerGroupHeartbeat } from './consumer-group-heartbeat.ts';
import { handleCreateAcls } from './create-acls.ts';
import { handleCreatePartitions } from './create-partitions.ts';
import { handleCreateTopics } from './create-topics.ts';
import { handleDeleteAcls } from './delete-acls.ts';
import { handleDeleteGroups } from './delete-groups.ts';
import { handleDeleteRecords } from './delete-records.ts';
import { handleDeleteShareGroupOffsets } from './delete-share-group-offsets.ts';
import { handleDeleteTopics } from './delete-topics.ts';
import { handleDescribeAcls } from './describe-acls.ts';
import { handleDescribeClientQuotas } from './describe-client-quotas.ts';
import { handleDescribeCluster } from './describe-cluster.ts';
import { handleDescribeConfigs } from './describe-configs.ts';
import { handleDescribeGroups } from './describe-groups.ts';
import { handleDescribeLogDirs } from './describe-log-dirs.ts';
import { handleDescribeProducers } from './describe-producers.ts';
import { handleDescribeQuorum } from './describe-quorum.ts';
import { handleDescribeShareGroupOffsets } from './describe-share-group-offsets.ts';
import { handleDescribeTopicPartitions } from './describe-topic-partitions.ts';
import { handleDescribeTransactions } from './describe-transactions.ts';
import { handleDescribeUserScramCredentials } from './describe-user-scram-credentials.ts';
import { handleElectLeaders } from './elect-leaders.ts';
import { handleEndTxn } from './end-txn.ts';
import { handleFetch } from './fetch.ts';
import { handleFindCoordinator } from './find-coordinator.ts';
import { handleHeartbeat } from './heartbeat.ts';
import { handleIncrementalAlterConfigs } from './incremental-alter-configs.ts';
import { handleInitProducerId } from './init-producer-id.ts';
import { handleJoinGroup } from './join-group.ts';
import { handleLeaveGroup } from './leave-group.ts';
import { handleListConfigResources } from './list-config-resources.ts';
import { handleListGroups } from './list-groups.ts';
import { handleListOffsets } from './list-offsets.ts';
import { handleListPartitionReassignments } from './list-partition-reassignments.ts';
import { handleListTransactions } from './list-transactions.ts';
import { handleMetadata } from './metadata.ts';
import { handleOffsetCommit } from './offset-commit.ts';
import { handleOffsetDelete } from './offset-delete.ts';
import { handleOffsetFetch } from './offset-fetch.ts';
import { handleProduce } from './produce.ts';
import { handleSaslAuthenticate } from './sasl-authenticate.ts';
import { handleSaslHandshake } from './sasl-handshake.ts';
import { handleShareAcknowledge } from './share-acknowledge.ts';
import { handleShareFetch } from './share-fetch.ts';
import { handleShareGroupDescribe } from './share-group-describe.ts';
import { handleShareGroupHeartbeat } from './share-group-heartbeat.ts';
import { handleSyncGroup } from './sync-group.ts';
import { handleTxnOffsetCommit } from './txn-offset-commit.ts';
import { handleUpdateFeatures } from './update-features.ts';
import { handleWriteTxnMarkers } from './write-txn-markers.ts';

/** How one API is served. */
export interface Served<Q extends Fields, R extends Fields> {
  readonly api: Api<Q, R>;
  readonly handle: Handler<Infer<Q>, Infer<R>>;
  readonly refuse: Refuse<Q, R>;
  /** The code for weather: one that clients of this API answer by trying again. */
  readonly weather: number;
}

const served = new Map<number, Served<Fields, Fields>>();

function serve<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  handle: Handler<Infer<Q>, Infer<R>>,
  refuse: Refuse<Q, R>,
  weather: number,
): void {
  const row: Served<Q, R> = { api, handle, refuse, weather };
  // One map for all of them forgets the types; `servedBy` finds them again by the API.
  served.set(api.key, row as unknown as Served<Fields, Fields>);
}

/** How this API is served; undefined when it is not. */
export function servedBy<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
): Served<Q, R> | undefined {
  return served.get(api.key) as unknown as Served<Q, R> | undefined;
}

const {
  COORDINATOR_LOAD_IN_PROGRESS: loading,
  COORDINATOR_NOT_AVAILABLE: noCoordinator,
  LEADER_NOT_AVAILABLE: noLeader,
  NOT_CONTROLLER: noController,
  // Consumers give up on COORDINATOR_NOT_AVAILABLE in an OffsetFetch; this one they all repeat.
  NOT_COORDINATOR: notCoordinator,
  NOT_LEADER_OR_FOLLOWER: notLeader,
  REQUEST_TIMED_OUT: timedOut,
} = ErrorCode;

serve(produce, handleProduce, refusals.refuseProduce, notLeader);
serve(fetch, handleFetch, refusals.refuseFetch, notLeader);
serve(listOffsets, handleListOffsets, refusals.refuseListOffsets, notLeader);
serve(metadata, handleMetadata, refusals.refuseMetadata, noLeader);
serve(offsetCommit, handleOffsetCommit, refusals.refuseOffsetCommit, notCoordinator);
serve(offsetFetch, handleOffsetFetch, refusals.refuseOffsetFetch, notCoordinator);
serve(findCoordinator, handleFindCoordinator, refusals.refuseFindCoordinator, noCoordinator);
serve(joinGroup, handleJoinGroup, refusals.refuseJoinGroup, notCoordinator);
serve(heartbeat, handleHeartbeat, refuseAtTop(heartbeat), notCoordinator);
serve(leaveGroup, handleLeaveGroup, refuseAtTop(leaveGroup), notCoordinator);
serve(syncGroup, handleSyncGroup, refuseAtTop(syncGroup), notCoordinator);
serve(
  consumerGroupHeartbeat,
  handleConsumerGroupHeartbeat,
  refuseAtTop(consumerGroupHeartbeat),
  notCoordinator,
);
serve(
  consumerGroupDescribe,
  handleConsumerGroupDescribe,
  refusals.refuseConsumerGroupDescribe,
  notCoordinator,
);
serve(
  shareGroupHeartbeat,
  handleShareGroupHeartbeat,
  refuseAtTop(shareGroupHeartbeat),
  notCoordinator,
);
serve(
  shareGroupDescribe,
  handleShareGroupDescribe,
  refusals.refuseShareGroupDescribe,
  notCoordinator,
);
serve(
  describeShareGroupOffsets,
  handleDescribeShareGroupOffsets,
  refusals.refuseDescribeShareGroupOffsets,
  notCoordinator,
);
serve(
  alterShareGroupOffsets,
  handleAlterShareGroupOffsets,
  refuseAtTop(alterShareGroupOffsets),
  notCoordinator,
);
serve(
  deleteShareGroupOffsets,
  handleDeleteShareGroupOffsets,
  refuseAtTop(deleteShareGroupOffsets),
  notCoordinator,
);
serve(describeGroups, handleDescribeGroups, refusals.refuseDescribeGroups, notCoordinator);
serve(listGroups, handleListGroups, refuseAtTop(listGroups), noCoordinator);
serve(saslHandshake, handleSaslHandshake, refuseAtTop(saslHandshake), timedOut);
serve(saslAuthenticate, handleSaslAuthenticate, refuseAtTop(saslAuthenticate), timedOut);
serve(apiVersions, handleApiVersions, refuseAtTop(apiVersions), timedOut);
serve(createTopics, handleCreateTopics, refusals.refuseCreateTopics, noController);
serve(deleteTopics, handleDeleteTopics, refusals.refuseDeleteTopics, noController);
serve(deleteRecords, handleDeleteRecords, refusals.refuseDeleteRecords, notLeader);
serve(initProducerId, handleInitProducerId, refusals.refuseInitProducerId, loading);
serve(
  addPartitionsToTxn,
  handleAddPartitionsToTxn,
  refusals.refuseAddPartitionsToTxn,
  noCoordinator,
);
serve(addOffsetsToTxn, handleAddOffsetsToTxn, refuseAtTop(addOffsetsToTxn), noCoordinator);
serve(endTxn, handleEndTxn, refuseAtTop(endTxn), noCoordinator);
serve(writeTxnMarkers, handleWriteTxnMarkers, refusals.refuseWriteTxnMarkers, notLeader);
serve(txnOffsetCommit, handleTxnOffsetCommit, refusals.refuseOffsetCommit, notCoordinator);
serve(describeConfigs, handleDescribeConfigs, refusals.refuseDescribeConfigs, timedOut);
serve(alterConfigs, handleAlterConfigs, refusals.refuseAlterConfigs, noController);
serve(describeLogDirs, handleDescribeLogDirs, refusals.refuseDescribeLogDirs, timedOut);
serve(createPartitions, handleCreatePartitions, refusals.refuseCreatePartitions, noController);
serve(deleteGroups, handleDeleteGroups, refusals.refuseDeleteGroups, notCoordinator);
serve(
  incrementalAlterConfigs,
  handleIncrementalAlterConfigs,
  refusals.refuseAlterConfigs,
  noController,
);
serve(offsetDelete, handleOffsetDelete, refuseAtTop(offsetDelete), notCoordinator);
serve(describeCluster, handleDescribeCluster, refuseAtTop(describeCluster), timedOut);
serve(describeProducers, handleDescribeProducers, refusals.refuseDescribeProducers, notLeader);
serve(
  describeTransactions,
  handleDescribeTransactions,
  refusals.refuseDescribeTransactions,
  loading,
);
serve(listTransactions, handleListTransactions, refuseAtTop(listTransactions), loading);
serve(describeAcls, handleDescribeAcls, refuseAtTop(describeAcls), timedOut);
serve(createAcls, handleCreateAcls, adminRefusals.refuseCreateAcls, noController);
serve(deleteAcls, handleDeleteAcls, adminRefusals.refuseDeleteAcls, noController);
serve(electLeaders, handleElectLeaders, adminRefusals.refuseElectLeaders, noController);
serve(
  alterPartitionReassignments,
  handleAlterPartitionReassignments,
  adminRefusals.refuseAlterPartitionReassignments,
  noController,
);
serve(
  listPartitionReassignments,
  handleListPartitionReassignments,
  refuseAtTop(listPartitionReassignments),
  noController,
);
serve(
  describeClientQuotas,
  handleDescribeClientQuotas,
  adminRefusals.refuseDescribeClientQuotas,
  timedOut,
);
serve(
  alterClientQuotas,
  handleAlterClientQuotas,
  adminRefusals.refuseAlterClientQuotas,
  noController,
);
serve(
  describeUserScramCredentials,
  handleDescribeUserScramCredentials,
  adminRefusals.refuseDescribeUserScramCredentials,
  noController,
);
serve(
  alterUserScramCredentials,
  handleAlterUserScramCredentials,
  adminRefusals.refuseAlterUserScramCredentials,
  noController,
);
serve(describeQuorum, handleDescribeQuorum, refuseAtTop(describeQuorum), noController);
serve(updateFeatures, handleUpdateFeatures, refuseAtTop(updateFeatures), noController);
serve(listConfigResources, handleListConfigResources, refuseAtTop(listConfigResources), timedOut);
serve(
  describeTopicPartitions,
  handleDescribeTopicPartitions,
  adminRefusals.refuseDescribeTopicPartitions,
  noLeader,
);
serve(shareFetch, handleShareFetch, refusals.refuseInSilence(shareFetch), notLeader);
serve(
  shareAcknowledge,
  handleShareAcknowledge,
  refusals.refuseInSilence(shareAcknowledge),
  notLeader,
);
