/**
 * What the broker's configs are set to. The surprise: the gateway knows by itself only what came
 * with the deployment; what was set since, the controller keeps.
 */
import type { BrokerSettings } from '../core/cluster/broker-settings.ts';
import { brokerSettings } from '../runtime/config.ts';
import type { RequestContext } from './context.ts';

export async function currentBrokerSettings({
  config,
  objects,
}: RequestContext): Promise<BrokerSettings> {
  const names = [`${config.nodeId}`, ''];
  const resources = names.map((name) => ({ kind: 'broker', name }) as const);
  const { configs } = await objects.controller().call('describeResourceConfigs', { resources });
  const [dynamic, dynamicDefaults] = configs;
  return { fixed: brokerSettings(config), dynamic, dynamicDefaults };
}
