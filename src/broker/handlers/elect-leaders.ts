/**
 * ElectLeaders: asks that partitions be led by their preferred replica. The surprise: every
 * partition has one replica here, which leads it already, so no election is ever needed; that is an
 * error, and one that tools take well.
 *
 * Behaviour
 * - To alter the cluster is asked for.
 * - For all partitions there are: every topic with an empty list, since only what changed is told.
 *
 * Versions
 * - 1: election type, an error of the whole (KIP-460) · 2: flexible (KIP-482)
 */
import type {
  ElectLeadersRequest,
  ElectLeadersResponse,
} from '../../protocol/apis/elect-leaders.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

type PartitionResult =
  ElectLeadersResponse['replicaElectionResults'][number]['partitionResult'][number];

const electionType = { preferred: 0, unclean: 1 };

export const handleElectLeaders: Handler<ElectLeadersRequest, ElectLeadersResponse> = async (
  request,
  context,
) => {
  await demandOfCluster(context, 'ALTER');
  const { metadata } = context;
  const known: readonly number[] = Object.values(electionType);
  if (!known.includes(request.electionType)) {
    const message = `Unknown election type ${request.electionType}`;
    throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
  }
  const all = request.topicPartitions === null ? await metadata.topics() : [];
  const asked = request.topicPartitions ?? all.map(({ name }) => ({ topic: name, partitions: [] }));
  const found = await metadata.recent(asked.map(({ topic }) => topic));
  const replicaElectionResults = asked.map(({ topic, partitions }) => {
    const count = found.get(topic)?.partitions;
    return {
      topic,
      partitionResult: partitions.map((partitionId) => refusal(topic, partitionId, count)),
    };
  });
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, replicaElectionResults };
};

/** Why this partition needs no new leader; `count` is how many its topic has, if there is one. */
function refusal(topic: string, partitionId: number, count: number | undefined): PartitionResult {
  const exists = count !== undefined && partitionId >= 0 && partitionId < count;
  if (exists) {
    const errorCode = ErrorCode.ELECTION_NOT_NEEDED;
    return { partitionId, errorCode, errorMessage: errorInfo(errorCode).message };
  }
  const missing =
    count === undefined ? `topic as ${topic}` : `partition as ${topic}-${partitionId}`;
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { partitionId, errorCode, errorMessage: `No such ${missing}` };
}
