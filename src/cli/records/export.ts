/** `kedge export`: topics to files. */
import { stat } from 'node:fs/promises';
import { command as action, type Options } from '../command.ts';
import type { Cluster } from '../connection/cluster.ts';
import type { Output } from '../output.ts';
import { amountOf } from '../progress.ts';
import { Refused, UsageError } from '../usage.ts';
import { nonEmpty } from '../values.ts';
import {
  type Destination,
  LinesFile,
  LinesFolder,
  SegmentsFolder,
  StandardOutput,
} from './destinations.ts';
import { exportTopics } from './exporting.ts';
import { topicsOf } from './places.ts';
import { Sink, type Stream } from './sink.ts';

const options = {
  all: { summary: "every topic but Kafka's own" },
  to: {
    ...{ value: 'path', complete: 'directory', parse: nonEmpty },
    summary: 'a folder, a file that ends in .jsonl or .jsonl.gz, or - for standard output',
  },
  format: {
    ...{ value: 'format', choices: ['json', 'binary'], default: 'json' },
    summary: "json: a line a record; binary: record batches, as in Kafka's log directory",
  },
  gzip: { summary: 'compress the lines' },
  'group-offsets': { summary: 'also how far groups have read' },
  quiet: { short: 'q', summary: 'say only what goes wrong' },
} as const satisfies Options;

export const command = action({
  name: 'export',
  summary: 'write topics to files, to be read by kedge import',
  description: `A line of JSON is a record: topic, partition, offset, timestamp, key, value and
headers. Text stands there as text, other bytes as {"base64": …}, nothing as null. Lines of topics
say their partitions and configs. In a folder each partition has a file, and topics.jsonl the rest.

With --format binary the folder is laid out as Kafka's own, orders-0/00000000000000000000.log, and
holds batches as they are, with the markers of transactions and what they aborted; kafka-dump-log
reads them. In JSON what was aborted is left out.

It ends with what was there when it began. Run again, also after it was killed, it goes on where the
files end: each record is there once. To standard output it always begins at the beginning.`,
  arguments: [
    {
      ...{ name: 'topic', optional: true, multiple: true, complete: 'topic' },
      summary: 'topics, or patterns that begin with ^',
    },
  ],
  options,
  connects: true,
  examples: [
    { command: 'kedge export orders --to backup' },
    { command: 'kedge export --all --group-offsets --to everything --gzip' },
    { command: "kedge export '^ord.*' --to orders.jsonl", summary: 'all in one file' },
    { command: 'kedge export orders --format binary --to logs' },
    { command: 'kedge export orders --to - | head -1' },
  ],
  async run({ args, options, output, connect, signal }) {
    const { to, format } = options;
    if (to === undefined) throw new UsageError('say where to: --to <path>.');
    if (args.length > 0 === options.all) throw new UsageError('say which topics, or --all.');
    const how = { to, isBinary: format === 'binary', isGzip: options.gzip || to.endsWith('.gz') };
    if (how.isBinary && how.isGzip) {
      throw new UsageError('batches stay as their producers compressed them: leave out --gzip.');
    }
    const cluster = await connect();
    const topics = options.all ? await allTopics(cluster) : await topicsOf(cluster.admin, args);
    const destination = await destinationOf(how, output);
    const shows = !options.quiet;
    const progress = output.progress({ label: 'exported', unit: 'offsets' });
    let shown = 0;
    const done = await exportTopics(cluster, destination, {
      topics,
      withGroups: options['group-offsets'],
      say: (text) => output.warn(text),
      progress(offsets, all) {
        progress.total = all;
        if (shows) progress.add(offsets - shown);
        shown = offsets;
      },
      signal,
    }).finally(() => destination.close());
    progress.end();
    const isWhole = !signal.aborted;
    const result = { to, topics, ...done, isWhole };
    if (output.json && to !== '-') output.line(JSON.stringify(result, null, 2));
    else if (shows) output.say(summaryOf(result));
    return isWhole ? 0 : 1;
  },
});

async function allTopics({ admin }: Cluster): Promise<string[]> {
  const all = await admin.describeTopics(await admin.listTopics());
  const names = all.filter(({ isInternal }) => !isInternal).map(({ name }) => name);
  if (names.length === 0) throw new Refused('there are no topics to export.');
  return names.toSorted();
}

interface How {
  readonly to: string;
  readonly isBinary: boolean;
  readonly isGzip: boolean;
}

async function destinationOf({ to, isBinary, isGzip }: How, output: Output): Promise<Destination> {
  if (to === '-') {
    if (isBinary || isGzip) throw new UsageError('to standard output goes plain JSON.');
    return new StandardOutput(new Sink(output.stdout as Stream));
  }
  const there = await stat(to).catch(() => undefined);
  const isFile = there?.isFile() ?? (!there && /\.(jsonl|ndjson|json)(\.gz)?$/.test(to));
  if (isFile && isBinary) throw new UsageError('--format binary needs a folder.');
  if (isFile) return LinesFile.open(to, isGzip);
  return isBinary ? new SegmentsFolder(to) : new LinesFolder(to, isGzip);
}

function summaryOf(done: {
  readonly to: string;
  readonly topics: readonly string[];
  readonly records: number | undefined;
  readonly offsets: number;
  readonly isWhole: boolean;
}): string {
  const { to, topics, records, offsets, isWhole } = done;
  const amount =
    records === undefined ? amountOf(offsets, 'offsets') : amountOf(records, 'records');
  const place = to === '-' ? '' : ` to ${to}`;
  const rest = isWhole ? '.' : '; stopped before the end: run it again to go on.';
  return `Exported ${amount} of ${amountOf(topics.length, topics.length === 1 ? 'topic' : 'topics')}${place}${rest}`;
}
