/** `kedge consume`: kcat's consumer, of partitions or as a member of a group. */
import type { TopicPartition } from '../../client/consumer/options.ts';
import { bytes } from '../../client/serdes.ts';
import { command as action, type Options } from '../command.ts';
import type { Cluster } from '../connection/cluster.ts';
import { UsageError } from '../usage.ts';
import { instant, integer, nonEmpty } from '../values.ts';
import { type Printing, printGroup, printPartitions } from './consuming.ts';
import { printer, tokenMeanings } from './format.ts';
import { LogReader } from './log-reader.ts';
import { type Isolation, offsetsOf, patternOf, placesOf } from './places.ts';
import { Sink, type Stream } from './sink.ts';
import { type Range, rangeOf } from './start-offsets.ts';

const options = {
  topic: {
    ...{ short: 't', value: 'topic', multiple: true, complete: 'topic', parse: nonEmpty },
    summary: 'a topic to read, or a pattern that begins with ^',
  },
  partition: {
    ...{ short: 'p', value: 'number', multiple: true, parse: integer(0, 2 ** 31 - 1) },
    summary: 'only this partition (default: all)',
  },
  group: {
    ...{ short: 'G', value: 'group', complete: 'group', parse: nonEmpty },
    summary: 'read as a member of this group, and commit what was printed',
  },
  offset: {
    ...{ short: 'o', value: 'offset', multiple: true },
    summary:
      'where to begin: beginning (default), end, stored, N, -N from the end, s@time; e@time: where to stop',
  },
  since: {
    value: 'time',
    parse: (text) => instant(text),
    summary: 'begin with records of this time',
  },
  until: { value: 'time', parse: (text) => instant(text), summary: 'stop at records of this time' },
  count: {
    ...{ short: 'c', value: 'number', parse: integer(1) },
    summary: 'end after so many records',
  },
  'exit-at-end': { short: 'e', summary: 'end when there are no more records' },
  format: { short: 'f', value: 'format', summary: 'print each record so; see below' },
  'key-delimiter': { short: 'K', value: 'text', summary: 'print the key, and this behind it' },
  delimiter: {
    ...{ short: 'D', value: 'text', default: '\\n' },
    summary: 'what comes behind each record',
  },
  json: { short: 'J', summary: "print each record as JSON, in kcat's words" },
  'show-null': { short: 'Z', summary: 'print what is null, or empty, as NULL' },
  unbuffered: { short: 'u', summary: 'print each record as soon as it comes' },
  isolation: {
    value: 'level',
    choices: ['read_committed', 'read_uncommitted'],
    default: 'read_committed',
    summary: 'whether transactions are waited for, and what they aborted is left out',
  },
  quiet: { short: 'q', summary: 'say nothing beside the records' },
} as const satisfies Options;

const tokens = Object.entries(tokenMeanings).map(([token, meaning]) => `${token} ${meaning}`);

export const command = action({
  name: 'consume',
  summary: 'print the records of topics, and those that come',
  description: `It begins with the first record, and waits for more until Ctrl-C, or ends with -e.
With -G it begins where the group has come to, or at the end where the group has read nothing yet
(-o beginning: with the first record). It shares the topics with the group's other members (brokers
from Kafka 4.0 on), and commits what was printed. Records of transactions are printed when those are
committed.

In a format stands: ${tokens.join('; ')}. \\n, \\t, \\r and \\xNN are understood there and in
delimiters.

Options are those of kcat; only what is printed goes to standard output.`,
  arguments: [
    {
      ...{ name: 'topic', optional: true, multiple: true, complete: 'topic' },
      summary: 'more topics, or patterns that begin with ^',
    },
  ],
  options,
  connects: true,
  noJson: true,
  examples: [
    { command: 'kedge consume -t orders -e', summary: 'all there is' },
    { command: 'kedge consume -t orders -o -10 -e -J', summary: 'the last ten of each partition' },
    { command: "kedge consume -t orders -e -f '%t [%p] %o: %k = %s\\n'" },
    {
      command: 'kedge consume -G billing orders -c 1 -o beginning',
      summary: 'the next one of a group, and the first of one that is new',
    },
    { command: "kedge consume '^ord.*' --since '1h ago' -e" },
  ],
  async run({ args, options, output, connect, signal }) {
    const topics = [...options.topic, ...args];
    if (topics.length === 0) throw new UsageError('say which topic: -t <topic>.');
    const isolation = options.isolation as Isolation;
    const range = rangeOf(options.offset, options.since, options.until, Date.now());
    const sink = new Sink(output.stdout as Stream);
    const printing: Printing = {
      print: printer({
        format: options.format,
        keyDelimiter: options['key-delimiter'],
        delimiter: options.delimiter,
        isJson: options.json,
        showsNull: options['show-null'],
      }),
      sink,
      count: options.count ?? Number.POSITIVE_INFINITY,
      endsAtEnd: options['exit-at-end'],
      isUnbuffered: options.unbuffered,
      say: (text) => (options.quiet ? undefined : output.say(`% ${text}`)),
      signal,
    };
    const cluster = await connect();
    if (options.group === undefined) {
      const partitions = options.partition.length > 0 ? options.partition : undefined;
      const terms = { topics, partitions, range, isolation };
      await ofPartitions(cluster, terms, printing);
    } else {
      if (options.partition.length > 0) {
        throw new UsageError('a member of a group is told its partitions: -p is not for -G.');
      }
      await ofGroup(cluster, { topics, range, isolation, group: options.group }, printing);
    }
    await sink.end();
  },
});

interface Terms {
  readonly topics: readonly string[];
  readonly range: Range;
  readonly isolation: Isolation;
}

async function ofPartitions(
  { admin, link }: Cluster,
  {
    topics,
    partitions,
    range,
    isolation,
  }: Terms & { readonly partitions: readonly number[] | undefined },
  printing: Printing,
): Promise<void> {
  const places = await placesOf(admin, { topics, partitions }, range, isolation);
  const reader = new LogReader(link, {
    isolation,
    patienceMs: undefined,
    // What was deleted is passed over; what is not there yet is waited for at the end.
    async outOfRange(place) {
      const [begin, end] = await Promise.all(
        (['earliest', 'latest'] as const).map((at) => offsetsOf(admin, [place], at, isolation)),
      );
      const to = place.position < begin(place) ? begin(place) : end(place);
      printing.say(`${place} has no offset ${place.position}: going on at offset ${to}`);
      place.moveTo(to);
    },
  });
  await printPartitions(reader, places, printing);
}

async function ofGroup(
  cluster: Cluster,
  { topics, range, isolation, group }: Terms & { readonly group: string },
  printing: Printing,
): Promise<void> {
  const says = (what: string) => (places: readonly TopicPartition[]) => {
    const list = places.map(({ topic, partition }) => `${topic} [${partition}]`).join(', ');
    printing.say(`Group ${group} ${what}: ${list}`);
  };
  const consumer = cluster.consumer<Uint8Array, Uint8Array>({
    ...{ key: bytes, value: bytes, groupId: group, isolation },
    autoOffsetReset: beginningOf(range),
    onAssigned: says('assigned'),
    onRevoked: says('revoked'),
  });
  consumer.subscribe(subscriptionOf(topics));
  const leaders = new Map<string, Promise<Map<number, number>>>();
  const originOf = async (topic: string, partition: number) => {
    const known = leaders.get(topic) ?? leadersOf(cluster, topic);
    leaders.set(topic, known);
    return { broker: (await known).get(partition) ?? -1, timestampType: 'create' as const };
  };
  try {
    await printGroup(consumer, { ...printing, originOf });
  } finally {
    await consumer.close();
  }
}

async function leadersOf({ admin }: Cluster, topic: string): Promise<Map<number, number>> {
  const [{ partitions }] = await admin.describeTopics([topic]);
  return new Map(partitions.map(({ partition, leader }) => [partition, leader]));
}

/** Where a group begins that has read nothing yet. */
function beginningOf({ start, until }: Range): 'earliest' | 'latest' {
  if (until !== undefined) throw new UsageError('a group reads on: it has no time to stop at.');
  if (start === undefined || start.kind === 'stored') return 'latest';
  if (start.kind === 'earliest' || start.kind === 'latest') return start.kind;
  throw new UsageError('a group begins where it has come to, at the beginning or at the end.');
}

/** Names alone, or one pattern for all: the broker matches whole names, and kcat the beginning. */
function subscriptionOf(topics: readonly string[]): readonly string[] | { pattern: string } {
  if (!topics.some((topic) => topic.startsWith('^'))) return topics;
  const patterns = topics.map((topic) => {
    if (!topic.startsWith('^')) return topic.replaceAll('.', '\\.');
    return `(?:${patternOf(topic).source.slice(1)}).*`;
  });
  return { pattern: patterns.join('|') };
}
