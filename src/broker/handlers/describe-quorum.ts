/**
 * DescribeQuorum: who keeps the cluster's metadata. The surprise: it is one object and no log, so
 * there is one voter, the broker itself, which has always caught up at offset 0.
 *
 * Behaviour
 * - To describe the cluster is asked for.
 * - Nothing but partition 0 of `__cluster_metadata`, alone, is a quorum.
 * - The broker's own address stands for the controller's: to clients they are one.
 *
 * Versions
 * - 0: KIP-595 · 1: times (KIP-836) · 2: messages, directories, nodes (KIP-853)
 */
import type {
  DescribeQuorumRequest,
  DescribeQuorumResponse,
} from '../../protocol/apis/describe-quorum.ts';
import { describeQuorum } from '../../protocol/apis/describe-quorum.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import { defaultsOf } from '../../protocol/schema.ts';
import type { Handler, RequestContext } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

type Partition = DescribeQuorumResponse['topics'][number]['partitions'][number];

const metadataTopic = '__cluster_metadata';

export const handleDescribeQuorum: Handler<DescribeQuorumRequest, DescribeQuorumResponse> = async (
  { topics },
  context,
) => {
  await demandOfCluster(context, 'DESCRIBE');
  const isQuorum = isMetadataAlone(topics);
  return {
    ...defaultsOf(describeQuorum.response.fields),
    errorMessage: '',
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) =>
        isQuorum ? quorum(partitionIndex, context) : nobody(partitionIndex),
      ),
    })),
    nodes: isQuorum && context.apiVersion > 1 ? [node(context)] : [],
  };
};

function isMetadataAlone(topics: DescribeQuorumRequest['topics']): boolean {
  if (topics.length !== 1) return false;
  const [{ topicName, partitions }] = topics;
  return (
    topicName === metadataTopic && partitions.length === 1 && partitions[0].partitionIndex === 0
  );
}

function quorum(partitionIndex: number, { config: { nodeId }, now }: RequestContext): Partition {
  const at = now();
  const itself = {
    ...(defaultsOf(partitionFields.currentVoters.spec.element!.spec.fields!) as Voter),
    replicaId: nodeId,
    lastFetchTimestamp: at,
    lastCaughtUpTimestamp: at,
  };
  return {
    ...blank,
    partitionIndex,
    errorMessage: '',
    leaderId: nodeId,
    leaderEpoch: 1,
    currentVoters: [itself],
  };
}

function nobody(partitionIndex: number): Partition {
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { ...blank, partitionIndex, errorCode, errorMessage: errorInfo(errorCode).message };
}

function node({ config: { nodeId }, advertised }: RequestContext) {
  return { nodeId, listeners: [{ name: 'CONTROLLER', ...advertised }] };
}

type Voter = Partition['currentVoters'][number];
const { topics } = describeQuorum.response.fields;
const partitionFields = topics.spec.element!.spec.fields!.partitions.spec.element!.spec.fields!;
const blank = defaultsOf(partitionFields) as Partition;
