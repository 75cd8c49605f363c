/**
 * Every config a subscription to client metrics can have (KIP-714), in one table. The surprise: a
 * pattern that cannot be read is INVALID_CONFIG, and any other mistake INVALID_REQUEST. What is set
 * is kept and described; no client is asked for metrics yet.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { matcherOf, PatternError } from '../pattern/pattern.ts';
import type { ConfigDefinition } from './config-definitions.ts';
import { checkConfig } from './config-definitions.ts';

type ClientMetricsConfig = ConfigDefinition & { readonly default: string };

const table: readonly ClientMetricsConfig[] = [
  {
    name: 'interval.ms',
    type: 'INT',
    default: '300000',
    documentation: 'How often a client sends its metrics, in milliseconds.',
  },
  {
    name: 'match',
    type: 'LIST',
    default: '',
    documentation: 'Which clients are meant: patterns, each after the name of what it is held to.',
  },
  {
    name: 'metrics',
    type: 'LIST',
    default: '',
    documentation: 'How the names of the metrics begin that clients shall send; * is all.',
  },
];

export const clientMetricsConfigs: ReadonlyMap<string, ClientMetricsConfig> = new Map(
  table.map((config) => [config.name, config]),
);

/** What a client can be known by. */
const selectors = [
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
];

export function checkClientMetricsConfigs(configs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(configs)) {
    const definition = clientMetricsConfigs.get(name);
    if (definition === undefined) {
      throw invalid('INVALID_REQUEST', `Unknown client metrics configuration: ${name}`);
    }
    const parsed = checkConfig(definition, value);
    if (name === 'interval.ms' && !(Number(parsed) >= 100 && Number(parsed) <= 3_600_000)) {
      const message = `Invalid value ${value} for ${name}, it must be between 100 and 3600000`;
      throw invalid('INVALID_REQUEST', message);
    }
    if (name === 'match') for (const one of parsed as readonly string[]) checkPattern(one);
  }
}

/** `client_id=app-.*` */
function checkPattern(text: string): void {
  const illegal = invalid('INVALID_CONFIG', `Illegal client matching pattern: ${text}`);
  const [selector, pattern, ...rest] = text.split('=').map((part) => part.trim());
  if (pattern === undefined || rest.length > 0 || !selectors.includes(selector)) throw illegal;
  try {
    matcherOf(pattern);
  } catch (error) {
    throw error instanceof PatternError ? illegal : error;
  }
}

function invalid(code: 'INVALID_CONFIG' | 'INVALID_REQUEST', message: string): KafkaError {
  return new KafkaError(ErrorCode[code], message);
}
