/**
 * DescribeCluster: cluster id, controller and brokers, without topics (KIP-700). The surprise: it
 * was born flexible, so it has no ordinary version at all.
 *
 * Behaviour
 * - Endpoint type 1 asks for brokers, 2 for controllers; a broker only answers the first.
 *
 * Versions
 * - 1 endpoint type (KIP-919)
 * - 2 fenced brokers (KIP-1073)
 */
import { api, array, boolean, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const describeCluster = api(60, 'DescribeCluster', {
  versions: [0, 2],
  flexible: 0,
  request: {
    includeClusterAuthorizedOperations: boolean,
    endpointType: int8.since(1).default(1),
    includeFencedBrokers: boolean.since(2),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    endpointType: int8.since(1).default(1),
    clusterId: string,
    controllerId: int32.default(-1),
    brokers: array(
      struct({
        brokerId: int32,
        host: string,
        port: int32,
        rack: string.nullable().default(null),
        isFenced: boolean.since(2),
      }),
    ),
    clusterAuthorizedOperations: int32.default(-0x8000_0000),
  },
});

export interface DescribeClusterRequest extends Infer<typeof describeCluster.request.fields> {}
export interface DescribeClusterResponse extends Infer<typeof describeCluster.response.fields> {}
