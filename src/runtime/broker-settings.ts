/**
 * Asks what the broker's configs are set to. The surprise: every object knows by itself only what
 * came with the deployment; what was set since, the controller keeps.
 */
import type { BrokerSettings } from '../core/cluster/broker-settings.ts';
import type { ClusterCalls } from '../core/cluster/commands.ts';
import type { ConfiguredResource } from '../core/cluster/resource-configs.ts';
import { type BrokerConfig, brokerSettings } from './config.ts';
import type { Stub } from './stubs.ts';

export async function currentBrokerSettings(
  controller: Stub<ClusterCalls>,
  config: BrokerConfig,
): Promise<BrokerSettings> {
  const [settings] = await settingsBeside([], controller, config);
  return settings;
}

/** The same in one call with what is set on something else. */
export async function settingsBeside(
  others: readonly ConfiguredResource[],
  controller: Stub<ClusterCalls>,
  config: BrokerConfig,
): Promise<[settings: BrokerSettings, ...others: Readonly<Record<string, string>>[]]> {
  const brokers = [`${config.nodeId}`, ''].map((name) => ({ kind: 'broker', name }) as const);
  const resources = [...brokers, ...others];
  const { configs } = await controller.call('describeResourceConfigs', { resources });
  const [dynamic, dynamicDefaults, ...beside] = configs;
  return [{ fixed: brokerSettings(config), dynamic, dynamicDefaults }, ...beside];
}
