import { afterEach, describe, expect, it } from 'vitest';
import { features } from '../../../src/broker/features.ts';
import { updateFeatures } from '../../../src/protocol/apis/update-features.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const update = (feature: string, maxVersionLevel: number, upgradeType = 1) => ({
  feature,
  maxVersionLevel,
  allowDowngrade: false,
  upgradeType,
});
const refused = ErrorCode.INVALID_UPDATE_VERSION;

describe('UpdateFeatures', () => {
  it.each([0, 1, 2])('accepts the levels there are, v%d', async (version) => {
    cluster = await clusterWith({});
    const featureUpdates = features.map(({ name, level }) => ({
      ...update(name, level),
      ...(version === 0 && { upgradeType: 1 }),
    }));
    const context = cluster.connect()(version);
    const answer = await throughBytes(updateFeatures, { featureUpdates }, context);
    expect(answer.errorCode).toBe(ErrorCode.NONE);
    const named = answer.results.map(({ feature, errorCode }) => [feature, errorCode]);
    expect(named).toEqual(version === 2 ? [] : features.map(({ name }) => [name, 0]));
  });

  it.each([
    ['transaction.version', 3, 1],
    ['metadata.version', 25, 2],
    ['metadata.version', 34, 1],
    ['transaction.version', 1, 1],
    ['transaction.version', 1, 2],
    ['transaction.version', 0, 3],
    ['transaction.version', -1, 1],
    ['transaction.version', 2, 0],
    ['metadata.version', 25, 1],
  ])('refuses %s at %d, by upgrade type %d, with all others', async (...wanted) => {
    cluster = await clusterWith({});
    const featureUpdates = [update('transaction.version', 2), update(...wanted)];
    const context = cluster.connect()(1);
    const answer = await throughBytes(updateFeatures, { featureUpdates }, context);
    expect(answer).toMatchObject({ errorCode: refused, results: [] });
    expect(answer.errorMessage).toContain(`${wanted[1]} for feature ${wanted[0]}`);
  });
});
