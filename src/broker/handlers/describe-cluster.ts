/**
 * DescribeCluster: the cluster's id and the one broker clients see, which is its controller too.
 * The surprise: asking a broker for the controllers' endpoints is an error that names the mistake.
 *
 * Versions
 * - 0: KIP-700 · 1: endpoint types (KIP-919) · 2: fenced brokers (KIP-1073), of which there are
 *   none
 */
import type {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from '../../protocol/apis/describe-cluster.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { clusterOperations } from '../authorized-operations.ts';
import type { Handler } from '../context.ts';

const endpointType = { brokers: 1, controllers: 2 };

export const handleDescribeCluster: Handler<
  DescribeClusterRequest,
  DescribeClusterResponse
> = async (request, context) => {
  const { config, advertised, metadata } = context;
  const { nodeId } = config;
  if (request.endpointType === endpointType.controllers) {
    throw new KafkaError(
      ErrorCode.MISMATCHED_ENDPOINT_TYPE,
      'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER',
    );
  }
  if (request.endpointType !== endpointType.brokers) {
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
      `Unsupported endpoint type ${request.endpointType}`,
    );
  }
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    endpointType: endpointType.brokers,
    clusterId: await metadata.clusterId(),
    controllerId: nodeId,
    brokers: [{ brokerId: nodeId, ...advertised, rack: null, isFenced: false }],
    clusterAuthorizedOperations: await clusterOperations(
      request.includeClusterAuthorizedOperations,
      context,
    ),
  };
};
