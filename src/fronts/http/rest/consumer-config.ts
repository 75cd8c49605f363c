/**
 * What a client may say when it creates a consumer instance. The surprise: numbers and booleans
 * come as strings as often as not, and a value out of range is 40001, which is a 422.
 */
import type { OffsetReset, RestConsumerConfig } from '../../../core/rest-consumer/calls.ts';
import { checkFields, checkString, optional } from '../check.ts';
import { consumerConfigConstraint, invalid, invalidConsumerConfig } from '../errors.ts';
import type { JsonObject } from '../json.ts';

export interface NewInstance {
  /** Null: to be generated. */
  readonly name: string | null;
  readonly config: RestConsumerConfig;
}

/** `consumer.instance.timeout.ms` of the REST Proxy. */
const defaultInstanceTimeoutMs = 300_000;
const maxTimeoutMs = 2_147_483_647;

/** The dialect's fields, then what its relatives have added. */
const fields = [
  'name',
  'id',
  'format',
  'auto.offset.reset',
  'auto.commit.enable',
  'fetch.min.bytes',
  'consumer.request.timeout.ms',
  'consumer.instance.timeout.ms',
  'enable.auto.commit',
  'isolation.level',
] as const;

export function parseNewInstance(body: JsonObject): NewInstance {
  checkFields(body, fields);
  // The older field wins, as it always has.
  const name = optional(body.id ?? body.name, (value) => checkString(value, 'name')) ?? null;
  if (name === '') throw invalid('name may not be empty');
  const whole = (field: (typeof fields)[number], min: number, max: number) =>
    optional(body[field], (value) => parseWhole(value, field, min, max));
  return {
    name,
    config: {
      format: parseFormat(body.format),
      offsetReset: parseChoice<OffsetReset>(body['auto.offset.reset'], 'auto.offset.reset', [
        'latest',
        'earliest',
        'none',
      ]),
      autoCommit: parseBoolean(body['auto.commit.enable'] ?? body['enable.auto.commit'] ?? true),
      fetchMinBytes: whole('fetch.min.bytes', -1, 10_000_000) ?? -1,
      requestTimeoutMs: whole('consumer.request.timeout.ms', 0, maxTimeoutMs) ?? null,
      instanceTimeoutMs:
        whole('consumer.instance.timeout.ms', 1, maxTimeoutMs) ?? defaultInstanceTimeoutMs,
      isolationLevel:
        parseChoice(body['isolation.level'], 'isolation.level', [
          'read_uncommitted',
          'read_committed',
        ]) === 'read_committed'
          ? 1
          : 0,
    },
  };
}

function parseFormat(value: unknown): RestConsumerConfig['format'] {
  const format = String(value ?? 'binary').toLowerCase();
  if (format === 'binary' || format === 'json' || format === 'text') return format;
  if (['avro', 'jsonschema', 'protobuf'].includes(format)) {
    throw invalidConsumerConfig(`format ${format} needs a schema registry, and there is none`);
  }
  throw invalid('Invalid format type.');
}

/** The first choice is the default. */
function parseChoice<T extends string>(value: unknown, name: string, choices: readonly T[]): T {
  const chosen = String(value ?? choices[0]).toLowerCase();
  const found = choices.find((choice) => choice === chosen);
  if (found !== undefined) return found;
  throw invalidConsumerConfig(
    `Invalid value ${value} for configuration ${name}: String must be one of: ${choices.join(', ')}`,
  );
}

function parseBoolean(value: unknown): boolean {
  const text = String(value).toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalidConsumerConfig(
    `Invalid value ${value} for configuration enable.auto.commit: Expected value to be either true or false`,
  );
}

function parseWhole(value: unknown, name: string, min: number, max: number): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (!Number.isSafeInteger(number)) {
    throw consumerConfigConstraint(`${name} must be a whole number, not ${JSON.stringify(value)}`);
  }
  if ((number as number) < min || (number as number) > max) {
    throw consumerConfigConstraint(`${name} must be between ${min} and ${max}, not ${number}`);
  }
  return number as number;
}
