/**
 * Kafka Connect: distributed workers, which keep connectors, offsets and states in compacted topics
 * and nothing on their disks. A file goes in by one connector and comes out by another.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheOf } from '../install.ts';
import { fetchJars, jdk } from '../maven.ts';
import { type Case, runCases, type Suite } from '../suite.ts';
import { equal } from '../words.ts';
import { ConnectCluster, LIMIT_MS, NAME, type Worker } from './cluster.ts';

/** The kind of resource a topic is, where configs are asked for. */
const TOPIC = 2;

function clusterCase(name: string, body: (cluster: ConnectCluster) => Promise<void>): Case {
  return {
    name,
    timeoutMs: LIMIT_MS,
    run: (context, signal) => ConnectCluster.with(context, signal, body),
  };
}

/** Lines of a file, from one number to another. */
function lines(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => `line ${first + at}`);
}

/** Waits until the sink has written all lines, each once, and both connectors' offsets are kept. */
async function arrived(cluster: ConnectCluster, worker: Worker, last: number): Promise<void> {
  const all = lines(1, last);
  equal(await cluster.linesUpTo(`line ${last}`), all);
  await worker.committed(cluster.source, 'position', all.join('\n').length + 1);
  await worker.committed(cluster.sink, 'kafka_offset', last);
}

const restarted = clusterCase('file-to-file-restarted', async (cluster) => {
  const worker = await cluster.worker();
  await worker.start();
  await cluster.createSource(worker);
  await cluster.createSink(worker);
  await cluster.write(lines(1, 100));
  await arrived(cluster, worker, 100);
  await worker.kill();
  await cluster.write(lines(101, 200));
  await worker.start();
  await arrived(cluster, worker, 200);
  await cluster.restartBroker();
  await cluster.write(lines(201, 300));
  await arrived(cluster, worker, 300);
  equal(await cluster.valuesUpTo('line 300'), lines(1, 300));
  await worker.stop();
});

const internalTopics = clusterCase('internal-topics', async (cluster) => {
  await (await cluster.worker()).start();
  for (const [kind, count] of Object.entries({ config: 1, offset: 25, status: 5 })) {
    const topic = `${cluster.id}-${kind}`;
    const { topics } = await cluster.admin.fetchTopicMetadata({ topics: [topic] });
    equal([kind, topics[0]!.partitions.length], [kind, count]);
    const { resources } = await cluster.admin.describeConfigs({
      resources: [{ type: TOPIC, name: topic, configNames: ['cleanup.policy'] }],
      includeSynonyms: false,
    });
    equal([kind, resources[0]!.configEntries[0]!.configValue], [kind, 'compact']);
  }
});

const compactedConfigs = clusterCase('compacted-configs', async (cluster) => {
  const { sink } = cluster;
  const worker = await cluster.worker({
    'config.storage.segment.ms': '100',
    'config.storage.min.cleanable.dirty.ratio': '0.01',
  });
  await worker.start();
  await cluster.createSource(worker);
  await cluster.createSink(worker);
  await cluster.write(lines(1, 100));
  // A sink that is paused or resumed while it is assigned its partitions may never commit.
  await arrived(cluster, worker, 100);
  for (let time = 0; time < 10; time += 1) {
    await worker.ask('PUT', `/connectors/${sink}/pause`);
    await worker.ask('PUT', `/connectors/${sink}/resume`);
  }
  await cluster.compacted(`target-state-${sink}`, 10);
  await worker.kill();
  await cluster.write(lines(101, 200));
  await worker.start();
  await arrived(cluster, worker, 200);
  await worker.stop();
});

const twoWorkers = clusterCase('two-workers', async (cluster) => {
  const [first, second] = [await cluster.worker(), await cluster.worker()];
  await Promise.all([first.start(), second.start()]);
  // One of them leads; the other passes on what it is asked.
  await cluster.createSource(first);
  await cluster.createSink(second);
  await cluster.write(lines(1, 100));
  await arrived(cluster, first, 100);
  const states = [await first.running(cluster.source), await second.running(cluster.sink)];
  const parts = states.flatMap(({ connector, tasks }) => [connector, ...tasks]);
  const busy = new Set(parts.map((one) => one.worker_id));
  equal([...busy].sort(), [first.id, second.id].sort());
  await second.kill();
  await cluster.write(lines(101, 200));
  await arrived(cluster, first, 200);
  await first.stop();
});

const offsets = clusterCase('offsets-of-a-stopped-connector', async (cluster) => {
  const { source, sink, topic } = cluster;
  const worker = await cluster.worker();
  await worker.start();
  await cluster.createSource(worker);
  await cluster.createSink(worker);
  await cluster.write(lines(1, 100));
  await arrived(cluster, worker, 100);
  await worker.ask('PUT', `/connectors/${sink}/stop`);
  const partition = { kafka_topic: topic, kafka_partition: 0 };
  const back = { offsets: [{ partition, offset: { kafka_offset: 98 } }] };
  await worker.ask('PATCH', `/connectors/${sink}/offsets`, back);
  await worker.ask('PUT', `/connectors/${sink}/resume`);
  const again = await cluster.linesUpTo('line 100\nline 99\nline 100');
  equal(again, [...lines(1, 100), ...lines(99, 100)]);
  await worker.ask('DELETE', `/connectors/${sink}`);
  await worker.ask('PUT', `/connectors/${source}/stop`);
  await worker.ask('DELETE', `/connectors/${source}/offsets`);
  await worker.ask('PUT', `/connectors/${source}/resume`);
  await cluster.write(['the end']);
  const twice = [...lines(1, 100), ...lines(1, 100), 'the end'];
  equal(await cluster.valuesUpTo('the end'), twice);
  equal(await worker.ask('GET', '/connectors'), [source]);
  await worker.stop();
});

const exactlyOnce = clusterCase('exactly-once-source', async (cluster) => {
  const worker = await cluster.worker({
    'exactly.once.source.support': 'enabled',
    // A worker reads all there is of the offsets before it is up, so it waits for what one left.
    'producer.transaction.timeout.ms': '3000',
  });
  await worker.start();
  await cluster.createSource(worker, { 'exactly.once.support': 'required' });
  await worker.running(cluster.source);
  let last = 0;
  const write = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      await cluster.write(lines(last + 1, last + 20));
      last += 20;
      await delay(20);
    }
  };
  await Promise.all([write(100), delay(1_000).then(() => worker.kill())]);
  await worker.start();
  await write(10);
  equal(await cluster.valuesUpTo(`line ${last}`), lines(1, last));
  await worker.stop();
});

export const suite: Suite = {
  name: NAME,
  debianPackages: jdk,
  install: () => fetchJars(NAME),
  version: async () => {
    const jars = readdirSync(join(cacheOf(NAME), 'libs'));
    return jars.find((name) => name.startsWith('connect-runtime'))?.replace('.jar', '') ?? '';
  },
  run: async (context) => {
    await runCases([restarted], context);
    // They wait more than they work.
    const quiet = [compactedConfigs, internalTopics, twoWorkers, offsets, exactlyOnce];
    await Promise.all(quiet.map((one) => runCases([one], context)));
  },
};
