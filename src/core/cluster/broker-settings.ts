/**
 * What the broker's configs are set to, and where: at its deployment, while it runs, or as the
 * default of all brokers. The surprise: some have older names in longer units, which count where
 * the newer name is not set and are hidden where nothing is (`log.retention.hours`).
 */
import { brokerConfigs } from './broker-configs.ts';
import { ConfigSource } from './config-definitions.ts';

export interface BrokerSettings {
  /** Set at its deployment, by Kafka name. */
  readonly fixed: ReadonlyMap<string, string>;
  /** Set while it runs, on this broker. */
  readonly dynamic: Readonly<Record<string, string>>;
  /** The same, as the default of all brokers. */
  readonly dynamicDefaults: Readonly<Record<string, string>>;
}

export interface ConfigSynonym {
  readonly name: string;
  /** Null where it is not to be seen. */
  readonly value: string | null;
  /** One of ConfigSource. */
  readonly source: number;
}

const olderNames: Readonly<Record<string, readonly string[]>> = {
  'log.flush.interval.ms': ['log.flush.scheduler.interval.ms'],
  'log.retention.ms': ['log.retention.minutes', 'log.retention.hours'],
  'log.roll.jitter.ms': ['log.roll.jitter.hours'],
  'log.roll.ms': ['log.roll.hours'],
};

/** Where the value of a broker config may come from, the one that counts first. */
export function brokerSynonyms(name: string, settings: BrokerSettings): ConfigSynonym[] {
  const { fixed, dynamic, dynamicDefaults } = settings;
  const sources = [
    [ConfigSource.DYNAMIC_BROKER_CONFIG, (one: string) => own(dynamic, one)],
    [ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG, (one: string) => own(dynamicDefaults, one)],
    [ConfigSource.STATIC_BROKER_CONFIG, (one: string) => fixed.get(one)],
    [ConfigSource.DEFAULT_CONFIG, (one: string) => brokerConfigs.get(one)?.default],
  ] as const;
  const found: ConfigSynonym[] = [];
  for (const [source, setTo] of sources) {
    for (const synonym of [name, ...(olderNames[name] ?? [])]) {
      const value = setTo(synonym) ?? null;
      if (value !== null) found.push({ name: synonym, value, source });
    }
  }
  const first = found.findIndex((synonym) => synonym.name === name);
  return first < 0 ? [] : found.slice(first);
}

function own(configs: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(configs, name) ? configs[name] : undefined;
}
