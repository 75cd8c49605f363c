/**
 * What a topic, a group, a subscription to client metrics or the broker is set to, where each value
 * comes from and what it hides. The surprise: DescribeConfigs calls every place a value may come
 * from a "synonym", the config itself included, and the first of them is the one that counts.
 */
import { brokerConfigs, dynamicBrokerConfigs } from './broker-configs.ts';
import { type BrokerSettings, brokerSynonyms, type ConfigSynonym } from './broker-settings.ts';
import { clientMetricsConfigs } from './client-metrics-configs.ts';
import type { ConfigDefinition } from './config-definitions.ts';
import { ConfigSource, ConfigType, printConfig } from './config-definitions.ts';
import { groupConfigs } from './group-configs.ts';
import { inheritedValue } from './inherited-configs.ts';
import { topicConfigs } from './topic-configs.ts';

export interface EffectiveConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  /** One of ConfigSource. */
  readonly source: number;
  /** One of ConfigType; 0 of what nobody knows. */
  readonly type: number;
  /** Its values are not to be seen. */
  readonly isSensitive: boolean;
  readonly documentation: string | null;
  /** From the one that counts to the default. */
  readonly synonyms: readonly ConfigSynonym[];
}

/** Every config of a topic, by name, given what is set on the topic itself. */
export function effectiveTopicConfigs(
  set: Readonly<Record<string, string>>,
  broker: BrokerSettings,
): EffectiveConfig[] {
  return [...topicConfigs.values()].map((definition) => {
    const { name, synonym } = definition;
    const synonyms = synonym === undefined ? [] : brokerSynonyms(synonym, broker);
    if (!Object.hasOwn(set, name)) {
      const inherited = synonyms.at(0)?.value ?? definition.default;
      return effective(definition, synonyms, inheritedValue(definition, inherited));
    }
    const value = printConfig(definition, set[name]);
    synonyms.unshift({ name, value, source: ConfigSource.DYNAMIC_TOPIC_CONFIG });
    return effective(definition, synonyms, value);
  });
}

/** Every config of the broker, by name; then those that somebody made up. */
export function effectiveBrokerConfigs(broker: BrokerSettings): EffectiveConfig[] {
  const names = new Set([...brokerConfigs.keys(), ...setOn(broker)]);
  return [...names].map((name) => effectiveBrokerConfig(name, brokerSynonyms(name, broker)));
}

/** What is set as the default of all brokers, and nothing else. */
export function effectiveBrokerDefaults(broker: BrokerSettings): EffectiveConfig[] {
  const source = ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG;
  return Object.entries(broker.dynamicDefaults).map(([name, value]) =>
    effectiveBrokerConfig(name, [{ name, value, source }]),
  );
}

const setOn = ({ dynamic, dynamicDefaults }: BrokerSettings): string[] =>
  [...Object.keys(dynamic), ...Object.keys(dynamicDefaults)].sort();

function effectiveBrokerConfig(name: string, synonyms: readonly ConfigSynonym[]): EffectiveConfig {
  const definition = brokerConfigs.get(name) ?? dynamicBrokerConfigs.get(name);
  if (definition === undefined) return unknown(name, synonyms);
  const value = synonyms.at(0)?.value ?? definition.default;
  const printed = value === null ? null : printConfig(definition, value);
  return effective(definition, synonyms, printed, !dynamicBrokerConfigs.has(name));
}

/** What a name means that nobody knows cannot be told, so it is treated as a secret. */
function unknown(name: string, synonyms: readonly ConfigSynonym[]): EffectiveConfig {
  return {
    name,
    value: null,
    readOnly: true,
    source: synonyms[0].source,
    type: 0,
    isSensitive: true,
    documentation: null,
    synonyms: synonyms.map((synonym) => ({ ...synonym, value: null })),
  };
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
    return effective(definition, synonyms);
  });
}

/** Every config of a subscription to client metrics; its defaults are nobody else's. */
export function effectiveClientMetricsConfigs(
  set: Readonly<Record<string, string>>,
): EffectiveConfig[] {
  return [...clientMetricsConfigs.values()].map((definition) => {
    const { name } = definition;
    if (!Object.hasOwn(set, name)) return effective(definition, []);
    const source = ConfigSource.DYNAMIC_CLIENT_METRICS_CONFIG;
    const synonym = { name, value: printConfig(definition, set[name]), source };
    return effective(definition, [synonym]);
  });
}

function effective(
  definition: ConfigDefinition,
  synonyms: readonly ConfigSynonym[],
  value = synonyms.at(0)?.value ?? definition.default,
  readOnly = false,
): EffectiveConfig {
  const { name, type, documentation } = definition;
  return {
    name,
    value,
    readOnly,
    source: synonyms.at(0)?.source ?? ConfigSource.DEFAULT_CONFIG,
    type: ConfigType[type],
    isSensitive: false,
    documentation,
    synonyms,
  };
}
