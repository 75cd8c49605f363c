/**
 * DescribeClientQuotas: the quotas that were set, as they were set. The surprise: which of them
 * holds for a client it does not say; `quota-rules.ts` does.
 *
 * Behaviour
 * - To describe the configs of the cluster is asked for.
 * - A filter without components matches everything, unless it is strict: then nothing.
 *
 * Versions
 * - 0: KIP-546 · 1: flexible (KIP-482)
 */
import type {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from '../../protocol/apis/describe-client-quotas.ts';
import { KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

export const handleDescribeClientQuotas: Handler<
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse
> = async (filter, context) => {
  await demandOfCluster(context, 'DESCRIBE_CONFIGS');
  const controller = context.objects.controller();
  const { entries, ...result } = await controller.call('describeClientQuotas', filter);
  if (result.errorCode !== 0) throw new KafkaError(result.errorCode, result.errorMessage ?? '');
  return {
    throttleTimeMs: 0,
    ...result,
    entries: entries.map(({ entity, values }) => ({
      entity: Object.entries(entity).map(([entityType, entityName]) => ({
        entityType,
        entityName,
      })),
      values: Object.entries(values).map(([key, value]) => ({ key, value })),
    })),
  };
};
