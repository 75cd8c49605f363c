/** `kedge import`: topics from files. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codecs } from '../../client/compression.ts';
import { command as action, type Options } from '../command.ts';
import type { Cluster } from '../connection/cluster.ts';
import { amountOf } from '../progress.ts';
import { Refused, UsageError } from '../usage.ts';
import { nonEmpty } from '../values.ts';
import { Displaced } from './import-lane.ts';
import { ProgressFile } from './import-progress.ts';
import { type ImportSource, sourceAt, sourceFrom } from './import-source.ts';
import { Import, type Imported, newProducer } from './importing.ts';

const options = {
  topic: {
    ...{ value: 'name[=new]', multiple: true, parse: renaming },
    summary: 'only this topic, and under another name if one is said',
  },
  'group-offsets': { summary: 'also set how far groups have read, where that was exported' },
  compression: {
    ...{ short: 'z', value: 'codec' },
    choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    summary: 'compress with this (default: batches as they were, lines not at all)',
  },
  progress: {
    ...{ value: 'file', complete: 'file' },
    summary: 'where to keep how far it has come (default: beside what is imported)',
  },
  again: { summary: 'store everything once more, whatever was imported before' },
  quiet: { short: 'q', summary: 'say only what goes wrong' },
} as const satisfies Options;

/** Late batches of a run that was killed are met once. */
const attempts = 5;

export const command = action({
  name: 'import',
  summary: 'store what kedge export has written',
  description: `Topics that are missing are made, with the partitions and configs they had. Records
keep their partitions, keys, headers and times; of a folder of Kafka's own log files, what was
aborted is left out. Lines may also be written by hand: {"topic":"orders","value":"tea"} is enough.

How far it has come stands in a file beside what is imported. Run again, also after it was killed,
it goes on there, and asks the target what was stored last: each record is there once, as long as
nobody else stores the same ones meanwhile. What has been added to an export since is all that
another import stores. Standard input needs --progress for that.

A record that is older than its topic keeps records may be deleted soon after.`,
  arguments: [
    {
      ...{ name: 'path', complete: 'directory' },
      summary: 'what kedge export has written, or - for standard input',
    },
  ],
  options,
  connects: true,
  examples: [
    { command: 'kedge import backup' },
    { command: 'kedge import backup --topic orders=orders-copy' },
    { command: 'kedge import orders.jsonl --group-offsets' },
    { command: `echo '{"topic":"orders","key":"cup","value":"tea"}' | kedge import -` },
  ],
  async run({ args: [path], options, output, input, connect, signal }) {
    const cluster = await connect();
    const source = path === '-' ? sourceFrom(input) : await existing(path);
    if (path === '-') signal.addEventListener('abort', () => input.destroy(), { once: true });
    const progress = output.progress({ label: 'imported', unit: 'bytes', total: source.bytes });
    const codec = options.compression;
    const terms = {
      ...{ admin: cluster.admin, link: cluster.link, signal },
      nameOf: naming(options.topic),
      codec: codec === undefined ? undefined : codecs[codec],
      withGroups: options['group-offsets'],
      say: (text: string) => output.warn(text),
    };
    const file = await progressFile(path, options, cluster);
    let done: Imported | undefined;
    for (let attempt = 1; done === undefined; attempt++) {
      try {
        const producer = () => newProducer(cluster.link);
        done = await new Import({
          ...terms,
          file: await ProgressFile.open(file, producer, options.again && attempt === 1),
          progress: (bytes) => {
            if (!options.quiet && attempt === 1) progress.add(bytes);
          },
        }).run(source);
      } catch (error) {
        if (!(error instanceof Displaced)) throw error;
        if (path === '-' || attempt === attempts) {
          throw new Refused('what an earlier run had sent came only now: run it again to go on.');
        }
      }
    }
    progress.end();
    const isWhole = !signal.aborted;
    const result = { ...done, isWhole };
    if (output.json) output.line(JSON.stringify(result, null, 2));
    else if (!options.quiet) output.say(summaryOf(result));
    return isWhole ? 0 : 1;
  },
});

async function existing(path: string): Promise<ImportSource> {
  if ((await stat(path).catch(() => undefined)) === undefined) {
    throw new Refused(`there is no file or folder ${path}.`);
  }
  return sourceAt(path);
}

function renaming(text: string): readonly [topic: string, name: string] {
  const [topic, name = topic, ...rest] = nonEmpty(text).split('=');
  if (topic === '' || name === '' || rest.length > 0) {
    throw new UsageError(`must be name or name=new, not '${text}'`);
  }
  return [topic, name];
}

function naming(topics: readonly (readonly [string, string])[]): (t: string) => string | undefined {
  const names = new Map(topics);
  return (topic) => (names.size === 0 ? topic : names.get(topic));
}

/** One for each target: its cluster, and the names there. */
async function progressFile(
  path: string,
  options: { readonly progress?: string | undefined; readonly topic: readonly unknown[] },
  { admin }: Cluster,
): Promise<string | undefined> {
  if (options.progress !== undefined) return options.progress;
  if (path === '-') return undefined;
  const what = JSON.stringify([await admin.clusterId(), options.topic]);
  const name = createHash('sha1').update(what).digest('hex').slice(0, 12);
  const isFolder = (await stat(path)).isDirectory();
  return isFolder ? join(path, `.import-${name}.json`) : `${path}.import-${name}.json`;
}

function summaryOf({ records, topics, groupOffsets, isWhole }: Imported & { isWhole: boolean }) {
  const stored = `Imported ${amountOf(records, records === 1 ? 'record' : 'records')}`;
  const into = ` into ${amountOf(topics.length, topics.length === 1 ? 'topic' : 'topics')}`;
  const offsets = groupOffsets > 0 ? `, and ${amountOf(groupOffsets, 'offsets of groups')}` : '';
  const rest = isWhole ? '.' : '; stopped before the end: run it again to go on.';
  return `${stored}${into}${offsets}${rest}`;
}
