/**
 * IncrementalAlterConfigs: changes some configs of a topic, the broker, a group or a subscription
 * to client metrics and leaves the rest. The surprise: the answer comes before the partitions know;
 * the controller has written down whom it must tell, and gateways that remember the topic learn of
 * it within a minute.
 *
 * Behaviour
 * - To alter the configs of the topic, the group, or for all else the cluster is asked for.
 * - Checks as Kafka does: a resource or a config that is named twice, null values, then the
 *   configs, then whether there is such a topic. Each resource is accepted or refused by itself.
 * - APPEND and SUBTRACT work on lists; what is appended twice is there once, and what is missing is
 *   subtracted without complaint. To DELETE what was never set is no error.
 * - A broker is this one or, without a name, the default of all (KIP-226). What only a deployment
 *   changes is refused with INVALID_REQUEST; a name nobody knows is kept, and its value not shown.
 * - Loggers are not known here: whatever is set is refused.
 * - validateOnly checks everything and changes nothing.
 *
 * Versions
 * - 1: flexible (KIP-482)
 */
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../protocol/apis/incremental-alter-configs.ts';
import { alterResources } from '../alter-resources.ts';
import type { Handler } from '../context.ts';

export const handleIncrementalAlterConfigs: Handler<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
> = async ({ resources, validateOnly }, context) => {
  const altered = resources.map(({ resourceType, resourceName, configs }) => ({
    resourceType,
    resourceName,
    changes: configs.map(({ name, configOperation, value }) => ({
      name,
      operation: configOperation,
      value,
    })),
  }));
  const responses = await alterResources(altered, { replaces: false, validateOnly }, context);
  return { throttleTimeMs: 0, responses };
};
