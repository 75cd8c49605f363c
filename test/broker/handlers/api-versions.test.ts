import { describe, expect, it } from 'vitest';
import { handleApiVersions } from '../../../src/broker/handlers/api-versions.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { apiVersions } from '../../../src/protocol/apis/api-versions.ts';
import { apis } from '../../../src/protocol/apis/index.ts';
import { decodeResponse, encodeResponse } from '../../../src/protocol/schema.ts';
import { TestCluster } from '../test-cluster.ts';

const request = { clientSoftwareName: 'anything at all!', clientSoftwareVersion: '' };

describe('ApiVersions', () => {
  it('lists every API by key, in each of its versions, and asks no object', async () => {
    const cluster = new TestCluster();
    for (let version = 0; version <= apiVersions.versions[1]; version++) {
      const response = await handleApiVersions(request, cluster.client().context(version));
      const bytes = concat(encodeResponse(apiVersions, version, response));
      const { errorCode, apiKeys } = decodeResponse(apiVersions, version, bytes);
      expect(errorCode).toBe(0);
      const keys = apiKeys.map(({ apiKey }) => apiKey);
      expect(keys).toEqual(apis.map(({ key }) => key).sort((a, b) => a - b));
    }
    expect(cluster.calls).toEqual([]);
  });

  it('lists the old versions of Produce without which librdkafka does not compress', async () => {
    const response = await handleApiVersions(request, new TestCluster().client().context(0));
    const range = (key: number) => response.apiKeys.find(({ apiKey }) => apiKey === key);
    expect(range(0)).toEqual({ apiKey: 0, minVersion: 0, maxVersion: 13 });
    expect(range(1)).toMatchObject({ minVersion: 4 });
    expect(range(11)).toMatchObject({ minVersion: 0 });
  });

  it.each([
    [3, 7],
    [4, 0],
  ])(
    'version %i: transactions v2 and the new protocols are final, ranges begin at %i at least',
    async (version, least) => {
      const context = new TestCluster().client().context(version);
      const bytes = concat(
        encodeResponse(apiVersions, version, await handleApiVersions(request, context)),
      );
      expect(decodeResponse(apiVersions, version, bytes)).toMatchObject({
        supportedFeatures: [
          { name: 'group.version', minVersion: 0, maxVersion: 1 },
          { name: 'metadata.version', minVersion: 7, maxVersion: 33 },
          { name: 'share.version', minVersion: 0, maxVersion: 1 },
          { name: 'transaction.version', minVersion: 0, maxVersion: 2 },
        ].filter(({ minVersion }) => minVersion >= least),
        finalizedFeaturesEpoch: 0,
        finalizedFeatures: [
          { name: 'group.version', minVersionLevel: 1, maxVersionLevel: 1 },
          { name: 'metadata.version', minVersionLevel: 33, maxVersionLevel: 33 },
          { name: 'share.version', minVersionLevel: 1, maxVersionLevel: 1 },
          { name: 'transaction.version', minVersionLevel: 2, maxVersionLevel: 2 },
        ],
      });
    },
  );
});
