/**
 * AlterConfigs: gives a topic, the broker, a group or a subscription to client metrics a new
 * set of configs.
 * The surprise: what is not named goes back to its default, so an empty list takes everything back.
 *
 * Behaviour
 * - To alter the configs of the topic, the group, or for all else the cluster is asked for.
 * - Checks as Kafka does: a resource or a config that is named twice, null values, then the
 *   configs, then whether there is such a topic. Each resource is accepted or refused by itself.
 * - A broker is this one or, without a name, the default of all (KIP-226). What only a deployment
 *   changes is refused with INVALID_REQUEST. Loggers cannot be altered this way.
 * - validateOnly checks everything and changes nothing.
 *
 * Versions
 * - 1: throttle time · 2: flexible (KIP-482)
 */
import { ConfigOperation } from '../../core/cluster/altered-configs.ts';
import type {
  AlterConfigsRequest,
  AlterConfigsResponse,
} from '../../protocol/apis/alter-configs.ts';
import { alterResources } from '../alter-resources.ts';
import type { Handler } from '../context.ts';

export const handleAlterConfigs: Handler<AlterConfigsRequest, AlterConfigsResponse> = async (
  { resources, validateOnly },
  context,
) => {
  const altered = resources.map(({ resourceType, resourceName, configs }) => ({
    resourceType,
    resourceName,
    changes: configs.map(({ name, value }) => ({ name, operation: ConfigOperation.SET, value })),
  }));
  const responses = await alterResources(altered, { replaces: true, validateOnly }, context);
  return { throttleTimeMs: 0, responses };
};
