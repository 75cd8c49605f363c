/**
 * Whether a client may describe, or alter, the configs of what a request names. The surprise: those
 * of brokers, of their loggers and of subscriptions to client metrics are the cluster's.
 */
import type { RequestContext } from './context.ts';
import { deniedCode, mayEach, mayWithCluster, type Resource } from './permissions.ts';
import { ResourceType } from './resource-type.ts';

interface Named {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** What a resource with configs is to the authorizer. */
function typeOf({ resourceType }: Named): Resource {
  if (resourceType === ResourceType.TOPIC) return 'TOPIC';
  return resourceType === ResourceType.GROUP ? 'GROUP' : 'CLUSTER';
}

export function deniedConfigs(resource: Named): number {
  return deniedCode(typeOf(resource));
}

export async function mayWithConfigs(
  context: Pick<RequestContext, 'authorizer'>,
  operation: 'DESCRIBE_CONFIGS' | 'ALTER_CONFIGS',
  resources: readonly Named[],
): Promise<(resource: Named) => boolean> {
  if (context.authorizer.allowsAll) return () => true;
  const namesOf = (type: Resource) =>
    resources.filter((one) => typeOf(one) === type).map(({ resourceName }) => resourceName);
  const mayTopic = await mayEach(context, operation, 'TOPIC', namesOf('TOPIC'));
  const mayGroup = await mayEach(context, operation, 'GROUP', namesOf('GROUP'));
  const mayCluster = namesOf('CLUSTER').length > 0 && (await mayWithCluster(context, operation));
  const byType = { TOPIC: mayTopic, GROUP: mayGroup, CLUSTER: () => mayCluster };
  return (resource) => byType[typeOf(resource) as keyof typeof byType](resource.resourceName);
}
