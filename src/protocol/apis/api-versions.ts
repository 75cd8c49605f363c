/**
 * ApiVersions: which APIs and versions a broker speaks, the first thing most clients ask. The
 * surprise: it is the one API whose response header never became flexible, and the one that is
 * answered in any version.
 *
 * Behaviour
 * - An unknown version is answered as version 0 with UNSUPPORTED_VERSION and the range of
 *   ApiVersions alone.
 * - Features are tagged fields of the body; a broker that finalises none leaves them out.
 *
 * Versions
 * - 1 throttle time
 * - 2 the client throttles itself (KIP-219)
 * - 3 flexible; name and version of the client's software (KIP-511); features (KIP-584)
 * - 4 a supported feature may start at level 0 (KIP-1022)
 */
import { api, array, boolean, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

export const apiVersions = api(18, 'ApiVersions', {
  versions: [0, 4],
  flexible: 3,
  request: {
    clientSoftwareName: string.since(3).ignorable(),
    clientSoftwareVersion: string.since(3).ignorable(),
  },
  response: {
    errorCode: int16,
    apiKeys: array(
      struct({
        apiKey: int16,
        minVersion: int16,
        maxVersion: int16,
      }),
    ),
    throttleTimeMs: int32.since(1).ignorable(),
    supportedFeatures: array(
      struct({
        name: string,
        minVersion: int16,
        maxVersion: int16,
      }),
    )
      .since(3)
      .tag(0)
      .ignorable(),
    finalizedFeaturesEpoch: int64.since(3).tag(1).default(-1).ignorable(),
    finalizedFeatures: array(
      struct({
        name: string,
        maxVersionLevel: int16,
        minVersionLevel: int16,
      }),
    )
      .since(3)
      .tag(2)
      .ignorable(),
    zkMigrationReady: boolean.since(3).tag(3).ignorable(),
  },
});

export interface ApiVersionsRequest extends Infer<typeof apiVersions.request.fields> {}
export interface ApiVersionsResponse extends Infer<typeof apiVersions.response.fields> {}
