/**
 * ApiVersions: which APIs a client may use, and in which versions. The surprise: it is the one API
 * that is answered in any version; the door sees to versions it cannot read, since those are
 * answered as version 0 (KIP-511).
 *
 * Behaviour
 * - Answers from the registry of descriptions alone: no object is asked, so a cold cluster answers.
 * - The name and version of the client's software are not checked: any text is fine.
 * - Before version 4 most features are only among the finalized ones, since clients of that time
 *   cannot read a range that starts at 0.
 *
 * Versions
 * - 0: error code and APIs · 1: throttle time · 2: throttled after the answer (KIP-219)
 * - 3: flexible; client software (KIP-511), features as tags (KIP-584), header stays at version 0
 * - 4: features that start at version 0
 */
import type { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/apis/api-versions.ts';
import { apis } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { features } from '../features.ts';

const supported = features.map(({ name, minVersion, maxVersion }) => ({
  name,
  minVersion,
  maxVersion,
}));
const finalized = features.map(({ name, level }) => ({
  name,
  minVersionLevel: level,
  maxVersionLevel: level,
}));

export const handleApiVersions: Handler<ApiVersionsRequest, ApiVersionsResponse> = async (
  _request,
  { apiVersion },
) => ({
  errorCode: ErrorCode.NONE,
  apiKeys: [...apis]
    .sort((one, other) => one.key - other.key)
    .map(({ key, listed: [minVersion, maxVersion] }) => ({ apiKey: key, minVersion, maxVersion })),
  throttleTimeMs: 0,
  supportedFeatures: supported.filter(({ minVersion }) => apiVersion >= 4 || minVersion > 0),
  finalizedFeaturesEpoch: 0,
  finalizedFeatures: finalized,
  zkMigrationReady: false,
});
