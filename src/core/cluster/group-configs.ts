/**
 * Every config a group can have in Kafka 4.4, in one table. The surprise: a value is checked twice,
 * for what it may be anywhere and for the bounds that the broker's own configs set.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { ConfigDefinition, ParsedValue, Problem } from './config-definitions.ts';
import { between, checkConfig, oneOf } from './config-definitions.ts';

export interface GroupConfig extends ConfigDefinition {
  readonly default: string;
  /** The broker config that gives the default of this one; absent where it has its own name. */
  readonly synonym?: string;
  /** What the broker's bounds allow. */
  readonly bounds?: readonly [least: number, most: number];
}

type Settings = Pick<GroupConfig, 'default' | 'bounds' | 'documentation'> & { least: number };

/** A number whose default is the broker's, under the name with `group.` before it. */
function number(name: string, { least, ...settings }: Settings): GroupConfig {
  return { name, type: 'INT', problem: between(least), synonym: `group.${name}`, ...settings };
}

/** The three times that groups of every new kind have. */
function timesOf(kind: string): GroupConfig[] {
  return [
    number(`${kind}.assignment.interval.ms`, {
      default: '1000',
      least: 0,
      bounds: [0, 15_000],
      documentation: `How long a ${kind} group waits from one assignment to the next.`,
    }),
    number(`${kind}.heartbeat.interval.ms`, {
      default: '5000',
      least: 1,
      bounds: [5_000, 15_000],
      documentation: `How often the members of a ${kind} group are told to send a heartbeat.`,
    }),
    number(`${kind}.session.timeout.ms`, {
      default: '45000',
      least: 1,
      bounds: [45_000, 60_000],
      documentation: `How long a ${kind} group waits for a heartbeat of a member.`,
    }),
  ];
}

/** ISO 8601, as `by_duration:P1DT2H`; never negative. */
const duration = /^by_duration:P(?=.)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/i;

function offsetReset(parsed: ParsedValue): Problem | undefined {
  const value = String(parsed);
  if (value === 'earliest' || value === 'latest' || duration.test(value)) return undefined;
  const what = "It must be 'earliest', 'latest' or 'by_duration:<PnDTnHnMn.nS>'";
  return { value, what };
}

function items(parsed: ParsedValue): Problem | undefined {
  const isEmpty = (parsed as readonly string[]).includes('');
  return isEmpty ? { value: '', what: 'values must not be empty' } : undefined;
}

const share: readonly GroupConfig[] = [
  {
    name: 'share.auto.offset.reset',
    type: 'STRING',
    default: 'latest',
    problem: offsetReset,
    documentation: 'Where a share group begins to read: earliest, latest or by_duration.',
  },
  number('share.delivery.count.limit', {
    default: '5',
    least: 2,
    bounds: [2, 10],
    documentation: 'How often a record is delivered to a share group at most.',
  }),
  {
    name: 'share.isolation.level',
    type: 'STRING',
    default: 'read_uncommitted',
    problem: oneOf('read_committed', 'read_uncommitted'),
    documentation: 'Whether a share group reads records of transactions that did not commit.',
  },
  number('share.partition.max.record.locks', {
    default: '2000',
    least: 100,
    bounds: [100, 4_000],
    documentation: 'How many records of a partition a share group may hold at a time.',
  }),
  number('share.record.lock.duration.ms', {
    default: '30000',
    least: 1_000,
    bounds: [15_000, 60_000],
    documentation: 'For how many milliseconds a member of a share group may hold a record.',
  }),
  {
    name: 'share.renew.acknowledge.enable',
    type: 'BOOLEAN',
    default: 'true',
    documentation: 'Whether the members of a share group may hold a record for longer.',
  },
];

const streams: readonly GroupConfig[] = [
  {
    name: 'streams.assignor.name',
    type: 'STRING',
    default: 'sticky',
    synonym: 'group.streams.assignors',
    documentation: 'The assignor of the tasks of a streams group.',
  },
  number('streams.initial.rebalance.delay.ms', {
    default: '3000',
    least: 0,
    documentation: 'How long a new streams group waits for more members.',
  }),
  number('streams.num.standby.replicas', {
    default: '0',
    least: 0,
    documentation: 'How many standby replicas a task of a streams group has.',
  }),
  {
    name: 'streams.rack.aware.assignment.tags',
    type: 'LIST',
    default: '',
    problem: items,
    synonym: 'group.streams.rack.aware.assignment.tags',
    documentation: 'The tags of clients over which standby tasks are spread.',
  },
];

const deadLetters: readonly GroupConfig[] = [
  {
    name: 'errors.deadletterqueue.copy.record.enable',
    type: 'BOOLEAN',
    default: 'false',
    documentation: 'Whether a record goes to the dead-letter queue whole.',
  },
  {
    name: 'errors.deadletterqueue.topic.name',
    type: 'STRING',
    default: '',
    documentation: 'The topic for records that a share group gave up; empty: there is none.',
  },
];

/** By name, in the order of the names. */
export const groupConfigs: ReadonlyMap<string, GroupConfig> = new Map(
  [...timesOf('consumer'), ...timesOf('share'), ...timesOf('streams'), ...share, ...streams]
    .concat(deadLetters)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((config) => [config.name, config]),
);

const mostStandbys = 2n;

/** Throws INVALID_CONFIG for the first config that cannot be. */
export function checkGroupConfigs(configs: Readonly<Record<string, string>>): void {
  const invalid = (message: string) => new KafkaError(ErrorCode.INVALID_CONFIG, message);
  const parsed = new Map<string, ParsedValue>();
  for (const name of Object.keys(configs)) {
    const definition = groupConfigs.get(name);
    if (definition === undefined) throw invalid(`Unknown group config name: ${name}`);
  }
  for (const [name, value] of Object.entries(configs)) {
    parsed.set(name, checkConfig(groupConfigs.get(name)!, value));
  }
  for (const [name, value] of parsed) {
    const { bounds } = groupConfigs.get(name)!;
    if (bounds && ((value as bigint) < bounds[0] || (value as bigint) > bounds[1])) {
      throw invalid(`${name} must be in the range ${bounds.join(' to ')} inclusive.`);
    }
  }
  const standbys = 'streams.num.standby.replicas';
  if (((parsed.get(standbys) ?? 0n) as bigint) > mostStandbys) {
    throw invalid(`${standbys} must be less than or equal to ${mostStandbys}`);
  }
  const assignor = 'streams.assignor.name';
  if ((parsed.get(assignor) ?? 'sticky') !== 'sticky') {
    throw invalid(`${assignor} '${parsed.get(assignor)}' is not a registered task assignor.`);
  }
  const tags = (parsed.get('streams.rack.aware.assignment.tags') ?? []) as readonly string[];
  if (new Set(tags).size < tags.length) {
    throw invalid('streams.rack.aware.assignment.tags must not contain duplicate tag keys.');
  }
  const queue = 'errors.deadletterqueue.topic.name';
  if (String(parsed.get(queue) ?? '').startsWith('__')) {
    throw invalid(`${queue}: DLQ topic name must not start with '__'`);
  }
}
