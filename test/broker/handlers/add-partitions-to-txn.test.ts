import { afterEach, describe, expect, it } from 'vitest';
import { addPartitionsToTxn } from '../../../src/protocol/apis/add-partitions-to-txn.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TransactionClient } from '../transaction-client.ts';

const {
  COORDINATOR_NOT_AVAILABLE,
  INVALID_PRODUCER_EPOCH,
  OPERATION_NOT_ATTEMPTED,
  PRODUCER_FENCED,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_TOPIC_OR_PARTITION,
} = ErrorCode;

let client: TransactionClient;
afterEach(() => client.close());

async function withTopic(): Promise<void> {
  client = new TransactionClient();
  await client.createTopic('t', 2);
}

describe('AddPartitionsToTxn', () => {
  it.each([0, 1, 2, 3])('version %i: lets partitions be written to', async (version) => {
    await withTopic();
    const producer = await client.producer('tx');
    const [before] = await client.write(9, producer, { partitions: [1] });
    expect(before.errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(await client.add(version, producer, { t: [1, 0] })).toEqual(['t:1 0', 't:0 0']);
    for (const { errorCode } of await client.write(9, producer, { partitions: [0, 1] })) {
      expect(errorCode).toBe(ErrorCode.NONE);
    }
  });

  it('adds nothing when something cannot be added', async () => {
    await withTopic();
    const producer = await client.producer('tx');
    expect(await client.add(3, producer, { t: [0, 2, -1], nope: [0] })).toEqual([
      `t:0 ${OPERATION_NOT_ATTEMPTED}`,
      `t:2 ${UNKNOWN_TOPIC_OR_PARTITION}`,
      `t:-1 ${UNKNOWN_TOPIC_OR_PARTITION}`,
      `nope:0 ${UNKNOWN_TOPIC_OR_PARTITION}`,
    ]);
    const [written] = await client.write(9, producer);
    expect(written.errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
  });

  it("refuses Kafka's own topics for good, or clients would ask for ever", async () => {
    await withTopic();
    const producer = await client.producer('tx');
    expect(await client.add(3, producer, { t: [0], __consumer_offsets: [0] })).toEqual([
      `t:0 ${OPERATION_NOT_ATTEMPTED}`,
      `__consumer_offsets:0 ${TOPIC_AUTHORIZATION_FAILED}`,
    ]);
  });

  it('names a fenced producer as the version can', async () => {
    await withTopic();
    const old = await client.producer('tx');
    await client.producer('tx');
    const codes = [0, 1, 2, 3].map((version) => client.add(version, old, { t: [0] }));
    expect(await Promise.all(codes)).toEqual([
      [`t:0 ${INVALID_PRODUCER_EPOCH}`],
      [`t:0 ${INVALID_PRODUCER_EPOCH}`],
      [`t:0 ${PRODUCER_FENCED}`],
      [`t:0 ${PRODUCER_FENCED}`],
    ]);
  });

  it('takes no topics at all', async () => {
    await withTopic();
    expect(await client.add(3, await client.producer('tx'), {})).toEqual([]);
  });

  it('adds the topic that bears the name now', async () => {
    await withTopic();
    const producer = await client.producer('tx');
    expect(await client.add(3, producer, { t: [0] })).toEqual(['t:0 0']);
    await client.deleteTopic('t');
    expect(await client.add(3, producer, { t: [0] })).toEqual([
      `t:0 ${UNKNOWN_TOPIC_OR_PARTITION}`,
    ]);
    await client.createTopic('t', 2);
    expect(await client.add(3, producer, { t: [0] })).toEqual(['t:0 0']);
    const [written] = await client.write(13, producer);
    expect(written.errorCode).toBe(ErrorCode.NONE);
  });

  it('in bad weather is to be repeated', async () => {
    await withTopic();
    const producer = await client.producer('tx');
    client.storm = true;
    const topics = [{ name: 't', partitions: [0] }];
    const answer = await client.ask(addPartitionsToTxn, 0, { v3AndBelowTopics: topics });
    expect(answer.resultsByTopicV3AndBelow[0].resultsByPartition).toEqual([
      { partitionIndex: 0, partitionErrorCode: COORDINATOR_NOT_AVAILABLE },
    ]);
    client.storm = false;
    expect(await client.add(0, producer, { t: [0] })).toEqual(['t:0 0']);
  });
});
