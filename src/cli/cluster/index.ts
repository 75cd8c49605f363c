/** `kedge cluster`: which cluster it is, and what it is made of. */
import { describeCluster } from '../../protocol/apis/describe-cluster.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { command as action, group } from '../command.ts';

const describe = action({
  name: 'describe',
  summary: 'show the id, the brokers and the controller of a cluster',
  connects: true,
  examples: [
    { command: 'kedge cluster describe' },
    { command: 'kedge cluster describe --url https://kedge.example.com' },
  ],
  async run({ output, connect }) {
    const { link } = await connect();
    const answer = await link.call(describeCluster, {});
    if (answer.errorCode !== ErrorCode.NONE) {
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined);
    }
    const { clusterId, controllerId } = answer;
    const brokers = answer.brokers.map(({ brokerId, host, port, rack }) => ({
      ...{ brokerId, host, port, rack },
      isController: brokerId === controllerId,
    }));
    output.result({ clusterId, controllerId, brokers }, () => {
      output.facts([
        ['Cluster', clusterId],
        ['Brokers', brokers.length],
      ]);
      output.line('');
      const lines = output.tableLines(brokers, [
        { title: 'BROKER', of: ({ brokerId }) => brokerId, right: true },
        { title: 'ADDRESS', of: ({ host, port }) => `${host}:${port}` },
        { title: 'RACK', of: ({ rack }) => rack },
        { title: 'CONTROLLER', of: ({ isController }) => (isController ? 'yes' : 'no') },
      ]);
      for (const line of lines) output.line(line);
    });
  },
});

export const command = group({
  name: 'cluster',
  summary: 'show which cluster it is, and its brokers',
  commands: [describe],
});
