/** `kedge topic alter`. */
import { command } from '../command.ts';
import { UsageError } from '../usage.ts';
import { assignment, integer } from '../values.ts';
import { topicsOf } from './views.ts';

export const alter = command({
  name: 'alter',
  summary: 'give a topic more partitions or other settings',
  description:
    'A topic never gets fewer partitions. With more of them, records of a key may go to another ' +
    'partition from then on.',
  arguments: [{ name: 'topic', summary: 'a topic', complete: 'topic' }],
  options: {
    partitions: {
      short: 'p',
      value: 'number',
      summary: 'how many it is to have in all',
      parse: integer(1, 100_000),
    },
    config: {
      value: 'name=value',
      summary: 'a setting',
      multiple: true,
      parse: assignment,
    },
    'delete-config': {
      value: 'name',
      summary: 'a setting that goes back to its default',
      multiple: true,
    },
  },
  connects: true,
  examples: [
    { command: 'kedge topic alter orders --partitions 6' },
    { command: 'kedge topic alter orders --config retention.ms=3600000' },
  ],
  async run({ args: [topic], options, output, connect }) {
    const { partitions, config, 'delete-config': removed } = options;
    const changes = {
      ...Object.fromEntries(config),
      ...Object.fromEntries(removed.map((name) => [name, null])),
    };
    const hasChanges = Object.keys(changes).length > 0;
    if (partitions === undefined && !hasChanges) {
      throw new UsageError('say what is to change: --partitions, --config or --delete-config.');
    }
    const cluster = await connect();
    await topicsOf(cluster, [topic]);
    const { admin } = cluster;
    if (hasChanges) await admin.alterConfigs({ topic }, changes);
    if (partitions !== undefined) await admin.createPartitions(topic, partitions);
    output.result({ name: topic, partitions, configs: changes }, () =>
      output.line(`${topic} is changed.`),
    );
  },
});
