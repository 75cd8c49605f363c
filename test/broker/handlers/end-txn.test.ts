import { afterEach, describe, expect, it } from 'vitest';
import { handleEndTxn } from '../../../src/broker/handlers/end-txn.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TransactionClient } from '../transaction-client.ts';

let client: TransactionClient;
afterEach(() => client.close());

async function withTopic(): Promise<void> {
  client = new TransactionClient();
  await client.createTopic('t');
}

const noProducer = { producerId: -1, producerEpoch: -1 };

describe('EndTxn', () => {
  it.each([0, 1, 2, 3, 4])('version %i: ends it, and the epoch stays', async (version) => {
    await withTopic();
    const producer = await client.producer('tx');
    for (const committed of [true, false]) {
      await client.add(0, producer, { t: [0] });
      expect(await client.end(version, producer, committed)).toEqual({
        throttleTimeMs: 0,
        errorCode: ErrorCode.NONE,
        ...noProducer,
      });
    }
  });

  it('version 5: the epoch rises, and so does it for who asks again', async () => {
    await withTopic();
    let producer = await client.producer('tx');
    const { producerId } = producer;
    for (const producerEpoch of [1, 2, 3]) {
      const [{ errorCode }] = await client.write(12, producer);
      expect(errorCode).toBe(ErrorCode.NONE);
      for (let time = 0; time < 2; time++) {
        expect(await client.end(5, producer, producerEpoch !== 2)).toMatchObject({
          errorCode: ErrorCode.NONE,
          producerId,
          producerEpoch,
        });
      }
      producer = { ...producer, producerEpoch };
    }
  });

  it('cannot be undone', async () => {
    await withTopic();
    const producer = await client.producer('tx');
    await client.write(12, producer);
    await client.end(5, producer, true);
    expect(await client.end(5, producer, false)).toMatchObject({
      errorCode: ErrorCode.INVALID_TXN_STATE,
      ...noProducer,
    });
  });

  it('names a fenced producer as the version can', async () => {
    await withTopic();
    const old = await client.producer('tx');
    await client.producer('tx');
    const { INVALID_PRODUCER_EPOCH, PRODUCER_FENCED } = ErrorCode;
    for (const version of [0, 1, 2, 3, 4, 5]) {
      const { errorCode } = await client.end(version, old);
      expect(errorCode).toBe(version < 2 ? INVALID_PRODUCER_EPOCH : PRODUCER_FENCED);
    }
  });

  it.each([
    [4, 32_766, false],
    [5, 32_765, false],
    [5, 32_766, true],
  ])('version %i, epoch %i: brings another id (%s)', async (version, producerEpoch, brings) => {
    client = new TransactionClient();
    const context = client.context(version);
    const asked: number[] = [];
    const transaction = () => ({
      call: async (_kind: string, { newProducerId }: { newProducerId: number }) => {
        asked.push(newProducerId);
        return { errorCode: ErrorCode.NONE, ...noProducer };
      },
    });
    const objects = { ...context.objects, transaction } as unknown as typeof context.objects;
    const request = { transactionalId: 'tx', producerId: 7, producerEpoch, committed: true };
    await handleEndTxn(request, { ...context, objects });
    expect(asked).toEqual([brings ? expect.any(Number) : -1]);
    expect(asked[0] > 0).toBe(brings);
  });

  it('in bad weather is to be repeated', async () => {
    await withTopic();
    const producer = await client.producer('tx');
    client.storm = true;
    const { errorCode } = await client.end(1, producer);
    expect(errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  });
});
