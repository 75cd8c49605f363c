/**
 * What a topic, a group, a subscription to client metrics or the broker is set to, where each value
 * comes from and what it hides. The surprise: DescribeConfigs calls every place a value may come
 * from a "synonym", the config itself included, and the first of them is the one that counts.
 */
import { brokerConfigs } from './broker-configs.ts';
import { clientMetricsConfigs } from './client-metrics-configs.ts';
import type { ConfigDefinition } from './config-definitions.ts';
import { ConfigSource, ConfigType, printConfig } from './config-definitions.ts';
import { groupConfigs } from './group-configs.ts';
import { topicConfigs } from './topic-configs.ts';

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string;
  readonly source: number;
}

export interface EffectiveConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  /** One of ConfigSource. */
  readonly source: number;
  /** One of ConfigType. */
  readonly type: number;
  readonly documentation: string;
  /** From the one that counts to the default. */
  readonly synonyms: readonly ConfigSynonym[];
}

/** What was set on the broker, by Kafka name. */
export type BrokerSettings = ReadonlyMap<string, string>;

/** Every config of a topic, by name, given what is set on the topic itself. */
export function effectiveTopicConfigs(
  set: Readonly<Record<string, string>>,
  broker: BrokerSettings,
): EffectiveConfig[] {
  return [...topicConfigs.values()].map((definition) => {
    const { name, synonym } = definition;
    const synonyms = synonym === undefined ? [] : brokerSynonyms(synonym, broker);
    if (Object.hasOwn(set, name)) {
      const source = ConfigSource.DYNAMIC_TOPIC_CONFIG;
      synonyms.unshift({ name, value: printConfig(definition, set[name]), source });
    }
    return effective(definition, synonyms, false);
  });
}

/** Every config of the broker, by name. */
export function effectiveBrokerConfigs(broker: BrokerSettings): EffectiveConfig[] {
  return [...brokerConfigs.values()].map((definition) =>
    effective(definition, brokerSynonyms(definition.name, broker), true),
  );
}

/** Every config of a group, by name, given what is set on the group itself. */
export function effectiveGroupConfigs(
  set: Readonly<Record<string, string>>,
  broker: BrokerSettings,
): EffectiveConfig[] {
  return [...groupConfigs.values()].map((definition) => {
    const { name, synonym = name } = definition;
    const synonyms = brokerSynonyms(synonym, broker);
    if (!brokerConfigs.has(synonym)) {
      const source = ConfigSource.DEFAULT_CONFIG;
      synonyms.push({ name: synonym, value: definition.default, source });
    }
    if (Object.hasOwn(set, name)) {
      const source = ConfigSource.DYNAMIC_GROUP_CONFIG;
      synonyms.unshift({ name, value: printConfig(definition, set[name]), source });
    }
    return effective(definition, synonyms, false);
  });
}

/** Every config of a subscription to client metrics; its defaults are nobody else's. */
export function effectiveClientMetricsConfigs(
  set: Readonly<Record<string, string>>,
): EffectiveConfig[] {
  return [...clientMetricsConfigs.values()].map((definition) => {
    const { name } = definition;
    if (!Object.hasOwn(set, name)) return effective(definition, [], false);
    const source = ConfigSource.DYNAMIC_CLIENT_METRICS_CONFIG;
    const synonym = { name, value: printConfig(definition, set[name]), source };
    return effective(definition, [synonym], false);
  });
}

function brokerSynonyms(name: string, broker: BrokerSettings): ConfigSynonym[] {
  const set = broker.get(name);
  const preset = brokerConfigs.get(name)?.default ?? null;
  const found: ConfigSynonym[] = [];
  if (set !== undefined) {
    found.push({ name, value: set, source: ConfigSource.STATIC_BROKER_CONFIG });
  }
  if (preset !== null) found.push({ name, value: preset, source: ConfigSource.DEFAULT_CONFIG });
  return found;
}

function effective(
  definition: ConfigDefinition,
  synonyms: readonly ConfigSynonym[],
  readOnly: boolean,
): EffectiveConfig {
  const { name, type, documentation } = definition;
  const first = synonyms.at(0);
  return {
    name,
    value: first?.value ?? definition.default,
    readOnly,
    source: first?.source ?? ConfigSource.DEFAULT_CONFIG,
    type: ConfigType[type],
    documentation,
    synonyms,
  };
}
