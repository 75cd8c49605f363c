/** `kedge produce`: kcat's producer. */
import { createReadStream, fstatSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { bytes } from '../../client/serdes.ts';
import { command as action, type Options, type Values } from '../command.ts';
import type { Output } from '../output.ts';
import { amountOf, bytesText, type Progress } from '../progress.ts';
import { UsageError } from '../usage.ts';
import { integer, nonEmpty } from '../values.ts';
import { unescaped } from './escapes.ts';
import { compressorOf } from './opened.ts';
import { bufferBytes, Sending } from './producing.ts';
import { following, type Outgoing, recordOfJson, recordOfLine } from './sources.ts';
import { split } from './split.ts';

const options = {
  topic: {
    ...{ short: 't', value: 'topic', complete: 'topic', parse: nonEmpty },
    summary: 'where to; with -J each line may say so itself',
  },
  partition: {
    ...{ short: 'p', value: 'number', parse: integer(-1, 2 ** 31 - 1) },
    summary: 'to this partition (default, and -1: by the key, as Java has it)',
  },
  'key-delimiter': {
    ...{ short: 'K', value: 'text' },
    summary: 'what stands before this in a line is the key',
  },
  delimiter: { short: 'D', value: 'text', default: '\\n', summary: 'what divides records' },
  'record-key': { short: 'k', value: 'text', summary: 'the key of those that have none' },
  header: {
    ...{ short: 'H', value: 'name=value', multiple: true, parse: headerOf },
    summary: 'a header for each; a name alone has no value',
  },
  json: {
    short: 'J',
    summary: 'each line is JSON, as kedge consume -J or kedge export writes it',
  },
  null: { short: 'Z', summary: 'an empty key or value (with -K) is null' },
  lines: { short: 'l', summary: 'send the lines of the file, and not the file as one record' },
  follow: { summary: 'send the lines of the file and those that are added to it, until Ctrl-C' },
  count: { short: 'c', value: 'number', parse: integer(1), summary: 'end after so many records' },
  tee: { short: 'T', summary: 'print what is sent' },
  compression: {
    ...{ short: 'z', value: 'codec', default: 'none' },
    choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    summary: 'compress with this',
  },
  acks: {
    ...{ value: 'acks', default: 'all', choices: ['all', '1', '0'] },
    summary: 'when a record counts as stored; less than all may store some twice',
  },
  quiet: { short: 'q', summary: 'say only what goes wrong' },
} as const satisfies Options;

type Said = Values<typeof options>;

/** A line may be as long as this: more than topics take, unless they are told to. */
const largestLine = 64 * 1024 * 1024;

export const command = action({
  name: 'produce',
  summary: 'send lines, files or JSON to a topic',
  description: `Each line of standard input is a record; files named are sent whole, one record
each, or with -l line by line. Empty lines are left out. Every record is stored once, in its order,
also when answers get lost on the way. What cannot be delivered is said, and the exit code is 1.

Ctrl-C ends reading; what was read is still sent. Options are those of kcat.`,
  arguments: [
    {
      ...{ name: 'file', optional: true, multiple: true, complete: 'file' },
      summary: 'files to send (default: the lines of standard input)',
    },
  ],
  options,
  connects: true,
  noJson: true,
  examples: [
    { command: 'echo tea | kedge produce -t orders' },
    { command: "echo 'cup:tea' | kedge produce -t orders -K: -H source=shop" },
    { command: 'kedge produce -t orders -l orders.txt -z gzip', summary: 'each line of a file' },
    { command: 'kedge produce -t pictures picture.png', summary: 'a file as one record' },
    { command: 'kedge consume -t orders -e -J -q | kedge produce -J -t copy' },
    { command: 'kedge produce -t log --follow app.log', summary: 'as tail -f' },
  ],
  async run({ args, options, output, input, connect, signal }) {
    checkSources(args, options);
    const cluster = await connect();
    const acks = options.acks === 'all' ? 'all' : options.acks === '1' ? 1 : 0;
    const producer = cluster.producer<Uint8Array, Uint8Array>({
      ...{ key: bytes, value: bytes, acks, compression: compressorOf(options.compression) },
      ...{ bufferBytes, lingerMs: 5 },
    });
    const total = await sizeToSend(args, options, input);
    const seen = new Seen(output, options.quiet, total);
    const sending = new Sending(producer, {
      topic: options.topic,
      partition: options.partition === -1 ? undefined : options.partition,
      failed: (error, count) => seen.failed(error, count),
      delivered: (count, bytes) => seen.delivered(count, bytes),
    });
    const unread = await sendAll(args, { options, input, output, signal, sending, seen });
    await sending.end();
    await producer.close();
    seen.end(sending);
    return sending.undelivered > 0 || unread > 0 ? 1 : 0;
  },
});

function headerOf(text: string): readonly [string, Uint8Array | null] {
  const at = text.indexOf('=');
  if (at === 0 || text === '') throw new UsageError('must be name=value or name');
  if (at < 0) return [text, null];
  return [text.slice(0, at), Buffer.from(text.slice(at + 1))];
}

function checkSources(files: readonly string[], { topic, json, lines, follow }: Said): void {
  if (topic === undefined && !json) throw new UsageError('say which topic: -t <topic>.');
  if (follow && files.length !== 1) throw new UsageError('--follow takes one file.');
  if (lines && files.length > 1) throw new UsageError('-l takes one file.');
}

interface Work {
  readonly options: Said;
  readonly input: NodeJS.ReadStream;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly sending: Sending;
  readonly seen: Seen;
}

/** Answers how many files could not be read. */
async function sendAll(files: readonly string[], work: Work): Promise<number> {
  const { options, input, signal, output } = work;
  const [file] = files;
  if (file === undefined) {
    const stop = () => input.destroy();
    signal.addEventListener('abort', stop, { once: true });
    await sendLines(input, work);
  } else if (options.follow) {
    await sendLines(
      following(file, signal, (text) => output.warn(text)),
      work,
    );
  } else if (options.lines || options.json) {
    for (const one of files) {
      await sendLines(createReadStream(one, { highWaterMark: 256 * 1024, signal }), work);
    }
  } else return sendFiles(files, work);
  return 0;
}

async function sendFiles(files: readonly string[], work: Work): Promise<number> {
  const { options, sending, seen, signal } = work;
  let unread = 0;
  for (const file of files) {
    if (signal.aborted) break;
    try {
      const value = await readFile(file);
      if (value.length === 0) continue;
      const key = options['record-key'] === undefined ? null : Buffer.from(options['record-key']);
      await sending.send([{ key, value, headers: options.header }]);
    } catch (error) {
      unread++;
      seen.warn((error as Error).message);
    }
  }
  return unread;
}

async function sendLines(chunks: AsyncIterable<Uint8Array>, work: Work): Promise<void> {
  const { options, sending, seen, signal, output } = work;
  const delimiter = unescaped(options.delimiter);
  if (delimiter.length === 0) throw new UsageError('-D is at least one character.');
  const recordOf = reading(options);
  const left = () => (options.count ?? Number.POSITIVE_INFINITY) - sending.sent;
  let line = 0;
  try {
    for await (const pieces of split(chunks, delimiter, largestLine)) {
      const records: Outgoing[] = [];
      for (const piece of pieces) {
        line++;
        const record = records.length < left() ? recordOf(piece, line) : undefined;
        if (record === undefined) continue;
        records.push(record);
        if (options.tee) await output.write(Buffer.concat([piece, delimiter]));
      }
      seen.took(pieces.reduce((sum, { length }) => sum + length + delimiter.length, 0));
      await sending.send(records);
      if (signal.aborted || left() <= 0) break;
    }
  } catch (error) {
    if (!signal.aborted) await sending.end();
    if (!signal.aborted) throw error;
  }
}

function reading(options: Said): (line: Uint8Array, number: number) => Outgoing | undefined {
  const { json, 'record-key': key, header: headers } = options;
  if (json) {
    return (line, number) => {
      try {
        const record = recordOfJson(line);
        return record && { ...record, headers: [...record.headers, ...headers] };
      } catch (error) {
        throw new Error(`line ${number}: ${(error as Error).message}.`);
      }
    };
  }
  const delimiter = options['key-delimiter'];
  const keyDelimiter = delimiter === undefined ? undefined : unescaped(delimiter);
  if (keyDelimiter?.length === 0) throw new UsageError('-K is at least one character.');
  const fixedKey = key === undefined ? null : Buffer.from(key);
  const terms = { keyDelimiter, fixedKey, emptyIsNull: options.null, headers };
  return (line) => recordOfLine(line, terms);
}

/** How many bytes there are to send; undefined: nobody knows. */
async function sizeToSend(
  files: readonly string[],
  { follow }: Said,
  input: NodeJS.ReadStream,
): Promise<number | undefined> {
  if (follow) return undefined;
  if (files.length === 0) {
    const descriptor = (input as { readonly fd?: number }).fd;
    if (descriptor === undefined) return undefined;
    const standard = fstatSync(descriptor);
    return standard.isFile() ? standard.size : undefined;
  }
  const sizes = files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** What somebody sees of it. */
class Seen {
  readonly #output: Output;
  readonly #isQuiet: boolean;
  readonly #progress: Progress;
  readonly #started = performance.now();
  #delivered = 0;
  #bytes = 0;

  constructor(output: Output, isQuiet: boolean, total: number | undefined) {
    this.#output = output;
    this.#isQuiet = isQuiet;
    this.#progress = output.progress({ label: 'sent', unit: 'bytes', total });
  }

  took(bytes: number): void {
    if (!this.#isQuiet) this.#progress.add(bytes);
  }

  delivered(count: number, bytes: number): void {
    this.#delivered += count;
    this.#bytes += bytes;
  }

  failed(error: unknown, count: number): void {
    const what = count === 1 ? 'A record was' : `${count} records were`;
    this.warn(`${what} not delivered: ${(error as Error).message}`);
  }

  warn(text: string): void {
    this.#progress.end();
    this.#output.warn(text);
  }

  /** Short work is done in silence, as kcat does it. */
  end({ undelivered }: Sending): void {
    this.#progress.end();
    const seconds = (performance.now() - this.#started) / 1000;
    if (undelivered > 0) {
      this.#output.say(`${amountOf(undelivered, 'records')} were not delivered.`);
    }
    if (this.#isQuiet || seconds < 2 || this.#delivered === 0) return;
    const rate = amountOf(Math.round(this.#delivered / seconds), 'records');
    const amount = `${amountOf(this.#delivered, 'records')}, ${bytesText(this.#bytes)}`;
    this.#output.say(`${amount} in ${seconds.toFixed(1)} s (${rate}/s)`);
  }
}
