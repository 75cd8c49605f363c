/** `kedge group reset-offsets`: as kafka-consumer-groups does. */
import { alterShareGroupOffsets } from '../../protocol/apis/alter-share-group-offsets.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { command, type Options, type Values } from '../command.ts';
import type { Cluster } from '../connection/cluster.ts';
import { placesOf } from '../topic/views.ts';
import { Refused, UsageError } from '../usage.ts';
import { duration, instant, integer } from '../values.ts';
import { findGroup } from './views.ts';

const goals = {
  'to-earliest': { summary: 'read again from the first record there is' },
  'to-latest': { summary: 'read only what comes from now on' },
  'to-offset': { value: 'offset', summary: 'this one', parse: integer() },
  'to-datetime': {
    value: 'time',
    summary: 'the first record that is not older: 2026-11-23T10:00:00Z',
    parse: instant,
  },
  'by-duration': { value: 'duration', summary: 'the same, so long ago: 1h', parse: duration },
  'shift-by': {
    value: 'number',
    summary: 'so many further, or with a minus back',
    parse: integer(Number.MIN_SAFE_INTEGER),
  },
} as const satisfies Options;

const options = {
  topic: {
    short: 't',
    value: 'topic[:0,1,…]',
    summary: 'of this topic, or these partitions of it',
    multiple: true,
    parse: scopeOf,
    complete: 'topic',
  },
  'all-topics': { summary: 'of every topic that the group has read' },
  ...goals,
  'dry-run': { summary: 'only show what would be done' },
} as const satisfies Options;

type Said = Values<typeof options>;

interface Scope {
  readonly topic: string;
  readonly partitions: readonly number[] | undefined;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

export const resetOffsets = command({
  name: 'reset-offsets',
  summary: 'let a group go on reading elsewhere',
  description:
    'The group must have no members at the moment. One that does not exist comes into being with ' +
    'these offsets. An offset that is not there becomes the nearest that is.',
  arguments: [{ name: 'group', summary: 'a group', complete: 'group' }],
  options,
  connects: true,
  examples: [
    { command: 'kedge group reset-offsets shop --topic orders --to-earliest --dry-run' },
    { command: "kedge group reset-offsets shop --all-topics --to-datetime '1h ago'" },
    { command: 'kedge group reset-offsets shop --topic orders:0,2 --shift-by -10' },
  ],
  async run({ args: [groupId], options: said, output, connect }) {
    checkUsage(said);
    const cluster = await connect();
    const group = await findGroup(cluster, groupId);
    const isShare = /^share$/i.test(group?.type ?? '');
    const isIdle = group === undefined || /^(empty|dead)$/i.test(group.state);
    if (!isIdle) {
      throw new Refused(
        `the group ${groupId} has members (it is ${group.state}): stop them first.`,
      );
    }
    const { admin } = cluster;
    const committed = isShare ? [] : await admin.groupOffsets(groupId);
    const places = said['all-topics'] ? committed : await scoped(cluster, said.topic);
    if (places.length === 0) {
      throw new Refused(`the group ${groupId} has no offsets that could be reset.`);
    }
    const before = new Map(committed.map((one) => [keyOf(one), one.offset]));
    const after = await goalsOf(cluster, said, places, before);
    if (!said['dry-run']) {
      if (isShare) await alterShare(cluster, groupId, after);
      else await admin.alterGroupOffsets(groupId, after);
    }
    const rows = after.map(({ topic, partition, offset }) => ({
      ...{ topic, partition, before: before.get(keyOf({ topic, partition })) ?? null },
      after: offset,
    }));
    output.table(rows, [
      { title: 'TOPIC', of: (row) => row.topic },
      { title: 'PARTITION', of: (row) => row.partition, right: true },
      { title: 'BEFORE', of: (row) => row.before, right: true },
      { title: 'AFTER', of: (row) => row.after, right: true },
    ]);
    if (said['dry-run']) output.say('Nothing was changed (--dry-run).');
  },
});

function checkUsage(said: Said): void {
  const named = (Object.keys(goals) as (keyof typeof goals)[]).filter(
    (name) => said[name] !== undefined && said[name] !== false,
  );
  if (named.length !== 1) {
    const names = Object.keys(goals).map((name) => `--${name}`);
    throw new UsageError(`say where to, once: ${names.join(', ')}.`);
  }
  if (said['all-topics'] === said.topic.length > 0) {
    throw new UsageError('say of what: --topic or --all-topics.');
  }
}

function scopeOf(text: string): Scope {
  const [, topic, list] = /^([^:]+)(?::(\d+(?:,\d+)*))?$/.exec(text) ?? [];
  if (topic === undefined) throw new UsageError(`must be topic or topic:0,1, not '${text}'`);
  return { topic, partitions: list?.split(',').map(Number) };
}

async function scoped(cluster: Cluster, scopes: readonly Scope[]): Promise<Place[]> {
  const all = await placesOf(
    cluster,
    scopes.map(({ topic }) => topic),
  );
  return scopes.flatMap(({ topic, partitions }) => {
    const own = all.filter((place) => place.topic === topic);
    const missing = partitions?.find((one) => !own.some(({ partition }) => partition === one));
    if (missing !== undefined) throw new UsageError(`${topic} has no partition ${missing}.`);
    return own.filter(({ partition }) => partitions?.includes(partition) ?? true);
  });
}

/** Where each goes on, within what is there. */
async function goalsOf(
  { admin }: Cluster,
  said: Said,
  places: readonly Place[],
  before: ReadonlyMap<string, number>,
) {
  const ask = async (at: 'earliest' | 'latest' | number) => {
    const found = await admin.listOffsets(
      places.map(({ topic, partition }) => ({ topic, partition, at })),
    );
    return new Map(found.map((one) => [keyOf(one), one.offset]));
  };
  const ago = said['by-duration'];
  const time = said['to-datetime'] ?? (ago === undefined ? undefined : Date.now() - ago);
  const [earliest, latest, timed] = await Promise.all([
    ask('earliest'),
    ask('latest'),
    time === undefined ? undefined : ask(time),
  ]);
  return places.map(({ topic, partition }) => {
    const key = keyOf({ topic, partition });
    const [first, end] = [earliest.get(key)!, latest.get(key)!];
    const wanted = wantedOf(said, { first, end, timed: timed?.get(key), before: before.get(key) });
    return { topic, partition, offset: Math.min(Math.max(wanted, first), end) };
  });
}

function wantedOf(
  said: Said,
  at: { first: number; end: number; timed: number | undefined; before: number | undefined },
): number {
  if (said['to-earliest']) return at.first;
  if (said['to-latest']) return at.end;
  if (said['to-offset'] !== undefined) return said['to-offset'];
  if (said['shift-by'] !== undefined) return (at.before ?? at.first) + said['shift-by'];
  // There is none so late.
  return at.timed === undefined || at.timed < 0 ? at.end : at.timed;
}

async function alterShare(
  { link }: Cluster,
  groupId: string,
  offsets: readonly (Place & { readonly offset: number })[],
): Promise<void> {
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topicName, own]) => ({
    topicName,
    partitions: own.map(({ partition, offset }) => ({
      partitionIndex: partition,
      startOffset: offset,
    })),
  }));
  const answer = await link.call(alterShareGroupOffsets, { groupId, topics });
  const all = [answer, ...answer.responses.flatMap(({ partitions }) => partitions)];
  for (const { errorCode, errorMessage } of all) {
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
  }
}

function keyOf({ topic, partition }: Place): string {
  return `${topic}-${partition}`;
}
