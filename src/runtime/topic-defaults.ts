/**
 * What a deployment says topics have where nothing is set on them: Kafka's `log.retention.ms` and
 * its like. The surprise: `log.retention.hours` and other older names count where the newer name
 * is not set, so their values become those of the newer one.
 */
import { brokerConfigs } from '../core/cluster/broker-configs.ts';
import { checkConfig } from '../core/cluster/config-definitions.ts';
import { topicConfigs } from '../core/cluster/topic-configs.ts';
import { KafkaError } from '../protocol/errors.ts';

const [minute, hour] = [60_000, 3_600_000];

/** By the newer name, the older ones; the first that is set counts. */
const older: Readonly<Record<string, readonly { name: string; ms: number }[]>> = {
  'log.retention.ms': [
    { name: 'log.retention.minutes', ms: minute },
    { name: 'log.retention.hours', ms: hour },
  ],
  'log.roll.ms': [{ name: 'log.roll.hours', ms: hour }],
  'log.roll.jitter.ms': [{ name: 'log.roll.jitter.hours', ms: hour }],
};

/** `message.max.bytes` is read by itself: partitions know it without their topic. */
const names = [...topicConfigs.values()]
  .flatMap(({ synonym }) => synonym ?? [])
  .filter((name) => name !== 'message.max.bytes');

const variableOf = (name: string): string => `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`;

/** The variables that are read here. */
export const topicDefaultVariables: readonly string[] = [
  ...names,
  ...Object.values(older).flatMap((each) => each.map(({ name }) => name)),
].map(variableOf);

/** By Kafka's names; what is not set is not in it. Throws a plain Error that names the variable. */
export function topicDefaultsFrom(
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = setTo(name, variables);
    if (value !== undefined) found[name] = value;
    for (const { name: olderName, ms } of older[name] ?? []) {
      const longer = setTo(olderName, variables);
      if (longer === undefined) continue;
      found[olderName] = longer;
      found[name] ??= `${Number(longer) * ms}`;
    }
  }
  return found;
}

function setTo(name: string, variables: Readonly<Record<string, unknown>>): string | undefined {
  const value = String(variables[variableOf(name)] ?? '').trim();
  if (value === '') return undefined;
  try {
    checkConfig(brokerConfigs.get(name)!, value);
    return value;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    throw new Error(`${variableOf(name)} cannot be ${value}: ${error.message.split(': ').at(-1)}`);
  }
}
