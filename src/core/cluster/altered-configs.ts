/**
 * The configs of a topic, or of another resource, after a change, by Kafka's rules. The surprise:
 * what is appended to or taken from a list are pieces of text between commas, blanks and all, and a
 * list that was never set starts from its default.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { ConfigChange } from './commands.ts';
import type { ConfigDefinition } from './config-definitions.ts';

/** Kafka's numbers for what is to be done with a config. */
export const ConfigOperation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

type Configs = Readonly<Record<string, string>>;

/** Which configs are lists, that can be appended to and subtracted from. */
export interface ListRules {
  readonly definitions: ReadonlyMap<string, ConfigDefinition>;
  /** What is said of a config that is none. */
  refusal(name: string, operation: 'append' | 'subtract'): string;
}

/** Kafka's words, but for brokers. */
export const notAList: ListRules['refusal'] = (name, operation) =>
  `Can't ${operation.toUpperCase()} to key ${name} because its type is not LIST.`;

interface Alteration {
  /** What is not set by the changes goes back to its default. */
  readonly replaces: boolean;
  readonly changes: readonly ConfigChange[];
}

/**
 * What the configs become; not yet checked. Throws INVALID_CONFIG where an operation does not fit.
 */
export function alteredConfigs(
  current: Configs,
  { changes, replaces }: Alteration,
  rules: ListRules,
): Configs {
  const configs = new Map(replaces ? [] : Object.entries(current));
  for (const change of changes) {
    const { name, operation, value } = change;
    if (operation === ConfigOperation.DELETE) configs.delete(name);
    else if (operation === ConfigOperation.SET) configs.set(name, value ?? '');
    else configs.set(name, alteredList(configs.get(name), change, rules));
  }
  return Object.fromEntries(configs);
}

export function sameConfigs(left: Configs, right: Configs): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && left[name] === right[name])
  );
}

function alteredList(
  current: string | undefined,
  { name, operation, value }: ConfigChange,
  { definitions, refusal }: ListRules,
): string {
  const definition = definitions.get(name);
  const appends = operation === ConfigOperation.APPEND;
  if (definition?.type !== 'LIST') {
    const what = refusal(name, appends ? 'append' : 'subtract');
    throw new KafkaError(ErrorCode.INVALID_CONFIG, what);
  }
  const items = itemsOf(current ?? definition.default ?? '');
  for (const item of itemsOf(value ?? '')) {
    const at = items.indexOf(item);
    if (appends && at < 0) items.push(item);
    if (!appends && at >= 0) items.splice(at, 1);
  }
  return items.join(',');
}

function itemsOf(text: string): string[] {
  return text.split(',').filter((item) => item !== '');
}
