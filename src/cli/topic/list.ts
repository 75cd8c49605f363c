/** `kedge topic list`. */
import { command } from '../command.ts';

export const list = command({
  name: 'list',
  summary: 'list topics',
  options: {
    internal: { summary: "also Kafka's own, such as __consumer_offsets" },
  },
  connects: true,
  examples: [{ command: 'kedge topic list' }, { command: 'kedge topic list --json' }],
  async run({ options, output, connect }) {
    const { admin } = await connect();
    const described = await admin.describeTopics(await admin.listTopics());
    const topics = described
      .filter(({ isInternal }) => options.internal || !isInternal)
      .map(({ name, partitions, isInternal }) => ({
        name,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas.length ?? 0,
        isInternal,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    output.table(topics, [
      { title: 'TOPIC', of: ({ name }) => name },
      { title: 'PARTITIONS', of: ({ partitions }) => partitions, right: true },
      { title: 'REPLICAS', of: ({ replicationFactor }) => replicationFactor, right: true },
    ]);
  },
});
