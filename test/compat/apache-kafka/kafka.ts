/**
 * Apache Kafka itself: one node that is broker and controller, on free ports, with a data directory
 * of its own that goes when it stops. What is configured is either where it lives or what one node
 * cannot do otherwise; all else is Kafka's default, which is what Kedge is held to.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../broker.ts';
import { jarsOf } from '../maven.ts';
import { Running, runToEnd } from '../processes.ts';
import { findCoordinator, initProducerId } from './apis.ts';
import { type Address, Player } from './player.ts';

const start = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp'];
/** With it, `min.insync.replicas` would be a config of the cluster and not a default. */
const withoutElr = ['--feature', 'eligible.leader.replicas.version=0'];
const CLUSTER_ID = 'a2VkZ2UtY29tcGF0LTAwMQ';

export interface ApacheKafka extends Address, AsyncDisposable {}

/** Starts it; settles when it is ready, its coordinators too. */
export async function startApacheKafka(): Promise<ApacheKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'kedge-compat-kafka-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [kafkaPort, controllerPort] = [await freePort(), await freePort()];
  const properties = join(folder, 'server.properties');
  writeFileSync(properties, propertiesOf(folder, kafkaPort, controllerPort));
  const java = [...start, jarsOf('apache-kafka')];
  const format = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    CLUSTER_ID,
    '-c',
    properties,
    ...withoutElr,
  ];
  await runToEnd('java', [...java, ...format]);
  const broker = new Running('java', [...java, 'kafka.Kafka', properties]);
  await broker.until(({ stderr }) => stderr.includes('Kafka Server started'), 'being ready');
  const stop = async () => {
    await broker.stop('SIGKILL'); // there is nothing it has to save
    await rm(folder, { recursive: true, force: true });
  };
  const address = { host: '127.0.0.1', kafkaPort };
  await warmUp(address);
  return { ...address, [Symbol.asyncDispose]: stop };
}

/** Coordinators and ids that a fresh broker makes when it is first asked. */
async function warmUp(address: Address): Promise<void> {
  const on = new Player(address, 'warm-up');
  for (const keyType of [0, 1]) {
    const question = { keyType, coordinatorKeys: [on.name('key')] };
    await on.quietlyUntil(findCoordinator, 4, question, ({ coordinators: [found] }) => {
      return found.errorCode === 0;
    });
  }
  const ready = ({ errorCode }: { errorCode: number }) => errorCode === 0;
  await on.quietlyUntil(initProducerId, 4, { transactionalId: null }, ready);
  on.close();
}

function propertiesOf(folder: string, port: number, controllerPort: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${join(folder, 'logs')}
controller.quorum.append.linger.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
`;
}
