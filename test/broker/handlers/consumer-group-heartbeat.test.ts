import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConsumerGroupHeartbeatRequest,
  consumerGroupHeartbeat,
} from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

const first = {
  groupId: 'g',
  memberId: 'one',
  memberEpoch: 0,
  rebalanceTimeoutMs: 60_000,
  subscribedTopicNames: ['t'],
  topicPartitions: [],
};

function beat(request: Partial<ConsumerGroupHeartbeatRequest>, version = 1) {
  return client.ask(consumerGroupHeartbeat, version, request);
}

describe('ConsumerGroupHeartbeat', () => {
  it.each([0, 1])('version %i: gives a member what it reads', async (version) => {
    client = new GroupClient();
    await client.createTopic('t', 3);
    const joined = await beat({ ...first, memberId: version === 0 ? '' : 'one' }, version);
    expect(joined).toMatchObject({ errorCode: 0, memberEpoch: 2, heartbeatIntervalMs: 5_000 });
    expect(joined.assignment?.topicPartitions).toMatchObject([{ partitions: [0, 1, 2] }]);
    expect(joined.memberId).toMatch(version === 0 ? /^[-0-9a-f]{36}$/ : /^one$/);
    const memberId = joined.memberId!;
    const again = await beat({ groupId: 'g', memberId, memberEpoch: 2 }, version);
    expect(again).toMatchObject({ errorCode: 0, memberEpoch: 2, assignment: null });
    const left = await beat({ groupId: 'g', memberId, memberEpoch: -1 }, version);
    expect(left).toMatchObject({ errorCode: 0, memberEpoch: -1 });
  });

  it.each([
    [{ groupId: '' }, ErrorCode.INVALID_REQUEST],
    [{ memberId: '' }, ErrorCode.INVALID_REQUEST],
    [{ memberId: ' ' }, ErrorCode.INVALID_REQUEST],
    [{ instanceId: '' }, ErrorCode.INVALID_REQUEST],
    [{ rackId: '' }, ErrorCode.INVALID_REQUEST],
    [{ rebalanceTimeoutMs: -1 }, ErrorCode.INVALID_REQUEST],
    [{ topicPartitions: null }, ErrorCode.INVALID_REQUEST],
    [{ subscribedTopicNames: null }, ErrorCode.INVALID_REQUEST],
    [{ memberEpoch: -2 }, ErrorCode.INVALID_REQUEST],
    [{ memberEpoch: -3 }, ErrorCode.INVALID_REQUEST],
    [{ serverAssignor: 'nobody' }, ErrorCode.UNSUPPORTED_ASSIGNOR],
    [{ subscribedTopicRegex: '(' }, ErrorCode.INVALID_REGULAR_EXPRESSION],
    [{ memberEpoch: 1 }, ErrorCode.GROUP_ID_NOT_FOUND],
    [{ memberEpoch: -1 }, ErrorCode.GROUP_ID_NOT_FOUND],
  ])('refuses %o', async (wrong, errorCode) => {
    client = new GroupClient();
    const answer = await beat({ ...first, ...wrong });
    expect(answer).toMatchObject({ errorCode, memberId: null, assignment: null });
    expect(answer.errorMessage).toBeTruthy();
  });

  it('says which assignors there are, in Kafka’s words', async () => {
    client = new GroupClient();
    const { errorMessage } = await beat({ ...first, serverAssignor: 'nobody' });
    expect(errorMessage).toBe(
      'ServerAssignor nobody is not supported. Supported assignors: uniform, range.',
    );
  });

  it('tells a group of topics that come and grow', async () => {
    client = new GroupClient({ groupConsumerAssignmentIntervalMs: 0 });
    expect((await beat(first)).assignment).toEqual({ topicPartitions: [] });
    await client.createTopic('t', 1);
    const told = await beat({ groupId: 'g', memberId: 'one', memberEpoch: 2 });
    expect(told).toMatchObject({ memberEpoch: 3 });
    expect(told.assignment?.topicPartitions).toMatchObject([{ partitions: [0] }]);
  });

  it('is repeated in bad weather', async () => {
    client = new GroupClient();
    client.storm = true;
    expect((await beat(first)).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
