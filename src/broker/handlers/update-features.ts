/**
 * UpdateFeatures: raises or lowers what is final. The surprise: nothing can be, since Kedge has one
 * level of each feature; to ask for that level is no change, and succeeds.
 *
 * Behaviour
 * - To alter the cluster is asked for.
 * - One update that cannot be refuses them all.
 * - What may be lowered in Kafka may not here: INVALID_UPDATE_VERSION.
 *
 * Versions
 * - 1: upgrade types and validateOnly · 2: no results of single features (KIP-1022)
 */
import type {
  UpdateFeaturesRequest,
  UpdateFeaturesResponse,
} from '../../protocol/apis/update-features.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { features } from '../features.ts';
import { demandOfCluster } from '../permissions.ts';

type Update = UpdateFeaturesRequest['featureUpdates'][number];

const upgradeType = { upgrade: 1, safeDowngrade: 2, unsafeDowngrade: 3 };

export const handleUpdateFeatures: Handler<UpdateFeaturesRequest, UpdateFeaturesResponse> = async (
  { featureUpdates },
  context,
) => {
  await demandOfCluster(context, 'ALTER');
  const { apiVersion } = context;
  for (const update of featureUpdates) check(update, apiVersion);
  const results = featureUpdates.map(({ feature }) => ({
    feature,
    errorCode: ErrorCode.NONE,
    errorMessage: 'NONE',
  }));
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    results: apiVersion > 1 ? [] : results,
  };
};

function check(update: Update, apiVersion: number): void {
  const { feature: name, maxVersionLevel: level } = update;
  const known: readonly number[] = Object.values(upgradeType);
  const feature = features.find((one) => one.name === name);
  if (apiVersion > 0 && !known.includes(update.upgradeType)) {
    throw refused(update, 'The upgrade type is not supported.');
  }
  if (level < 0) throw refused(update, 'A feature version cannot be less than 0.');
  if (feature === undefined) throw refused(update, 'There is no such feature.');
  if (level < feature.minVersion || level > feature.maxVersion) {
    const range = `${feature.minVersion} to ${feature.maxVersion}`;
    throw refused(update, `Only versions ${range} are supported.`);
  }
  if (level < feature.level) throw refused(update, `It is ${feature.level} and cannot be lowered.`);
}

function refused({ feature, maxVersionLevel }: Update, why: string): KafkaError {
  return new KafkaError(
    ErrorCode.INVALID_UPDATE_VERSION,
    'The update failed for all features since the following feature had an error: ' +
      `Invalid update version ${maxVersionLevel} for feature ${feature}. ${why}`,
  );
}
