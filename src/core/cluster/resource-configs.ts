/**
 * The configs of what is no topic: groups, subscriptions to client metrics and the broker, whose
 * configs under the empty name are the default of all brokers. The surprise: such a resource needs
 * not exist to be configured, and one without any config set is nowhere.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Row } from '../machine.ts';
import { alteredConfigs, type ListRules, notAList, sameConfigs } from './altered-configs.ts';
import { checkClientMetricsConfigs } from './client-metrics-configs.ts';
import type { ConfigChange } from './commands.ts';
import { brokerLists, checkDynamicBrokerConfigs } from './dynamic-broker-configs.ts';
import { checkGroupConfigs } from './group-configs.ts';
import type { Result } from './results.ts';
import { resultOf } from './results.ts';

export type ResourceKind = 'group' | 'clientMetrics' | 'broker';

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
  /** Why it must have a name; undefined: it need not. */
  readonly nameless?: string;
  readonly lists: ListRules;
  check(configs: Configs): void;
}

/** Kafka appends to no list of these, though they have some. */
const noLists: ListRules = { definitions: new Map(), refusal: notAList };

const rules: Readonly<Record<ResourceKind, Rules>> = {
  group: {
    nameless: 'Default group resources are not allowed.',
    lists: noLists,
    check: checkGroupConfigs,
  },
  clientMetrics: {
    nameless: "Subscription name can't be empty",
    lists: noLists,
    check: checkClientMetricsConfigs,
  },
  broker: {
    lists: brokerLists,
    check: checkDynamicBrokerConfigs,
  },
};

const kinds = Object.keys(rules) as readonly ResourceKind[];

/** The row that says what is set on a resource. */
const keyOf = ({ kind, name }: ConfiguredResource): string => `${kind}Configs:${name}`;

export class ResourceConfigs {
  readonly #set: Readonly<Record<ResourceKind, Map<string, Configs>>> = {
    group: new Map(),
    clientMetrics: new Map(),
    broker: new Map(),
  };

  replay(table: `${ResourceKind}Configs`, name: string, configs: Configs | null): void {
    const kind = table.slice(0, -'Configs'.length) as ResourceKind;
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
        const { lists, nameless, check } = rules[resource.kind];
        const before = this.of(resource);
        const after = alteredConfigs(before, resource, lists);
        if (resource.name === '' && nameless !== undefined)
          throw new KafkaError(ErrorCode.INVALID_REQUEST, nameless);
        check(after);
        if (sameConfigs(before, after)) return;
        const value = Object.keys(after).length > 0 ? after : null;
        rows.push({ key: keyOf(resource), value });
      }),
    );
    return { results, rows };
  }

  /** What will be set on it after these rows. */
  after(rows: readonly Row[], resource: ConfiguredResource): Configs {
    const row = rows.find(({ key }) => key === keyOf(resource));
    return row === undefined ? this.of(resource) : ((row.value as Configs | null) ?? {});
  }

  /** What is set on it. */
  of({ kind, name }: ConfiguredResource): Configs {
    return this.#set[kind].get(name) ?? {};
  }

  /** Everything on which something is set. */
  list(): ConfiguredResource[] {
    return kinds.flatMap((kind) => [...this.#set[kind].keys()].map((name) => ({ kind, name })));
  }
}
