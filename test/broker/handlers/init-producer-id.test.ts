import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import type { RequestContext } from '../../../src/broker/context.ts';
import { handleInitProducerId } from '../../../src/broker/handlers/init-producer-id.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { MemoryCluster } from '../memory-cluster.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const request = (more = {}) => ({
  transactionalId: null as string | null,
  transactionTimeoutMs: 60_000,
  producerId: -1,
  producerEpoch: -1,
  ...more,
});
const take = async (context: RequestContext): Promise<number> =>
  (await handleInitProducerId(request(), context)).producerId;

describe('InitProducerId', () => {
  it('gives a fresh id with epoch 0, whatever the producer had before', async () => {
    cluster = new MemoryCluster();
    const context = cluster.connect()(5);
    const answer = { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerEpoch: 0 };
    expect(await handleInitProducerId(request(), context)).toEqual({ ...answer, producerId: 1 });
    const again = request({ producerId: 1, producerEpoch: 0 });
    expect(await handleInitProducerId(again, context)).toEqual({ ...answer, producerId: 2 });
  });

  it('gives no id twice, over many gateways that ask at the same time', async () => {
    cluster = new MemoryCluster();
    const gateways = Array.from({ length: 4 }, () => cluster.connect()(5));
    const asked = Array.from({ length: 2_600 }, (_, i) => take(gateways[i % gateways.length]));
    const ids = await Promise.all(asked);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id > 0)).toBe(true);
  });

  it('asks the controller once in a thousand producers', async () => {
    cluster = new MemoryCluster();
    const context = cluster.connect()(5);
    for (let i = 0; i < 1_000; i++) await take(context);
    expect(cluster.takeAsked()).toEqual(['allocateProducerIds']);
    expect(await take(context)).toBe(1_001);
    expect(cluster.takeAsked()).toEqual(['allocateProducerIds']);
  });

  it.each([
    ['an empty transactional id', { transactionalId: '' }, ErrorCode.INVALID_REQUEST],
    ['an id without its epoch', { producerId: 4 }, ErrorCode.INVALID_REQUEST],
    ['an epoch without its id', { producerEpoch: 4 }, ErrorCode.INVALID_REQUEST],
  ])('refuses %s', async (_what, more, errorCode) => {
    cluster = new MemoryCluster();
    const context = cluster.connect()(5);
    expect(await dispatch(initProducerId, request(more), context)).toMatchObject({
      errorCode,
      producerId: -1,
      producerEpoch: -1,
    });
    expect(cluster.takeAsked()).toEqual([]);
  });
});

describe('InitProducerId with a transactional id', () => {
  const ask = async (version: number, more: Partial<ReturnType<typeof request>> = {}) => {
    const transactional = request({ transactionalId: 'tx', ...more });
    const answer = await dispatch(initProducerId, transactional, context(version));
    return [answer.errorCode, answer.producerId, answer.producerEpoch];
  };
  let context: (apiVersion: number) => RequestContext;
  beforeEach(() => {
    cluster = new MemoryCluster();
    context = cluster.connect();
  });

  it.each([0, 1, 2, 3, 4, 5])('version %i: the same id, a higher epoch', async (version) => {
    const [errorCode, id, epoch] = await ask(version);
    expect([errorCode, epoch]).toEqual([ErrorCode.NONE, 0]);
    expect(await ask(version)).toEqual([ErrorCode.NONE, id, 1]);
  });

  it('raises the epoch of who knows it, and twice the same for who asks twice', async () => {
    const [, producerId] = await ask(5);
    const known = { producerId, producerEpoch: 0 };
    expect(await ask(5, known)).toEqual([ErrorCode.NONE, producerId, 1]);
    expect(await ask(5, known)).toEqual([ErrorCode.NONE, producerId, 1]);
  });

  it('takes id 0 with epoch 0 for none, which is what some client means by it', async () => {
    const [, producerId] = await ask(5);
    const nobody = { producerId: 0, producerEpoch: 0 };
    expect(await ask(5, nobody)).toEqual([ErrorCode.NONE, producerId, 1]);
    expect(await ask(5, nobody)).toEqual([ErrorCode.NONE, producerId, 2]);
  });

  it('names a fenced producer as the version can', async () => {
    const [, producerId] = await ask(5);
    await ask(5);
    await ask(5);
    const old = { producerId, producerEpoch: 0 };
    expect(await ask(3, old)).toEqual([ErrorCode.INVALID_PRODUCER_EPOCH, -1, -1]);
    expect(await ask(4, old)).toEqual([ErrorCode.PRODUCER_FENCED, -1, -1]);
  });

  it.each([0, -1, 900_001])('refuses a timeout of %i ms', async (transactionTimeoutMs) => {
    const refused = [ErrorCode.INVALID_TRANSACTION_TIMEOUT, -1, -1];
    expect(await ask(5, { transactionTimeoutMs })).toEqual(refused);
  });
});
