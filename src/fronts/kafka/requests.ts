/**
 * One request frame in, one response frame out. The surprise: most of what can be wrong with a
 * request is answered by closing the connection, as Kafka does, since bytes that cannot be read,
 * and versions that are not known, leave nothing to encode an error in. ApiVersions is the
 * exception.
 */
import { dispatch, Unanswerable } from '../../broker/broker.ts';
import type { ClientContext } from '../../broker/gateway.ts';
import { DecodeError } from '../../bytes/reader.ts';
import { type ApiVersionsResponse, apiVersions } from '../../protocol/apis/api-versions.ts';
import { consumerGroupDescribe } from '../../protocol/apis/consumer-group-describe.ts';
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
import { fetch } from '../../protocol/apis/fetch.ts';
import { findCoordinator } from '../../protocol/apis/find-coordinator.ts';
import { listConfigResources } from '../../protocol/apis/list-config-resources.ts';
import { listGroups } from '../../protocol/apis/list-groups.ts';
import { listOffsets } from '../../protocol/apis/list-offsets.ts';
import { listPartitionReassignments } from '../../protocol/apis/list-partition-reassignments.ts';
import { listTransactions } from '../../protocol/apis/list-transactions.ts';
import { metadata } from '../../protocol/apis/metadata.ts';
import { offsetFetch } from '../../protocol/apis/offset-fetch.ts';
import { type ProduceRequest, type ProduceResponse, produce } from '../../protocol/apis/produce.ts';
import { shareGroupDescribe } from '../../protocol/apis/share-group-describe.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeResponseFrame, openRequest, type RequestHeader } from '../../protocol/header.ts';
import { decodeRequest } from '../../protocol/schema.ts';

/** As `ConnectionPort.overlaps`: appends do, since each keeps its place once it is under way. */
export function isAppend(frame: Uint8Array): boolean {
  return frame[0] === 0 && frame[1] === produce.key;
}

/** Metadata among them: a topic that it would create is one that somebody was about to use. */
const reads: ReadonlySet<number> = new Set(
  [
    apiVersions,
    describeAcls,
    describeClientQuotas,
    consumerGroupDescribe,
    describeCluster,
    describeConfigs,
    describeGroups,
    describeLogDirs,
    describeProducers,
    describeQuorum,
    describeShareGroupOffsets,
    describeTopicPartitions,
    describeTransactions,
    describeUserScramCredentials,
    fetch,
    findCoordinator,
    listConfigResources,
    listGroups,
    listOffsets,
    listPartitionReassignments,
    listTransactions,
    metadata,
    offsetFetch,
    shareGroupDescribe,
  ].map(({ key }) => key),
);

/** As `ConnectionPort.onlyReads`. */
export function onlyReads(frame: Uint8Array): boolean {
  return frame.byteLength >= 2 && reads.has((frame[0] << 8) | frame[1]);
}

/** As `ConnectionPort.answer`. */
export async function answerRequest(
  frame: Uint8Array,
  client: ClientContext,
  nextMayStart?: () => void,
): Promise<readonly Uint8Array[] | undefined> {
  try {
    const { header, body } = openRequest(frame);
    const { api, apiVersion, clientId, correlationId } = header;
    if (api === undefined || !header.supported) return answerUnknownVersion(header);
    const request = decodeRequest(api, apiVersion, body);
    const context = { ...client, apiVersion, clientId, nextMayStart };
    const response = await dispatch(api, request, context);
    if (api.key === produce.key && (request as unknown as ProduceRequest).acks === 0) {
      return hasFailed(response as unknown as ProduceResponse) ? undefined : [];
    }
    return encodeResponseFrame(api, apiVersion, correlationId, response);
  } catch (error) {
    const expected = error instanceof DecodeError || error instanceof Unanswerable;
    if (!expected) console.error('Kedge met a bug:', error);
    return undefined;
  }
}

/** KIP-511: an ApiVersions nobody knows is answered in version 0, with the versions that are. */
function answerUnknownVersion(header: RequestHeader): readonly Uint8Array[] | undefined {
  if (header.apiKey !== apiVersions.key) return undefined;
  const [minVersion, maxVersion] = apiVersions.listed;
  const response: ApiVersionsResponse = {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: apiVersions.key, minVersion, maxVersion }],
    throttleTimeMs: 0,
    supportedFeatures: [],
    finalizedFeaturesEpoch: -1,
    finalizedFeatures: [],
    zkMigrationReady: false,
  };
  return encodeResponseFrame(apiVersions, 0, header.correlationId, response);
}

/** A client that asked for no answer learns of an error only by losing the connection. */
function hasFailed({ responses }: ProduceResponse): boolean {
  return responses.some(({ partitionResponses }) =>
    partitionResponses.some(({ errorCode }) => errorCode !== ErrorCode.NONE),
  );
}
