/**
 * kcat 1.7.1 on librdkafka 2.0.2, as Debian ships them: the librdkafka that decides what the broker
 * can do by looking for *old* versions in ApiVersions, so it shows when a range is cut too short.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kedgeAt } from '../../cli/records/kedge-command.ts';
import { blockOf } from '../../docs/blocks.ts';
import { cacheOf } from '../install.ts';
import { Running, runToEnd } from '../processes.ts';
import { type Case, runCases, type Suite, type SuiteContext } from '../suite.ts';
import { equal, groupOf, includes, lines, needsRestart, unique } from '../words.ts';

/** Runs kcat to its end and returns what it printed; `input` is what it reads and sends. */
function kcat(context: SuiteContext, args: readonly string[], input = ''): Promise<string> {
  const all = ['-b', context.broker.bootstrap, ...args];
  return runToEnd('kcat', all, { input, timeoutMs: 40_000 });
}

/** A kcat that keeps running, like one in another terminal. */
function start(context: SuiteContext, args: readonly string[], signal: AbortSignal): Running {
  return new Running('kcat', ['-b', context.broker.bootstrap, '-u', ...args], { signal });
}

function produce(context: SuiteContext, topic: string, input: string, ...args: string[]) {
  return kcat(context, ['-P', '-t', topic, ...args], input);
}

/** Everything in the topic, from the beginning to the end. */
function consume(context: SuiteContext, topic: string, ...args: string[]): Promise<string> {
  return kcat(context, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', ...args]);
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index}\n`).join('');
}

const sending: Case[] = [
  {
    name: 'first-contact',
    async run(context) {
      const mark = unique('order');
      await produce(context, 'orders', `${mark}\n`);
      includes(lines(await consume(context, 'orders')), mark);
    },
  },
  {
    name: 'keys-headers-timestamps',
    async run(context) {
      const topic = unique('typed');
      const before = Date.now();
      await produce(context, topic, 'k:v\n', '-K:', '-H', 'trace=1', '-H', 'trace=2', '-H', 'bare');
      const record = JSON.parse(await consume(context, topic, '-J'));
      equal([record.key, record.payload, record.offset], ['k', 'v', 0]);
      equal(record.headers, ['trace', '1', 'trace', '2', 'bare', null]);
      equal([record.tstype, record.ts >= before, record.broker], ['create', true, 1]);
    },
  },
  {
    name: 'tombstone',
    async run(context) {
      const topic = unique('tombstones');
      await produce(context, topic, 'k:\n', '-K:', '-Z');
      const record = JSON.parse(await consume(context, topic, '-J'));
      equal([record.key, record.payload], ['k', null]);
    },
  },
  ...['gzip', 'snappy', 'lz4', 'zstd'].map(compressed),
  {
    name: 'idempotent',
    async run(context) {
      const topic = unique('idempotent');
      await produce(context, topic, numbered(2000), '-X', 'enable.idempotence=true');
      equal(await consume(context, topic), numbered(2000));
    },
  },
  {
    name: 'acks-zero',
    async run(context) {
      const topic = unique('unacknowledged');
      await produce(context, topic, numbered(1)); // it exists from here on
      await produce(context, topic, numbered(3), '-X', 'acks=0');
      const all = await kcat(context, ['-C', '-t', topic, '-o', 'beginning', '-c', '4', '-q']);
      equal(all, `0\n${numbered(3)}`);
    },
  },
  {
    name: 'order',
    async run(context) {
      const topic = unique('ordered');
      await produce(context, topic, numbered(20_000), '-X', 'batch.num.messages=500');
      equal(await consume(context, topic), numbered(20_000));
    },
  },
  {
    name: 'large-message',
    async run(context) {
      const topic = unique('large');
      const value = randomBytes(450_000).toString('hex');
      const file = join(cacheOf('kcat'), 'large.txt');
      await writeFile(file, value);
      await kcat(context, ['-P', '-t', topic, file]);
      equal(await consume(context, topic, '-f', '%s'), value);
    },
  },
  {
    name: 'too-large-message',
    async run(context, signal) {
      const topic = unique('too-large');
      const file = join(cacheOf('kcat'), 'too-large.txt');
      await writeFile(file, 'x'.repeat(2_000_000));
      const args = ['-P', '-t', topic, '-X', 'message.max.bytes=4000000', file];
      const refused = start(context, args, signal);
      await refused.exited;
      includes([refused.stderr.includes('Message size too large')], true);
    },
  },
];

function compressed(codec: string): Case {
  return {
    name: `compression-${codec}`,
    async run(context) {
      const topic = unique(codec);
      const text = 'abcabcabc '.repeat(20);
      const input = Array.from({ length: 200 }, (_, index) => `${text}${index}\n`).join('');
      const debug = ['-z', codec, '-X', 'linger.ms=100', '-d', 'msg'];
      const all = ['-b', context.broker.bootstrap, '-P', '-t', topic, ...debug];
      const sent = new Running('kcat', all, { input });
      await sent.finished();
      // librdkafka quietly sends uncompressed when it thinks the broker cannot do the codec
      includes([sent.stderr.includes('not compressing batch')], false);
      equal(await consume(context, topic), input);
    },
  };
}

const transactions: Case[] = [
  {
    name: 'transactional',
    async run(context) {
      const topic = unique('transactional');
      const inTransaction = ['-X', `transactional.id=${unique('id')}`];
      await produce(context, topic, numbered(3), ...inTransaction);
      await produce(context, topic, 'later\n', ...inTransaction);
      equal(await consume(context, topic), `${numbered(3)}later\n`);
      const end = await kcat(context, ['-Q', '-t', `${topic}:0:-1`]); // two markers among them
      equal(end.trim(), `${topic} [0] offset 6`);
    },
  },
  {
    name: 'transactional-killed',
    async run(context, signal) {
      const topic = unique('killed');
      const inTransaction = ['-X', `transactional.id=${unique('id')}`];
      const uncommitted = ['-X', 'isolation.level=read_uncommitted'];
      await produce(context, topic, 'before\n');
      const killed = start(context, ['-P', '-t', topic, ...inTransaction], signal);
      killed.write(`${'lost'.padEnd(1000)}\n`.repeat(2000)); // it reads a megabyte at a time
      const shown = ['-C', '-t', topic, '-o', 'beginning', '-q', '-u', ...uncommitted];
      const watching = start(context, shown, signal);
      await watching.until(({ stdout }) => stdout.includes('lost'), 'the record');
      await watching.stop();
      await killed.stop('SIGKILL');
      equal(await consume(context, topic), 'before\n'); // the end is where the transaction begins
      await produce(context, topic, 'after\n', ...inTransaction); // aborts it first
      equal(await consume(context, topic), 'before\nafter\n');
      const all = await consume(context, topic, ...uncommitted);
      equal([all.startsWith('before\nlost'), all.endsWith('\nafter\n')], [true, true]);
    },
  },
];

/** What `kedge` prints and sends is what kcat prints and sends, byte for byte. */
const alike: Case = {
  name: 'kedge-alike',
  async run(context) {
    const [topic, other] = [unique('alike'), unique('alike')];
    const kedge = kedgeAt(context.broker.bootstrap);
    const lines = 'k:v\n\nk2:\n:v3\nnokey\nq:"\\/\t\u0001é\u001b\n';
    const how = ['-K:', '-Z', '-H', 'a=1', '-H', 'a=2', '-H', 'bare', '-H', 'b='];
    await produce(context, topic, lines, ...how);
    const sent = await kedge(['produce', '-t', other, ...how], lines);
    equal([sent.code, sent.stderr], [0, '']);
    const fields = '%p|%o|%k|%s|%S|%K|%h|%%\\n\\x41\\x42C\\101\\065|\\q\\\\|%R\\n';
    const ours = async (name: string, args: readonly string[]) => {
      const { code, stdout } = await kedge(['consume', '-t', name, '-e', '-q', ...args]);
      equal(code, 0);
      return Buffer.from(stdout, 'latin1').toString();
    };
    equal(await consume(context, other, '-f', fields), await consume(context, topic, '-f', fields));
    const printing = [
      [],
      ['-J'],
      ['-f', `%t|%T|${fields}`],
      ['-Z', '-K:'],
      ['-K', '\\t', '-D', '|'],
      ['-J', '-D', '|'],
      ['-J', '-f', '%s'],
      ['-c', '2'],
      ['-u', '-o', '1'],
      ['-o', '-2'],
      ['-o', 's@0'],
    ];
    for (const args of printing) {
      equal(await ours(topic, args), await consume(context, topic, ...args));
    }
  },
};

const readme: Case = {
  name: 'readme',
  async run({ broker }) {
    const code = blockOf('README.md', 'kcat', { bootstrapServers: broker.bootstrap, url: '' });
    const printed = await runToEnd('bash', ['-e', '-o', 'pipefail', '-c', code]);
    equal(/^0 \d+ 4 {"item": "tea"}$/m.test(printed), true);
  },
};

const reading: Case[] = [
  {
    name: 'metadata',
    async run(context) {
      const topic = unique('listed');
      await produce(context, topic, 'v\n');
      const text = await kcat(context, ['-L']);
      includes([text.includes(`topic "${topic}" with 1 partitions`)], true);
      const { brokers, topics, controllerid } = JSON.parse(await kcat(context, ['-L', '-J']));
      equal(brokers.length, 1);
      equal(controllerid, brokers[0].id);
      const { partitions } = topics.find((one: { topic: string }) => one.topic === topic);
      const replicas = [{ id: brokers[0].id }];
      equal(partitions, [{ partition: 0, leader: brokers[0].id, replicas, isrs: replicas }]);
    },
  },
  {
    name: 'query-offsets',
    async run(context) {
      const topic = unique('queried');
      await produce(context, topic, numbered(3));
      const stamp = Date.now() + 5;
      while (Date.now() <= stamp) await new Promise((resolve) => setTimeout(resolve, 5));
      await produce(context, topic, numbered(2));
      const query = async (what: number | string) =>
        (await kcat(context, ['-Q', '-t', `${topic}:0:${what}`])).trim();
      equal(await query(-2), `${topic} [0] offset 0`);
      equal(await query(-1), `${topic} [0] offset 5`);
      equal(await query(stamp), `${topic} [0] offset 3`);
      equal(await query(stamp + 3_600_000), `${topic} [0] offset -1`);
    },
  },
  {
    name: 'consume-from',
    async run(context) {
      const topic = unique('positions');
      await produce(context, topic, numbered(5));
      const stamp = Date.now() + 5;
      while (Date.now() <= stamp) await new Promise((resolve) => setTimeout(resolve, 5));
      await produce(context, topic, 'late\n');
      const from = (offset: string) => kcat(context, ['-C', '-t', topic, '-o', offset, '-e', '-q']);
      equal(await from('4'), '4\nlate\n');
      equal(await from('-2'), '4\nlate\n');
      equal(await from(`s@${stamp}`), 'late\n');
      equal(await from(`s@0`), `${numbered(5)}late\n`);
      equal(await from('end'), '');
    },
  },
  {
    name: 'long-poll',
    async run(context, signal) {
      const topic = unique('waiting');
      await produce(context, topic, 'first\n');
      const wait = ['-X', 'fetch.wait.max.ms=20000', '-X', 'socket.timeout.ms=60000'];
      const waiting = start(context, ['-C', '-t', topic, '-o', 'beginning', ...wait], signal);
      await waiting.until(({ stdout }) => stdout.includes('first'), 'the first record');
      await produce(context, topic, 'late\n');
      await waiting.until(({ stdout }) => stdout === 'first\nlate\n', 'the late record', 15_000);
      await waiting.stop();
    },
  },
];

const groups: Case[] = [
  {
    name: 'group-resume',
    async run(context) {
      const [topic, group] = [unique('work'), unique('workers')];
      await produce(context, topic, numbered(5));
      const member = ['-X', 'auto.offset.reset=earliest', '-q'];
      const take = (count: number) =>
        kcat(context, [...member, '-c', `${count}`, '-G', group, topic]);
      equal(await take(3), '0\n1\n2\n');
      equal(await take(2), '3\n4\n');
    },
  },
  {
    name: 'group-two-members',
    async run(context, signal) {
      const [one, two, group] = [unique('one'), unique('two'), unique('workers')];
      await produce(context, one, 'a\n');
      await produce(context, two, 'b\n');
      const options = ['-X', 'partition.assignment.strategy=roundrobin'];
      const intervals = ['-X', 'heartbeat.interval.ms=500', '-X', 'auto.offset.reset=earliest'];
      const join = () => start(context, [...options, ...intervals, '-G', group, one, two], signal);
      const first = join();
      await first.until((member) => groupOf(member).length === 2, 'both topics');
      const second = join();
      const halves = () => groupOf(first).length === 1 && groupOf(second).length === 1;
      await second.until(halves, 'one topic each');
      await first.until(halves, 'one topic each');
      equal([...groupOf(first), ...groupOf(second)].sort(), [`${one} [0]`, `${two} [0]`].sort());
      await second.stop('SIGINT');
      await first.until((member) => groupOf(member).length === 2, 'both topics again');
      await produce(context, one, 'c\n');
      await produce(context, two, 'd\n');
      const has = (text: string) => first.stdout.includes(text);
      await first.until(() => has('c\n') && has('d\n'), 'the records of both topics');
      await first.stop('SIGINT');
    },
  },
  {
    name: 'restart-resume',
    async run(context) {
      needsRestart(context);
      const [topic, group] = [unique('durable'), unique('workers')];
      await produce(context, topic, numbered(5));
      const member = ['-X', 'auto.offset.reset=earliest', '-q'];
      const take = (count: number) =>
        kcat(context, [...member, '-c', `${count}`, '-G', group, topic]);
      equal(await take(3), '0\n1\n2\n');
      await context.broker.restart();
      equal(await take(2), '3\n4\n');
      equal(await consume(context, topic), numbered(5));
    },
  },
  {
    name: 'restart-live-clients',
    async run(context, signal) {
      needsRestart(context);
      const topic = unique('live');
      await produce(context, topic, 'before\n');
      const reader = start(context, ['-E', '-C', '-t', topic, '-o', 'beginning'], signal);
      await reader.until(({ stdout }) => stdout === 'before\n', 'the first record');
      await context.broker.restart();
      await produce(context, topic, 'after\n');
      await reader.until(({ stdout }) => stdout === 'before\nafter\n', 'the record after');
      await reader.stop();
    },
  },
];

export const suite: Suite = {
  name: 'kcat',
  debianPackages: [{ name: 'kcat', unless: 'kcat' }],
  install: async () => {},
  version: async () => {
    const [version] = /Version .*librdkafka [0-9.]+/.exec(await runToEnd('kcat', ['-V'])) ?? [];
    return `kcat ${version ?? ''}`;
  },
  run: (context) =>
    runCases([...sending, ...transactions, ...reading, ...groups, alike, readme], context),
};
