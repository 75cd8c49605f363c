/** `kedge topic describe`. */
import { command } from '../command.ts';
import type { Output } from '../output.ts';
import { bytesText } from '../progress.ts';
import { describeTopics, type PartitionView, type TopicView } from './views.ts';

export const describe = command({
  name: 'describe',
  summary: 'show topics: their partitions, offsets, sizes and settings',
  description: 'All topics where none is named.',
  arguments: [
    {
      name: 'topic',
      summary: 'a topic',
      optional: true,
      multiple: true,
      complete: 'topic',
    },
  ],
  connects: true,
  examples: [
    { command: 'kedge topic describe orders' },
    {
      command: "kedge topic describe orders --json | jq '.[].partitions[].latest'",
      summary: 'where each partition ends',
    },
  ],
  async run({ args, output, connect }) {
    const all = await describeTopics(await connect(), args);
    const topics = args.length > 0 ? all : all.filter(({ isInternal }) => !isInternal);
    output.result(topics, () => {
      topics.forEach((topic, index) => {
        if (index > 0) output.line('');
        show(output, topic);
      });
    });
  },
});

function show(output: Output, topic: TopicView): void {
  const { partitions, configs } = topic;
  const records = partitions.map(recordsIn);
  const sizes = partitions.map(({ bytes }) => bytes);
  output.facts([
    ['Topic', topic.name],
    ['Id', topic.topicId],
    ['Partitions', partitions.length],
    ['Replicas', topic.replicationFactor],
    ['Offsets in use', sum(records)?.toLocaleString('en-US') ?? null],
    ['Size', sizeText(sum(sizes))],
    ['Settings', settingsText(configs)],
  ]);
  output.line('');
  const lines = output.tableLines(partitions, [
    { title: 'PARTITION', of: ({ partition }) => partition, right: true },
    { title: 'LEADER', of: ({ leader }) => (leader < 0 ? 'none' : leader), right: true },
    { title: 'REPLICAS', of: ({ replicas }) => replicas.join(',') },
    { title: 'IN SYNC', of: ({ isr }) => isr.join(',') },
    { title: 'EARLIEST', of: ({ earliest }) => earliest, right: true },
    { title: 'LATEST', of: ({ latest }) => latest, right: true },
    { title: 'SIZE', of: ({ bytes }) => sizeText(bytes), right: true },
  ]);
  for (const line of lines) output.line(line);
}

function recordsIn({ earliest, latest }: PartitionView): number | null {
  return earliest === null || latest === null ? null : latest - earliest;
}

function sum(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((one) => one !== null);
  return known.length > 0 ? known.reduce((total, one) => total + one, 0) : null;
}

function sizeText(bytes: number | null): string | null {
  return bytes === null ? null : bytesText(bytes);
}

function settingsText(configs: TopicView['configs']): string {
  const all = Object.entries(configs).map(([name, value]) => `${name}=${value ?? '(secret)'}`);
  return all.join(', ') || 'none but the defaults';
}
