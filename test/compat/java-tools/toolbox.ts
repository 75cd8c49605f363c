/**
 * Kafka's tools for administration, kept in one JVM: most of what a tool takes is the start of its
 * Java. They run one after the other, and a failure of one is its exit code.
 */
import { pathOf } from '../install.ts';
import { jarsOf, jvm } from '../maven.ts';
import { Running, runToEnd } from '../processes.ts';

const CLASSES = {
  acls: 'org.apache.kafka.tools.AclCommand',
  clientMetrics: 'org.apache.kafka.tools.ClientMetricsCommand',
  cluster: 'org.apache.kafka.tools.ClusterTool',
  configs: 'kafka.admin.ConfigCommand',
  consumerPerformance: 'org.apache.kafka.tools.ConsumerPerformance',
  deleteRecords: 'org.apache.kafka.tools.DeleteRecordsCommand',
  features: 'org.apache.kafka.tools.FeatureCommand',
  getOffsets: 'org.apache.kafka.tools.GetOffsetShell',
  groups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  leaderElection: 'org.apache.kafka.tools.LeaderElectionCommand',
  listGroups: 'org.apache.kafka.tools.GroupsCommand',
  logDirs: 'org.apache.kafka.tools.LogDirsCommand',
  producerPerformance: 'org.apache.kafka.tools.ProducerPerformance',
  quorum: 'org.apache.kafka.tools.MetadataQuorumCommand',
  reassign: 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  shareConsole: 'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
  shareGroups: 'org.apache.kafka.tools.consumer.group.ShareGroupCommand',
  sharePerformance: 'org.apache.kafka.tools.ShareConsumerPerformance',
  topics: 'org.apache.kafka.tools.TopicCommand',
  verifiableConsumer: 'org.apache.kafka.tools.VerifiableConsumer',
  verifiableProducer: 'org.apache.kafka.tools.VerifiableProducer',
  verifiableShareConsumer: 'org.apache.kafka.tools.VerifiableShareConsumer',
  versions: 'org.apache.kafka.tools.BrokerApiVersionsCommand',
};

export type ToolName = keyof typeof CLASSES;

export interface Ended {
  readonly code: number;
  /** What it printed, standard output and standard error together. */
  readonly text: string;
}

const encoded = (word: string) => `=${Buffer.from(word).toString('base64')}`;

const alone = (tool: ToolName) => [...jvm, '-cp', jarsOf('java-tools'), CLASSES[tool]];

/** Runs a tool as a program of its own, for those that do their last part when their JVM ends. */
export function runAlone(tool: ToolName, ...args: readonly string[]): Promise<string> {
  return runToEnd('java', [...alone(tool), ...args]);
}

/** Starts a tool as a program of its own, for those that go on until they are stopped. */
export function startAlone(tool: ToolName, ...args: readonly string[]): Running {
  return new Running('java', [...alone(tool), ...args]);
}

export class Toolbox {
  readonly #jvm: Running;
  #taken = 0;

  constructor() {
    const program = pathOf('java-tools/Toolbox.java');
    this.#jvm = new Running('java', [...jvm, '-cp', jarsOf('java-tools'), program]);
  }

  /** Runs a tool with the arguments that its script would give it, and waits for its end. */
  async run(tool: ToolName, ...args: readonly string[]): Promise<Ended> {
    this.#jvm.write(`${[CLASSES[tool], ...args].map(encoded).join(' ')}\n`);
    const what = `the end of ${tool} ${args.join(' ')}`;
    await this.#jvm.until(({ stdout }) => stdout.indexOf('\n', this.#taken) >= 0, what, 50_000);
    const end = this.#jvm.stdout.indexOf('\n', this.#taken);
    const [code, printed = ''] = this.#jvm.stdout.slice(this.#taken, end).split(' ');
    this.#taken = end + 1;
    return { code: Number(code), text: Buffer.from(printed, 'base64').toString() };
  }

  async close(): Promise<void> {
    await this.#jvm.stop('SIGKILL');
  }
}
