/**
 * ListConfigResources: what configs can be set on, or are. The surprise: topics and the broker are
 * always in it, groups and subscriptions to client metrics only with configs of their own.
 *
 * Behaviour
 * - To describe the configs of the cluster is asked for.
 * - No types mean all of them; a type nobody knows is UNSUPPORTED_VERSION.
 *
 * Versions
 * - 0: subscriptions to client metrics alone (KIP-714) · 1: every type (KIP-1142)
 */
import type {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from '../../protocol/apis/list-config-resources.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';
import { ResourceType } from '../resource-type.ts';

type Resource = ListConfigResourcesResponse['configResources'][number];

/** In the order in which Kafka lists them. */
const listed: readonly number[] = [
  ResourceType.GROUP,
  ResourceType.CLIENT_METRICS,
  ResourceType.BROKER_LOGGER,
  ResourceType.BROKER,
  ResourceType.TOPIC,
];

export const handleListConfigResources: Handler<
  ListConfigResourcesRequest,
  ListConfigResourcesResponse
> = async ({ resourceTypes }, context) => {
  await demandOfCluster(context, 'DESCRIBE_CONFIGS');
  const asked = context.apiVersion === 0 ? [ResourceType.CLIENT_METRICS] : resourceTypes;
  const stranger = asked.find((type) => !listed.includes(type));
  if (stranger !== undefined) {
    throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `Unsupported config type ${stranger}`);
  }
  const types = listed.filter((type) => asked.length === 0 || asked.includes(type));
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    configResources: await resourcesOf(types, context),
  };
};

async function resourcesOf(
  types: readonly number[],
  { config, objects, metadata }: RequestContext,
): Promise<Resource[]> {
  const configured =
    types.includes(ResourceType.GROUP) || types.includes(ResourceType.CLIENT_METRICS)
      ? (await objects.controller().call('listResourceConfigs', {})).resources
      : [];
  const topics = types.includes(ResourceType.TOPIC) ? await metadata.topics() : [];
  const named = (kind: string) => configured.filter((one) => one.kind === kind);
  const broker = [{ name: `${config.nodeId}` }];
  const resources = new Map<number, readonly { readonly name: string }[]>([
    [ResourceType.GROUP, named('group')],
    [ResourceType.CLIENT_METRICS, named('clientMetrics')],
    [ResourceType.BROKER_LOGGER, broker],
    [ResourceType.BROKER, broker],
    [ResourceType.TOPIC, topics],
  ]);
  return types.flatMap((resourceType) =>
    resources.get(resourceType)!.map(({ name }) => ({ resourceName: name, resourceType })),
  );
}
