/**
 * Reads Kafka's own message definitions, which lie beside the repository and are no part of it, and
 * lists how a description of ours differs from them. Both sides are first brought to one form:
 * the fields of one version, in order.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import {
  type Api,
  defaultOf,
  type FieldSpec,
  type Fields,
  type Message,
} from '../../src/protocol/schema.ts';

export const jsonFolder = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../shared/kafka-message-json',
);
export const jsonIsThere = existsSync(jsonFolder);

export interface KafkaField {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean | string;
  readonly fields?: readonly KafkaField[];
}

export interface KafkaMessage {
  readonly apiKey?: number;
  readonly name: string;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly fields: readonly KafkaField[];
  /** Structs that fields name as their type, here without their fields. */
  readonly commonStructs?: readonly { name: string; fields: readonly KafkaField[] }[];
}

/** Kafka's definition of a message, for example `FetchRequest`. */
export function kafkaMessage(name: string): KafkaMessage {
  const text = readFileSync(join(jsonFolder, `${name}.json`), 'utf8');
  const message: KafkaMessage = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
  return { ...message, fields: withCommonStructs(message.fields, message) };
}

function withCommonStructs(
  fields: readonly KafkaField[],
  { commonStructs = [] }: Pick<KafkaMessage, 'commonStructs'>,
): readonly KafkaField[] {
  return fields.map((field) => {
    const named = commonStructs.find(({ name }) => name === field.type.replace('[]', ''));
    const inside = field.fields ?? named?.fields;
    return inside ? { ...field, fields: withCommonStructs(inside, { commonStructs }) } : field;
  });
}

/** `3+`, `0-12`, `5` or `none` as an inclusive range. */
function versionsOf(text: string | undefined): [number, number] {
  if (text === undefined || text === 'none') return [Number.POSITIVE_INFINITY, -1];
  const [from, to] = text.replace('+', '-Infinity').split('-');
  return [Number(from), Number(to ?? from)];
}

function isIn(text: string | undefined, version: number): boolean {
  const [from, to] = versionsOf(text);
  return version >= from && version <= to;
}

/** One field in one version: what must be the same on both sides. */
interface Form {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: unknown;
  readonly tag: number | null;
  readonly fields: readonly Form[];
}

function kafkaForms(fields: readonly KafkaField[], version: number): Form[] {
  return fields
    .filter((field) => isIn(field.versions, version))
    .map((field) => ({
      name: field.name[0].toLowerCase() + field.name.slice(1),
      type: field.fields ? field.type.replace(/[A-Z]\w*/, 'struct') : field.type,
      nullable: isIn(field.nullableVersions, version),
      default: kafkaDefault(field),
      tag: isIn(field.taggedVersions, version) ? field.tag! : null,
      fields: kafkaForms(field.fields ?? [], version),
    }));
}

function kafkaDefault({ type, default: given, fields }: KafkaField): unknown {
  if (given === 'null') return null;
  if (type.startsWith('[]') || type === 'bytes' || type === 'records') return 'empty';
  if (fields) return 'struct';
  if (type === 'string') return given ?? '';
  if (type === 'bool') return String(given ?? false) === 'true';
  if (type === 'uuid') return ZERO_UUID;
  return Number(given ?? 0);
}

const kafkaTypes: Partial<Record<FieldSpec['kind'], string>> = {
  boolean: 'bool',
  recordPieces: 'records',
};

function typeOf({ kind, element }: FieldSpec): string {
  return kind === 'array' ? `[]${typeOf(element!.spec)}` : (kafkaTypes[kind] ?? kind);
}

function ourForms(fields: Fields, version: number): Form[] {
  return Object.entries(fields)
    .filter(([, { spec }]) => version >= spec.since && version <= spec.until)
    .map(([name, { spec }]) => ({
      name,
      type: typeOf(spec),
      nullable:
        spec.nullable !== undefined &&
        version >= spec.nullable.since &&
        version <= spec.nullable.until,
      default: ourDefault(spec),
      tag: spec.tag !== undefined && version >= spec.taggedSince! ? spec.tag : null,
      fields: ourForms(fieldsOf(spec), version),
    }));
}

function fieldsOf(spec: FieldSpec): Fields {
  return spec.kind === 'array' ? fieldsOf(spec.element!.spec) : (spec.fields ?? {});
}

function ourDefault(spec: FieldSpec): unknown {
  const value = defaultOf(spec);
  if (value === null || typeof value !== 'object') return value;
  return spec.kind === 'struct' ? 'struct' : 'empty';
}

function formDifferences(ours: readonly Form[], kafkas: readonly Form[], at: string): string[] {
  const names = (forms: readonly Form[]): string => forms.map(({ name }) => name).join(' ');
  if (names(ours) !== names(kafkas)) {
    return [`${at}: the fields are ${names(ours)}, in Kafka ${names(kafkas)}`];
  }
  return ours.flatMap((our, index) => {
    const kafka = kafkas[index];
    const here = `${at} ${our.name}`;
    const differences = (['type', 'nullable', 'default', 'tag'] as const)
      .filter((aspect) => our[aspect] !== kafka[aspect])
      .map((aspect) => `${here}: ${aspect} is ${our[aspect]}, in Kafka ${kafka[aspect]}`);
    return [...differences, ...formDifferences(our.fields, kafka.fields, here)];
  });
}

/** Only a field that some version of the message lacks can be ignored. */
function ignorableDifferences(
  fields: Fields,
  kafkas: readonly KafkaField[],
  [min, max]: readonly [number, number],
  at: string,
): string[] {
  return Object.entries(fields).flatMap(([name, { spec }]) => {
    const here = `${at} ${name}`;
    const since = Math.max(min, spec.since);
    const until = Math.min(max, spec.until);
    const kafka = kafkas.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!kafka) return [`${here}: not in Kafka`];
    const inKafka = String(kafka.ignorable ?? false) === 'true';
    const sometimesAbsent = since > min || until < max;
    return [
      ...(sometimesAbsent && spec.ignorable !== inKafka
        ? [`${here}: ignorable is ${spec.ignorable}, in Kafka ${inKafka}`]
        : []),
      ...ignorableDifferences(fieldsOf(spec), kafka.fields ?? [], [since, until], here),
    ];
  });
}

/** How a message of ours differs from Kafka's, over all versions of ours. Empty: not at all. */
export function messageDifferences(message: Message, kafka: KafkaMessage): string[] {
  const differences: string[] = [];
  const [min, max] = message.versions;
  const [kafkaMin, kafkaMax] = versionsOf(kafka.validVersions);
  if (min < kafkaMin || max > kafkaMax) {
    differences.push(`${message.name}: versions ${min}-${max}, in Kafka ${kafka.validVersions}`);
  }
  const [flexible] = versionsOf(kafka.flexibleVersions);
  if (message.flexible !== flexible) {
    differences.push(`${message.name}: flexible from ${message.flexible}, in Kafka ${flexible}`);
  }
  for (let version = min; version <= max; version++) {
    const at = `${message.name} v${version}`;
    const ours = ourForms(message.fields, version);
    differences.push(...formDifferences(ours, kafkaForms(kafka.fields, version), at));
  }
  const { name, fields } = message;
  return [...differences, ...ignorableDifferences(fields, kafka.fields, [min, max], name)];
}

/** How an API of ours differs from Kafka's. */
export function apiDifferences(api: Api): string[] {
  const request = kafkaMessage(`${api.name}Request`);
  const response = kafkaMessage(`${api.name}Response`);
  const key = request.apiKey === api.key ? [] : [`${api.name}: key ${api.key} is not Kafka's`];
  return [
    ...key,
    ...messageDifferences(api.request, request),
    ...messageDifferences(api.response, response),
  ];
}
