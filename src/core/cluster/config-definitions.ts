/**
 * How a Kafka config is defined: name, type, default, what it may be. Values are kept and compared
 * as text; the surprise is that a LONG may exceed what a number holds exactly (Kafka's "for ever"
 * is 2^63 - 1), so numbers are checked as bigints.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';

/** DescribeConfigs' numbers for the types of values. */
export const ConfigType = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
} as const;
export type ConfigTypeName = keyof typeof ConfigType;

/** DescribeConfigs' numbers for where a value comes from. */
export const ConfigSource = {
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  DYNAMIC_CLIENT_METRICS_CONFIG: 7,
  DYNAMIC_GROUP_CONFIG: 8,
} as const;

/** How the documentation of a config begins that means nothing to Kedge. */
export const kept = 'Accepted and kept for compatibility; it changes nothing here, since';

export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigTypeName;
  /** As text; null when Kafka has none. */
  readonly default: string | null;
  /** What is wrong with a value of the right type; undefined when nothing is. */
  readonly problem?: (parsed: ParsedValue, name: string) => Problem | undefined;
  readonly documentation: string;
}

export interface Problem {
  /** The part of the value that is wrong, as Kafka prints it. */
  readonly value: string;
  readonly what: string;
}

/** INT, SHORT and LONG are bigints, LIST is its items, BOOLEAN and text are themselves. */
export type ParsedValue = boolean | bigint | number | string | readonly string[];

const widths: Partial<Record<ConfigTypeName, bigint>> = { INT: 31n, SHORT: 15n, LONG: 63n };

/** Throws INVALID_CONFIG, in Kafka's words, when the definition does not allow the text. */
export function checkConfig(definition: ConfigDefinition, value: string): ParsedValue {
  const parsed = parseConfig(definition, value);
  const problem = definition.problem?.(parsed, definition.name);
  if (problem !== undefined) throw invalidValue(definition.name, problem.value, problem.what);
  return parsed;
}

function parseConfig({ name, type }: ConfigDefinition, value: string): ParsedValue {
  const trimmed = value.trim();
  switch (type) {
    case 'BOOLEAN':
      if (!/^(true|false)$/i.test(trimmed)) {
        throw invalidValue(name, value, 'Expected value to be either true or false');
      }
      return trimmed.toLowerCase() === 'true';
    case 'INT':
    case 'SHORT':
    case 'LONG': {
      const bound = 1n << widths[type]!;
      const parsed = /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed.replace('+', '')) : bound;
      if (parsed >= bound || parsed < -bound) {
        throw invalidValue(name, value, `Not a number of type ${type}`);
      }
      return parsed;
    }
    case 'DOUBLE':
      if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[fd]?$/i.test(trimmed)) {
        throw invalidValue(name, value, 'Not a number of type DOUBLE');
      }
      return Number.parseFloat(trimmed);
    case 'LIST':
      return trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
    default:
      return trimmed;
  }
}

/** A value that was checked once, as Kafka prints it: ` 5 ` is `5`, a list has no blanks. */
export function printConfig(definition: ConfigDefinition, value: string): string {
  const parsed = parseConfig(definition, value);
  return Array.isArray(parsed) ? parsed.join(',') : shown(parsed);
}

/** A value as Kafka prints it in a message: 2 as a DOUBLE is 2.0. */
export function shown(parsed: ParsedValue): string {
  if (typeof parsed === 'number') return shownDouble(parsed);
  return Array.isArray(parsed) ? `[${parsed.join(', ')}]` : String(parsed);
}

/** As Java prints it: what is very large or small as 1.0E7. */
function shownDouble(value: number): string {
  const pointed = (digits: string) => (digits.includes('.') ? digits : `${digits}.0`);
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return pointed(`${value}`);
  const [digits, exponent] = value.toExponential().split('e');
  return `${pointed(digits)}E${Number(exponent)}`;
}

function invalidValue(name: string, value: string, problem: string): KafkaError {
  return new KafkaError(
    ErrorCode.INVALID_CONFIG,
    `Invalid value ${value} for configuration ${name}: ${problem}`,
  );
}

/** For INT, LONG and DOUBLE. */
export function between(least: number, most = Number.POSITIVE_INFINITY) {
  return (parsed: ParsedValue): Problem | undefined => {
    const value = shown(parsed);
    if (typeof parsed !== 'bigint' && typeof parsed !== 'number') return undefined;
    if (parsed < least) return { value, what: `Value must be at least ${least}` };
    return parsed > most ? { value, what: `Value must be no more than ${most}` } : undefined;
  };
}

/** For STRING, and for every item of a LIST. */
export function oneOf(...allowed: readonly string[]) {
  return (parsed: ParsedValue): Problem | undefined => {
    const items = Array.isArray(parsed) ? parsed : [parsed];
    const value = items.find((item) => !allowed.includes(item));
    const what = `String must be one of: ${allowed.join(', ')}`;
    return value === undefined ? undefined : { value, what };
  };
}
