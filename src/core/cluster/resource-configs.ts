/**
 * The configs of what is no topic: groups and subscriptions to client metrics. The surprise: such a
 * resource needs not exist to be configured, and one without any config set is nowhere.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Row } from '../machine.ts';
import { alteredConfigs, sameConfigs } from './altered-configs.ts';
import { checkClientMetricsConfigs } from './client-metrics-configs.ts';
import type { ConfigChange } from './commands.ts';
import type { ConfigDefinition } from './config-definitions.ts';
import { checkGroupConfigs } from './group-configs.ts';
import type { Result } from './results.ts';
import { resultOf } from './results.ts';

export type ResourceKind = 'group' | 'clientMetrics';

export interface ConfiguredResource {
  readonly kind: ResourceKind;
  readonly name: string;
}

export interface AlteredConfigs extends ConfiguredResource {
  /** What is not set by the changes goes back to its default. */
  readonly replaces: boolean;
  readonly changes: readonly ConfigChange[];
}

type Configs = Readonly<Record<string, string>>;

interface Rules {
  readonly table: string;
  readonly nameless: string;
  check(configs: Configs): void;
}

/** Kafka appends to no list of these, though they have some. */
const noLists: ReadonlyMap<string, ConfigDefinition> = new Map();

const rules: Readonly<Record<ResourceKind, Rules>> = {
  group: {
    table: 'groupConfigs',
    nameless: 'Default group resources are not allowed.',
    check: checkGroupConfigs,
  },
  clientMetrics: {
    table: 'clientMetricsConfigs',
    nameless: "Subscription name can't be empty",
    check: checkClientMetricsConfigs,
  },
};

export class ResourceConfigs {
  readonly #set: Readonly<Record<ResourceKind, Map<string, Configs>>> = {
    group: new Map(),
    clientMetrics: new Map(),
  };

  replay(kind: ResourceKind, name: string, configs: Configs | null): void {
    if (configs === null) this.#set[kind].delete(name);
    else this.#set[kind].set(name, configs);
  }

  /** One answer for each, in order, and the rows that make it so. */
  alter(resources: readonly AlteredConfigs[]): {
    readonly results: readonly Result[];
    readonly rows: readonly Row[];
  } {
    const rows: Row[] = [];
    const results = resources.map((resource) =>
      resultOf(() => {
        const { kind, name } = resource;
        const { table, nameless, check } = rules[kind];
        const before = this.of(resource);
        const after = alteredConfigs(before, resource, noLists);
        if (name === '') throw new KafkaError(ErrorCode.INVALID_REQUEST, nameless);
        check(after);
        if (sameConfigs(before, after)) return;
        const value = Object.keys(after).length > 0 ? after : null;
        rows.push({ key: `${table}:${name}`, value });
      }),
    );
    return { results, rows };
  }

  /** What is set on it. */
  of({ kind, name }: ConfiguredResource): Configs {
    return this.#set[kind].get(name) ?? {};
  }

  /** Everything on which something is set. */
  list(): ConfiguredResource[] {
    return (['group', 'clientMetrics'] as const).flatMap((kind) =>
      [...this.#set[kind].keys()].map((name) => ({ kind, name })),
    );
  }
}
