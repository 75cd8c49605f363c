/**
 * AlterClientQuotas: sets and removes quotas. The surprise: they hold at once for who came by
 * this gateway, for all others within a minute.
 *
 * Behaviour
 * - To alter the configs of the cluster is asked for.
 * - Each entity is accepted or refused by itself; one named twice is changed once, and refused.
 * - To remove what was never set is no error, not even when there is no such quota.
 * - An ip is an address: the names of hosts are not looked up.
 *
 * Versions
 * - 0: KIP-546 · 1: flexible (KIP-482)
 */
import type {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
} from '../../protocol/apis/alter-client-quotas.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

export const handleAlterClientQuotas: Handler<
  AlterClientQuotasRequest,
  AlterClientQuotasResponse
> = async ({ entries, validateOnly }, context) => {
  await demandOfCluster(context, 'ALTER_CONFIGS');
  const alterations = entries.map(({ entity, ops }) => ({
    entity: Object.fromEntries(
      entity.map(({ entityType, entityName }) => [entityType, entityName]),
    ),
    ops,
  }));
  const controller = context.objects.controller();
  const reply = await controller.call('alterClientQuotas', { alterations, validateOnly });
  context.quotas.changed();
  return {
    throttleTimeMs: 0,
    entries: reply.entries.map(({ entity, errorCode, errorMessage }) => ({
      errorCode,
      errorMessage,
      entity: Object.entries(entity).map(([entityType, entityName]) => ({
        entityType,
        entityName,
      })),
    })),
  };
};
