/**
 * AlterClientQuotas: sets and removes quotas. The surprise: nobody is throttled by them; they are
 * kept, checked and described as Kafka does.
 *
 * Behaviour
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

export const handleAlterClientQuotas: Handler<
  AlterClientQuotasRequest,
  AlterClientQuotasResponse
> = async ({ entries, validateOnly }, { objects }) => {
  const alterations = entries.map(({ entity, ops }) => ({
    entity: Object.fromEntries(
      entity.map(({ entityType, entityName }) => [entityType, entityName]),
    ),
    ops,
  }));
  const reply = await objects.controller().call('alterClientQuotas', { alterations, validateOnly });
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
