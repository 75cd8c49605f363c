import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import { handleDescribeCluster } from '../../../src/broker/handlers/describe-cluster.ts';
import { describeCluster } from '../../../src/protocol/apis/describe-cluster.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { MemoryCluster } from '../memory-cluster.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const request = (endpointType = 1, includeClusterAuthorizedOperations = false) => ({
  includeClusterAuthorizedOperations,
  endpointType,
  includeFencedBrokers: true,
});

describe('DescribeCluster', () => {
  it('is the one broker, with the id that Metadata says', async () => {
    cluster = new MemoryCluster({ nodeId: 5 });
    const context = cluster.connect()(2);
    const response = await handleDescribeCluster(request(), context);
    expect(response).toEqual({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      endpointType: 1,
      clusterId: await context.metadata.clusterId(),
      controllerId: 5,
      brokers: [{ brokerId: 5, host: 'localhost', port: 9092, rack: null, isFenced: false }],
      clusterAuthorizedOperations: -2147483648,
    });
    expect(cluster.takeAsked()).toEqual(['getTopics']);
  });

  it('tells what one may do when asked', async () => {
    cluster = new MemoryCluster();
    const response = await handleDescribeCluster(request(1, true), cluster.connect()(0));
    expect(response.clusterAuthorizedOperations).toBe(8096);
  });

  it.each([
    [2, ErrorCode.MISMATCHED_ENDPOINT_TYPE],
    [3, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE],
  ])('refuses endpoints of type %d', async (endpointType, errorCode) => {
    cluster = new MemoryCluster();
    const context = cluster.connect()(2);
    expect(await dispatch(describeCluster, request(endpointType), context)).toMatchObject({
      errorCode,
      errorMessage: expect.stringMatching(/endpoint/),
    });
  });
});
