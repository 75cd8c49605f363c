/**
 * The broker's configs that are set while it runs, for one broker or as the default of all
 * (KIP-226). The surprise: each set is checked by itself, so that together they may say nonsense;
 * and all that Kafka finds wrong with one is INVALID_REQUEST.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { ListRules } from './altered-configs.ts';
import { brokerConfigs, dynamicBrokerConfigs } from './broker-configs.ts';
import { checkConfig, type ParsedValue } from './config-definitions.ts';
import { isForeignBrokerConfig } from './foreign-broker-configs.ts';

type Configs = Readonly<Record<string, string>>;

export const brokerLists: ListRules = {
  definitions: dynamicBrokerConfigs,
  refusal: (name, operation) =>
    dynamicBrokerConfigs.has(name) || isFixed(name)
      ? `Config value ${operation} is not allowed for config key: ${name}`
      : `Unknown config name: ${name}`,
};

/** Kafka's own bound: `group.*.max.assignment.interval.ms`. */
const longestAssignmentIntervalMs = 15_000n;

/** Throws INVALID_REQUEST, in Kafka's words, for the first thing that cannot be. */
export function checkDynamicBrokerConfigs(configs: Configs): void {
  const fixed = Object.keys(configs).filter(isFixed).sort();
  if (fixed.length > 0) {
    throw invalid(`Cannot update these configs dynamically: [${fixed.join(', ')}]`);
  }
  const parsed = new Map<string, ParsedValue>();
  for (const [name, value] of Object.entries(configs)) {
    const definition = dynamicBrokerConfigs.get(name);
    if (definition !== undefined)
      parsed.set(
        name,
        asked(() => checkConfig(definition, value)),
      );
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const interval = numberOf(parsed, `group.${kind}.assignment.interval.ms`) ?? 0n;
    if (interval <= longestAssignmentIntervalMs) continue;
    const most = `group.${kind}.max.assignment.interval.ms`;
    throw invalid(`group.${kind}.assignment.interval.ms must be less than or equal to ${most}`);
  }
  checkTimes(parsed);
  checkConnections(parsed);
}

function isFixed(name: string): boolean {
  if (dynamicBrokerConfigs.has(name)) return false;
  return brokerConfigs.has(name) || isForeignBrokerConfig(name);
}

function checkTimes(parsed: ReadonlyMap<string, ParsedValue>): void {
  const required = (holds: boolean, what: string) => {
    if (!holds) throw invalid(`requirement failed: ${what}`);
  };
  const retention = 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1';
  required(parsed.get('log.retention.ms') !== 0n, retention);
  for (const [name, least] of [
    ['log.roll.ms', 1n],
    ['log.roll.jitter.ms', 0n],
  ] as const) {
    required(
      (numberOf(parsed, name) ?? least) >= least,
      `${name} must be greater than or equal to ${least}`,
    );
  }
}

function checkConnections(parsed: ReadonlyMap<string, ParsedValue>): void {
  for (const name of ['max.connections', 'max.connection.creation.rate']) {
    if (parsed.get(name) === 0n) throw invalid(`Invalid ${name} 0`);
  }
  const [name, exceptions] = ['max.connections.per.ip', 'max.connections.per.ip.overrides'];
  const overrides = String(parsed.get(exceptions) ?? '');
  if (parsed.get(name) === 0n && overrides === '') {
    const only = `only if ${exceptions} property is set`;
    throw invalid(`requirement failed: ${name} can be set to zero ${only}.`);
  }
  if (!/^(\S+:\d+(\s*,\s*\S+:\d+)*)?$/.test(overrides.trim())) {
    throw invalid(`Error parsing configuration property '${exceptions}': ${overrides}`);
  }
}

function numberOf(parsed: ReadonlyMap<string, ParsedValue>, name: string): bigint | undefined {
  return parsed.get(name) as bigint | undefined;
}

/** What is wrong with a value is a matter of the request here. */
function asked(check: () => ParsedValue): ParsedValue {
  try {
    return check();
  } catch (error) {
    throw error instanceof KafkaError ? invalid(error.message) : error;
  }
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
