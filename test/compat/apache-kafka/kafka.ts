/**
 * Apache Kafka itself: one node that is broker and controller, on free ports, with a data directory
 * of its own that goes when it stops. What is configured is either where it lives or what one node
 * cannot do otherwise; all else is Kafka's default, which is what Kedge is held to.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../broker.ts';
import { cacheOf, once, pathOf } from '../install.ts';
import { fetchJars, jarsOf } from '../maven.ts';
import { Running, runToEnd } from '../processes.ts';
import { alterShareGroupOffsets, findCoordinator, initProducerId, offsetFetch } from './apis.ts';
import { type Address, Player } from './player.ts';

const SUITE = 'apache-kafka';
const CLUSTER_ID = 'a2VkZ2UtY29tcGF0LTAwMQ';
/** With it, `min.insync.replicas` would be a config of the cluster and not a default. */
const withoutElr = ['--feature', 'eligible.leader.replicas.version=0'];
/** Soon there, and small. */
const quickJava = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const classes = ['-cp', jarsOf(SUITE)];

/** Where what it consists of is. */
export const kafkaJars = join(cacheOf(SUITE), 'libs');

export interface ApacheKafka extends Address, AsyncDisposable {}

/** Fetches the broker, and formats a log directory for every start to begin with a copy of. */
export async function installApacheKafka(): Promise<void> {
  await fetchJars(SUITE);
  const inputs = [pathOf(`${SUITE}/pom.xml`), import.meta.filename];
  await once(join(cacheOf(SUITE), 'formatted.stamp'), inputs, async () => {
    await rm(formatted(), { recursive: true, force: true });
    const properties = join(cacheOf(SUITE), 'format.properties');
    writeFileSync(properties, propertiesOf(formatted(), 1, 2));
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties];
    await runToEnd('java', [...quickJava, ...classes, ...format, ...withoutElr]);
  });
}

function formatted(): string {
  return join(cacheOf(SUITE), 'formatted');
}

/** Starts it, with what else it is set to; settles when it is ready, its coordinators too. */
export async function startApacheKafka(
  settings: Readonly<Record<string, string>> = {},
): Promise<ApacheKafka> {
  const { broker, address, stop } = await launchApacheKafka(settings);
  try {
    await broker.until(({ stderr }) => stderr.includes('Kafka Server started'), 'being ready');
    await warmUp(address);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...address, [Symbol.asyncDispose]: stop };
}

export interface LaunchedKafka {
  readonly broker: Running;
  /** Where it is going to be. */
  readonly address: Address;
  /** By `performance.now()`. */
  readonly launchedAt: number;
  /** Ends it, and removes what it wrote. */
  stop(): Promise<void>;
}

/** Begins to start it. What it is set to counts before what it is set to for tests. */
export async function launchApacheKafka(
  settings: Readonly<Record<string, string>> = {},
  java: readonly string[] = quickJava,
): Promise<LaunchedKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'kedge-compat-kafka-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const [kafkaPort, controllerPort] = [await freePort(), await freePort()];
  const [properties, logs] = [join(folder, 'server.properties'), join(folder, 'logs')];
  const more = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(properties, propertiesOf(logs, kafkaPort, controllerPort) + more.join(''));
  await cp(formatted(), logs, { recursive: true });
  const launchedAt = performance.now();
  const broker = new Running('java', [...java, ...classes, 'kafka.Kafka', properties]);
  return {
    launchedAt,
    broker,
    address: { host: '127.0.0.1', kafkaPort },
    async stop() {
      await broker.stop('SIGKILL'); // there is nothing it has to save
      await rm(folder, { recursive: true, force: true });
      process.off('exit', remove);
    },
  };
}

/** Has it make what a fresh broker makes when it is first asked: coordinators and producer ids. */
async function warmUp(address: Address): Promise<void> {
  const on = new Player(address, 'warm-up');
  const isReady = ({ errorCode }: { readonly errorCode: number }) => errorCode === 0;
  const [key, transactionalId] = [on.name('group'), on.name('tx')];
  await on.quietlyUntil(findCoordinator, 3, { keyType: 0, key }, isReady);
  await on.quietlyUntil(findCoordinator, 3, { keyType: 1, key: transactionalId }, isReady);
  const init = { transactionalId, transactionTimeoutMs: 1000 };
  await on.quietlyUntil(initProducerId, 4, init, isReady);
  const { name: topicName } = await on.topic('shared');
  const topics = [{ topicName, partitions: [{ partitionIndex: 0, startOffset: 0 }] }];
  await on.quietlyUntil(alterShareGroupOffsets, 0, { groupId: key, topics }, (answer) =>
    answer.responses.every(({ partitions }) => partitions.every(isReady)),
  );
  // So many that each coordinator has some of them.
  const names = Array.from({ length: 500 }, (_, index) => on.name(`group-${index}`));
  const groups = names.map((groupId) => ({ groupId, topics: null }));
  await on.quietlyUntil(offsetFetch, 8, { groups }, (answer) => answer.groups.every(isReady));
  on.close();
}

function propertiesOf(logs: string, port: number, controllerPort: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${logs}
controller.quorum.append.linger.ms=0
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
`;
}
