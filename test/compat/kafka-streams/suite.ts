/**
 * Kafka Streams: WordCount, with the topics it makes for itself, its transactions and its state. An
 * instance is one JVM; what is killed is killed with everything it had on its disk.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheOf, pathOf } from '../install.ts';
import { compile } from '../java.ts';
import { fetchJars, jarsOf, jdk, jvm } from '../maven.ts';
import { runToEnd } from '../processes.ts';
import { type Case, runCases, type Suite } from '../suite.ts';
import { equal } from '../words.ts';
import { Application, type Counts, classes, LIMIT_MS } from './application.ts';

const NAME = 'kafka-streams';

/** Every count of every word from 1 to the last one, once and in order. */
function everyCount(counts: Counts): Record<string, number[]> {
  const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);
  return Object.fromEntries(Object.entries(counts).map(([word, last]) => [word, upTo(last)]));
}

const exactlyOnce: Case = {
  name: 'exactly-once',
  timeoutMs: LIMIT_MS,
  run: (context, signal) =>
    Application.with(
      context,
      signal,
      { guarantee: 'exactly_once_v2', store: 'rocksdb' },
      async (application) => {
        const [first, second] = [application.instance(), application.instance()];
        await Promise.all([first.start(), second.start()]);
        let troubled = true;
        const feeding = application.feed(() => troubled);
        await application.committed();
        await first.killAndWipe();
        await first.start();
        for (let times = context.broker.restartable ? 2 : 0; times > 0; times -= 1) {
          await context.broker.restart();
          await delay(500);
        }
        troubled = false;
        await feeding;
        equal(await application.caughtUp([first, second]), application.sent);
        equal(first.restored > 0, true);
        await Promise.all([first.stop(), second.stop()]);
        equal(await application.written(), everyCount(application.sent));
      },
    ),
};

const atLeastOnce: Case = {
  name: 'at-least-once',
  timeoutMs: LIMIT_MS,
  run: (context, signal) =>
    Application.with(
      context,
      signal,
      { guarantee: 'at_least_once', store: 'memory' },
      async (application) => {
        const instance = application.instance();
        await instance.start();
        await application.feed((lines) => lines < 50);
        equal(await application.caughtUp([instance]), application.sent);
        await instance.stop();
        await instance.start();
        equal(await instance.counts(), application.sent);
        equal(instance.restored > 0, true);
        await application.feed((lines) => lines < 20);
        equal(await application.caughtUp([instance]), application.sent);
        await instance.stop();
        equal(await application.written(), everyCount(application.sent));
      },
    ),
};

/** It runs beside the others, and loses its broker when they do. */
const compactedChangelog: Case = {
  name: 'compacted-changelog',
  timeoutMs: LIMIT_MS,
  run: (context, signal) =>
    Application.with(
      context,
      signal,
      { guarantee: 'exactly_once_v2', store: 'memory' },
      async (application) => {
        const instance = application.instance();
        await instance.start();
        await application.feed((lines) => lines < 100);
        equal(await application.caughtUp([instance]), application.sent);
        do {
          await delay(16_000, null, { signal }); // what is due is compacted 15 s later
          await instance.killAndWipe();
          await instance.start();
        } while (instance.restored >= 500);
        equal(await instance.counts(), application.sent);
        await application.feed((lines) => lines < 20);
        equal(await application.caughtUp([instance]), application.sent);
        await instance.stop();
        equal(await application.written(), everyCount(application.sent));
      },
    ),
};

const internalTopics: Case = {
  name: 'internal-topics',
  timeoutMs: LIMIT_MS,
  run: (context, signal) =>
    Application.with(
      context,
      signal,
      { guarantee: 'at_least_once', store: 'windowed' },
      async (application) => {
        const instance = application.instance();
        await instance.start();
        const { id } = application;
        equal(await application.internalTopics(), ['counts-changelog', 'words-repartition']);
        equal(await application.configsOf(`${id}-counts-changelog`), {
          'cleanup.policy': 'compact,delete',
          'message.timestamp.type': 'CreateTime',
          'retention.ms': `${2 * 24 * 60 * 60 * 1000}`,
        });
        equal(await application.configsOf(`${id}-words-repartition`), {
          'cleanup.policy': 'delete',
          'message.timestamp.type': 'CreateTime',
          'retention.ms': '-1',
          'segment.bytes': `${50 * 1024 * 1024}`,
        });
        await application.feed((lines) => lines < 20);
        const purged = async () => {
          const ends = await application.admin.fetchTopicOffsets(`${id}-words-repartition`);
          const words = ends.reduce((sum, { high }) => sum + Number(high), 0);
          return words === 100 && ends.every(({ low, high }) => low === high);
        };
        while (!(await purged()) && !signal.aborted) await delay(100);
        await instance.stop();
      },
    ),
};

const reset: Case = {
  name: 'application-reset',
  timeoutMs: LIMIT_MS,
  run: (context, signal) =>
    Application.with(
      context,
      signal,
      { guarantee: 'exactly_once_v2', store: 'rocksdb' },
      async (application) => {
        const instance = application.instance();
        await instance.start();
        await application.feed((lines) => lines < 20);
        equal(await application.caughtUp([instance]), application.sent);
        await instance.stop();
        await instance.killAndWipe();
        const { id, input } = application;
        const tool = [...jvm, '-cp', jarsOf(NAME), 'org.apache.kafka.tools.StreamsResetter'];
        const what = ['--application-id', id, '--input-topics', input];
        const where = ['--bootstrap-server', context.broker.bootstrap];
        await runToEnd('java', [...tool, ...where, ...what], { signal });
        equal(await application.internalTopics(), []);
        const offsets = await application.admin.fetchOffsets({ groupId: id, topics: [input] });
        equal(
          offsets[0]!.partitions.map(({ offset }) => offset),
          ['0', '0', '0'],
        );
        await instance.start();
        equal(await application.caughtUp([instance]), application.sent);
        await instance.stop();
        const twice = Object.entries(everyCount(application.sent));
        const expected = twice.map(([word, all]) => [word, [...all, ...all]]);
        equal(await application.written(), Object.fromEntries(expected));
      },
    ),
};

export const suite: Suite = {
  name: NAME,
  debianPackages: jdk,
  install: async () => {
    await fetchJars(NAME);
    await compile(NAME, classes, [pathOf(`${NAME}/cases/WordCount.java`)]);
  },
  version: async () => {
    const jars = readdirSync(join(cacheOf(NAME), 'libs'));
    return jars.find((name) => /^kafka-streams-\d/.test(name))?.replace('.jar', '') ?? '';
  },
  run: async (context) => {
    const waiting = runCases([compactedChangelog], context);
    await runCases([exactlyOnce], context);
    // They wait more than they work.
    const quiet = [atLeastOnce, internalTopics, reset];
    await Promise.all([waiting, ...quiet.map((one) => runCases([one], context))]);
  },
};
