import { afterEach, describe, expect, it } from 'vitest';
import { alterClientQuotas } from '../../../src/protocol/apis/alter-client-quotas.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const entry = (entityName: string | null, key: string, value: number) => ({
  entity: [{ entityType: 'user', entityName }],
  ops: [{ key, value, remove: false }],
});

describe('AlterClientQuotas', () => {
  it.each([0, 1])('accepts and refuses each entity by itself, v%d', async (version) => {
    cluster = await clusterWith({});
    const entries = [entry('alice', 'producer_byte_rate', 5), entry(null, 'nonsense', 5)];
    const context = cluster.connect()(version);
    expect(await throughBytes(alterClientQuotas, { entries }, context)).toEqual({
      throttleTimeMs: 0,
      entries: [
        { errorCode: ErrorCode.NONE, errorMessage: null, entity: entries[0].entity },
        {
          errorCode: ErrorCode.INVALID_REQUEST,
          errorMessage: 'Invalid configuration key nonsense',
          entity: entries[1].entity,
        },
      ],
    });
  });

  it('changes nothing with validateOnly', async () => {
    cluster = await clusterWith({});
    const request = { entries: [entry('alice', 'producer_byte_rate', 5)], validateOnly: true };
    const answer = await throughBytes(alterClientQuotas, request, cluster.connect()(1));
    expect(answer.entries[0].errorCode).toBe(ErrorCode.NONE);
    const all = { components: [], strict: false };
    const kept = await cluster.memory.controller().call('describeClientQuotas', all);
    expect(kept.entries).toEqual([]);
  });

  it('asks to try again while the controller is away', async () => {
    cluster = await clusterWith({});
    const context = cluster.connect()(1);
    const controller = () => ({ call: () => Promise.reject(new Weather('away')) });
    const objects = { ...context.objects, controller } as unknown as typeof context.objects;
    const entries = [entry('alice', 'producer_byte_rate', 5)];
    const answer = await throughBytes(alterClientQuotas, { entries }, { ...context, objects });
    expect(answer.entries[0]).toMatchObject({ errorCode: ErrorCode.NOT_CONTROLLER });
  });
});
