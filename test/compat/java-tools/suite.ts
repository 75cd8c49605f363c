/**
 * Kafka's console tools, each run as the program it is: they are how a Kafka user looks at a
 * cluster, and they call Admin APIs in chains that no producer or consumer does.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheOf } from '../install.ts';
import { fetchJars, jarsOf, jdk, jvm } from '../maven.ts';
import { Running, runToEnd, type SpawnOptions } from '../processes.ts';
import { type Case, runCases, type Suite, type SuiteContext } from '../suite.ts';
import { equal, includes, lines, needsRestart, unique } from '../words.ts';
import { administration } from './administration.ts';
import { casesOf } from './bench.ts';
import { quotas } from './quotas.ts';
import { shareGroups } from './share-groups.ts';
import { Toolbox } from './toolbox.ts';

const TOOLS = {
  producer: 'org.apache.kafka.tools.ConsoleProducer',
  consumer: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  topics: 'org.apache.kafka.tools.TopicCommand',
  groups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  offsets: 'org.apache.kafka.tools.GetOffsetShell',
  logDirs: 'org.apache.kafka.tools.LogDirsCommand',
  versions: 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  performance: 'org.apache.kafka.tools.ProducerPerformance',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
};

type Tool = keyof typeof TOOLS;

function commandOf(context: SuiteContext, tool: Tool, args: readonly string[]): string[] {
  const start = [...jvm, '-cp', jarsOf('java-tools'), TOOLS[tool]];
  return [...start, '--bootstrap-server', context.broker.bootstrap, ...args];
}

function run(context: SuiteContext, tool: Tool, args: readonly string[], options?: SpawnOptions) {
  return runToEnd('java', commandOf(context, tool, args), { ...options, timeoutMs: 45_000 });
}

/** What a tool says when it refuses: its output and its exit code. */
async function refusal(context: SuiteContext, tool: Tool, args: readonly string[]) {
  const refused = new Running('java', commandOf(context, tool, args));
  refused.closeInput();
  const code = await refused.exited;
  return { code, text: refused.stdout + refused.stderr };
}

function produce(context: SuiteContext, topic: string, input: string, ...args: string[]) {
  return run(context, 'producer', ['--topic', topic, ...args], { input });
}

function consume(context: SuiteContext, topic: string, count: number, ...args: string[]) {
  const enough = ['--max-messages', `${count}`, '--timeout-ms', '30000'];
  return run(context, 'consumer', ['--topic', topic, ...enough, ...args]);
}

/** A table the tools print, as one object a row; known by the name of its first column. */
function table(text: string, first = 'GROUP'): Record<string, string>[] {
  const rows = lines(text).map((line) => line.trim().split(/\s+/));
  const header = rows.findIndex((row) => row[0] === first);
  const names = rows[header]!;
  const body = rows.slice(header + 1);
  return body.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? ''])));
}

const records: Case[] = [
  {
    name: 'console-producer-consumer',
    async run(context) {
      const topic = unique('orders');
      await produce(context, topic, 'first\nsecond\n');
      equal(await consume(context, topic, 2, '--from-beginning'), 'first\nsecond\n');
    },
  },
  {
    name: 'console-keys-headers',
    async run(context) {
      const topic = unique('typed');
      const parse = ['parse.key=true', 'parse.headers=true', 'key.separator==>'];
      const properties = parse.flatMap((one) => ['--reader-property', one]);
      await produce(context, topic, 'trace:1,other:2\tk=>v\n', ...properties);
      const show = ['key', 'headers', 'partition', 'offset', 'timestamp'];
      const printing = show.flatMap((one) => ['--formatter-property', `print.${one}=true`]);
      const printed = await consume(context, topic, 1, '--from-beginning', ...printing);
      const [time, ...rest] = printed.trim().split('\t');
      equal(/^CreateTime:\d{13}$/.test(time!), true);
      equal(rest, ['Partition:0', 'Offset:0', 'trace:1,other:2', 'k', 'v']);
    },
  },
  {
    name: 'console-consumer-group',
    async run(context) {
      const [topic, group] = [unique('work'), unique('workers')];
      await produce(context, topic, '1\n2\n3\n');
      equal(await consume(context, topic, 2, '--from-beginning', '--group', group), '1\n2\n');
      equal(await consume(context, topic, 1, '--from-beginning', '--group', group), '3\n');
    },
  },
  {
    name: 'console-restart-resume',
    async run(context) {
      needsRestart(context);
      const [topic, group] = [unique('durable'), unique('workers')];
      await produce(context, topic, '1\n2\n3\n');
      equal(await consume(context, topic, 2, '--from-beginning', '--group', group), '1\n2\n');
      await context.broker.restart();
      equal(await consume(context, topic, 1, '--from-beginning', '--group', group), '3\n');
    },
  },
  {
    name: 'get-offsets',
    async run(context) {
      const topic = unique('ends');
      await produce(context, topic, '1\n2\n3\n');
      const at = async (time: string) =>
        (await run(context, 'offsets', ['--topic', topic, '--time', time])).trim();
      equal(await at('latest'), `${topic}:0:3`);
      equal(await at('earliest'), `${topic}:0:0`);
      equal(await at('1'), `${topic}:0:0`);
    },
  },
  {
    name: 'broker-api-versions',
    async run(context) {
      const text = await run(context, 'versions', []);
      for (const api of ['Produce(0)', 'Fetch(1)', 'ApiVersions(18)']) {
        equal([api, text.includes(api)], [api, true]);
      }
    },
  },
];

const topics: Case[] = [
  {
    name: 'topics-create-list-describe',
    async run(context) {
      const topic = unique('managed');
      const settings = ['--partitions', '3', '--config', 'retention.ms=60000'];
      const created = await run(context, 'topics', ['--create', '--topic', topic, ...settings]);
      equal(created.trim(), `Created topic ${topic}.`);
      includes(lines(await run(context, 'topics', ['--list'])), topic);
      const described = lines(await run(context, 'topics', ['--describe', '--topic', topic]));
      const [summary, ...partitions] = described.map((line) => line.trim().split(/\t\s*/));
      equal(summary![0], `Topic: ${topic}`);
      equal(/^TopicId: [\w-]{22}$/.test(summary![1]!), true);
      equal(summary!.slice(2, 4), ['PartitionCount: 3', 'ReplicationFactor: 1']);
      equal(summary![4]!.includes('retention.ms=60000'), true);
      const shown = partitions.map((columns) => columns[1]);
      equal(shown, ['Partition: 0', 'Partition: 1', 'Partition: 2']);
      const again = await refusal(context, 'topics', ['--create', '--topic', topic]);
      equal([again.code, again.text.includes('already exists')], [1, true]);
    },
  },
  {
    name: 'topics-alter-delete',
    async run(context) {
      const topic = unique('growing');
      await run(context, 'topics', ['--create', '--topic', topic]);
      await run(context, 'topics', ['--alter', '--topic', topic, '--partitions', '4']);
      const described = await run(context, 'topics', ['--describe', '--topic', topic]);
      equal(described.includes('PartitionCount: 4'), true);
      await run(context, 'topics', ['--delete', '--topic', topic]);
      const listed = lines(await run(context, 'topics', ['--list']));
      equal(listed.includes(topic), false);
      const gone = await refusal(context, 'topics', ['--describe', '--topic', topic]);
      equal([gone.code, gone.text.includes('does not exist')], [1, true]);
    },
  },
  {
    name: 'log-dirs',
    async run(context) {
      const topic = unique('sized');
      await run(context, 'topics', ['--create', '--topic', topic, '--partitions', '2']);
      await produce(context, topic, '1\n2\n');
      const described = await run(context, 'logDirs', ['--describe', '--topic-list', topic]);
      const json = described.slice(described.indexOf('{"'));
      const [{ logDirs }] = JSON.parse(json).brokers;
      const sizes: { partition: string; size: number }[] = logDirs[0].partitions;
      equal(sizes.map(({ partition }) => partition).sort(), [`${topic}-0`, `${topic}-1`]);
      equal(sizes.reduce((sum, { size }) => sum + size, 0) > 60, true);
    },
  },
];

const groups: Case[] = [
  {
    name: 'groups-list-describe',
    async run(context, signal) {
      const [topic, group] = [unique('grouped'), unique('workers')];
      await produce(context, topic, '1\n2\n3\n');
      const args = ['--topic', topic, '--group', group, '--from-beginning'];
      const member = new Running('java', commandOf(context, 'consumer', args), { signal });
      await member.until(({ stdout }) => stdout === '1\n2\n3\n', 'the records');
      await member.stop('SIGTERM'); // commits and leaves
      includes(lines(await run(context, 'groups', ['--list'])), group);
      const described = await run(context, 'groups', ['--describe', '--group', group]);
      const [row] = table(described);
      equal([row!.TOPIC, row!.PARTITION], [topic, '0']);
      equal([row!['CURRENT-OFFSET'], row!['LOG-END-OFFSET'], row!.LAG], ['3', '3', '0']);
      const state = await run(context, 'groups', ['--describe', '--group', group, '--state']);
      equal(state.includes('Empty'), true);
    },
  },
  {
    name: 'groups-describe-members',
    async run(context, signal) {
      const [topic, group] = [unique('grouped'), unique('workers')];
      await produce(context, topic, '1\n');
      const args = ['--topic', topic, '--group', group, '--from-beginning'];
      const member = new Running('java', commandOf(context, 'consumer', args), { signal });
      await member.until(({ stdout }) => stdout === '1\n', 'the record');
      const described = ['--describe', '--group', group];
      const [row] = table(await run(context, 'groups', [...described, '--members', '--verbose']));
      equal([row!.GROUP, row!['CLIENT-ID']], [group, 'console-consumer']);
      equal(row!['#PARTITIONS'], '1');
      const state = await run(context, 'groups', [...described, '--state']);
      equal([state.includes('Stable'), state.includes('range')], [true, true]);
      await member.stop('SIGTERM');
    },
  },
  {
    name: 'groups-reset-offsets',
    async run(context) {
      const [topic, group] = [unique('rewound'), unique('workers')];
      await produce(context, topic, '1\n2\n3\n');
      await consume(context, topic, 3, '--from-beginning', '--group', group);
      const reset = ['--reset-offsets', '--group', group, '--topic', topic, '--execute'];
      const [row] = table(await run(context, 'groups', [...reset, '--to-earliest']));
      equal([row!.GROUP, row!['NEW-OFFSET']], [group, '0']);
      equal(await consume(context, topic, 1, '--group', group), '1\n');
      const [shifted] = table(await run(context, 'groups', [...reset, '--shift-by', '1']));
      equal(shifted!['NEW-OFFSET'], '2');
    },
  },
  {
    name: 'groups-delete',
    async run(context) {
      const [topic, group] = [unique('finished'), unique('workers')];
      await produce(context, topic, '1\n');
      await consume(context, topic, 1, '--from-beginning', '--group', group);
      const deleted = await run(context, 'groups', ['--delete', '--group', group]);
      equal(deleted.includes('was successful'), true);
      const listed = lines(await run(context, 'groups', ['--list']));
      equal(listed.includes(group), false);
      const gone = await refusal(context, 'groups', ['--describe', '--group', group]);
      equal(gone.text.includes('GroupIdNotFoundException'), true);
    },
  },
  {
    name: 'groups-delete-offsets',
    async run(context) {
      const [topic, group] = [unique('forgotten'), unique('workers')];
      await produce(context, topic, '1\n');
      await consume(context, topic, 1, '--from-beginning', '--group', group);
      const args = ['--delete-offsets', '--group', group, '--topic', topic];
      const text = await run(context, 'groups', args);
      equal(text.includes('Successful'), true);
    },
  },
];

/** What the performance tool is told to write, all of it or at a rate. */
function writing(topic: string, id: string, count: number, rate: number, transactionMs: number) {
  const amount = ['--num-records', `${count}`, '--record-size', '50', '--throughput', `${rate}`];
  const transactions = ['--transactional-id', id, '--transaction-duration-ms', `${transactionMs}`];
  return ['--topic', topic, ...amount, ...transactions];
}

const transactions: Case[] = [
  {
    name: 'transactional-performance',
    async run(context) {
      const topic = unique('fast');
      const sent = await run(context, 'performance', writing(topic, unique('id'), 500, 1000, 50));
      equal(sent.includes('500 records sent'), true);
      const committed = ['--from-beginning', '--isolation-level', 'read_committed'];
      equal(lines(await consume(context, topic, 500, ...committed)).length, 500);
    },
  },
  {
    name: 'transactions-tool',
    async run(context, signal) {
      const [topic, id] = [unique('open'), unique('id')];
      await produce(context, topic, 'before\n');
      const tool = (...args: string[]) => run(context, 'transactions', args);
      const partition = ['--topic', topic, '--partition', '0'];
      const endless = writing(topic, id, 1_000_000, 20, 3_600_000);
      const hanging = new Running('java', commandOf(context, 'performance', endless), { signal });
      const all = ['--topic', topic, '--max-messages', '2', '--from-beginning'];
      await run(context, 'consumer', all); // one of the transaction's among them
      const [listed, described, producers] = await Promise.all([
        tool('list', '--transactional-id-pattern', `${id}.*`),
        tool('describe', '--transactional-id', id),
        tool('describe-producers', ...partition),
      ]);
      const [row, ...others] = table(listed, 'TransactionalId');
      equal([row!.TransactionState, others], ['Ongoing', []]);
      const [open] = table(described, 'CoordinatorId');
      equal([open!.TransactionalId, open!.ProducerId], [id, row!.ProducerId]);
      equal([open!.TransactionState, open!.TopicPartitions], ['Ongoing', `${topic}-0`]);
      const writers = table(producers, 'ProducerId');
      const writer = writers.find(({ ProducerId }) => ProducerId === row!.ProducerId);
      equal(writer!.CurrentTransactionStartOffset, '1');
      await hanging.stop('SIGKILL');
      await tool('abort', ...partition, '--start-offset', '1');
      await produce(context, topic, 'after\n');
      const committed = ['--from-beginning', '--isolation-level', 'read_committed'];
      equal(await consume(context, topic, 2, ...committed), 'before\nafter\n');
    },
  },
];

export const suite: Suite = {
  name: 'java-tools',
  long: true,
  debianPackages: jdk,
  install: () => fetchJars('java-tools'),
  version: async () => {
    const jars = readdirSync(join(cacheOf('java-tools'), 'libs'));
    return jars.find((name) => /^kafka-tools-\d/.test(name))?.replace('.jar', '') ?? '';
  },
  run: async (context) => {
    await runCases([...records, ...topics, ...groups, ...transactions], context);
    const toolbox = new Toolbox();
    try {
      await runCases(casesOf({ ...administration, ...quotas, ...shareGroups }, toolbox), context);
    } finally {
      await toolbox.close();
    }
  },
};
