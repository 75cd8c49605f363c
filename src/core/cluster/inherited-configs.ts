/**
 * The configs that topics and groups have from their broker, where they have none of their own. The
 * surprise: a topic's configs have a version, by which partitions know what is newer, so whatever
 * changes here makes the version of every topic higher.
 */
import type { Row } from '../machine.ts';
import { sameConfigs } from './altered-configs.ts';
import { type BrokerSettings, brokerSynonyms, type ConfigSynonym } from './broker-settings.ts';
import type { TopicView } from './commands.ts';
import { ConfigSource, printConfig } from './config-definitions.ts';
import { groupConfigs } from './group-configs.ts';
import { type TopicConfig, topicConfigs } from './topic-configs.ts';

type Configs = Readonly<Record<string, string>>;

/** What a topic makes of what its broker is set to. */
export function inheritedValue(definition: TopicConfig, value: string): string {
  const printed = printConfig(definition, value);
  // To brokers, whatever is negative is for ever.
  const isForEver = definition.name === 'retention.ms' && BigInt(printed) < 0n;
  return isForEver ? '-1' : printed;
}

/** By the topic's names; what has its default is not in it. */
export function inheritedConfigs(settings: BrokerSettings): Configs {
  const inherited: Record<string, string> = {};
  for (const definition of topicConfigs.values()) {
    const { name, synonym } = definition;
    const first = synonym === undefined ? undefined : brokerSynonyms(synonym, settings).at(0);
    if (first === undefined || first.source === ConfigSource.DEFAULT_CONFIG) continue;
    inherited[name] = inheritedValue(definition, first.value!);
  }
  return inherited;
}

/** The same of groups. */
export function inheritedGroupConfigs(settings: BrokerSettings): Configs {
  const inherited: Record<string, string> = {};
  for (const definition of groupConfigs.values()) {
    const { name, synonym } = definition;
    const first = synonym === undefined ? undefined : brokerSynonyms(synonym, settings).at(0);
    if (first === undefined || !isDynamic(first)) continue;
    inherited[name] = printConfig(definition, first.value!);
  }
  return inherited;
}

/** What the deployment set, a group's coordinator knows. */
const isDynamic = ({ source }: ConfigSynonym): boolean =>
  source === ConfigSource.DYNAMIC_BROKER_CONFIG ||
  source === ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG;

interface Stored {
  /** How often they changed. */
  readonly version: number;
  readonly configs: Configs;
}

/** What the topics inherit, as it was last written down. */
export class Inheritance {
  #stored: Stored = { version: 0, configs: {} };

  get configs(): Configs {
    return this.#stored.configs;
  }

  replay(value: unknown): void {
    this.#stored = value as Stored;
  }

  /** The row after which topics inherit these; undefined: they do already. */
  change(configs: Configs): Row | undefined {
    if (sameConfigs(this.#stored.configs, configs)) return undefined;
    const version = this.#stored.version + 1;
    return { key: 'inherited', value: { version, configs } satisfies Stored };
  }

  /** A topic as the rest of the cluster knows it. */
  seen(topic: TopicView): TopicView {
    const { version, configs } = this.#stored;
    if (version === 0) return topic;
    const configsVersion = (topic.configsVersion ?? 0) + version;
    return { ...topic, configsVersion, inherited: configs };
  }
}
