/**
 * UpdateFeatures: raises or lowers the levels of features. The surprise: from version 2 an error of
 * one feature is the error of all, and the single results are gone.
 *
 * Behaviour
 * - Upgrade type 1 raises, 2 lowers where nothing is lost, 3 lowers anyway.
 *
 * Versions
 * - 1 upgrade types and validateOnly (KIP-584, KIP-778)
 * - 2 no results of single features (KIP-1022)
 */
import { api, array, boolean, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const updateFeatures = api(57, 'UpdateFeatures', {
  versions: [0, 2],
  flexible: 0,
  request: {
    timeoutMs: int32.default(60_000),
    featureUpdates: array(
      struct({
        feature: string,
        maxVersionLevel: int16,
        allowDowngrade: boolean.until(0),
        upgradeType: int8.since(1).default(1),
      }),
    ),
    validateOnly: boolean.since(1),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array(struct({ feature: string, errorCode: int16, errorMessage: string.nullable() }))
      .until(1)
      .ignorable(),
  },
});

export interface UpdateFeaturesRequest extends Infer<typeof updateFeatures.request.fields> {}
export interface UpdateFeaturesResponse extends Infer<typeof updateFeatures.response.fields> {}
