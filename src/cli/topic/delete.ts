/** `kedge topic delete`. */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { command } from '../command.ts';
import { topicsOf } from './views.ts';

export const remove = command({
  name: 'delete',
  summary: 'delete topics and all their records',
  arguments: [{ name: 'topic', summary: 'a topic', multiple: true, complete: 'topic' }],
  options: {
    'if-exists': { summary: 'do nothing about a topic that is not there' },
  },
  connects: true,
  examples: [{ command: 'kedge topic delete orders' }],
  async run({ args, options, output, connect }) {
    const cluster = await connect();
    const { admin } = cluster;
    // What is not there is named before anything is gone.
    if (!options['if-exists']) await topicsOf(cluster, args);
    const results: { name: string; deleted: boolean }[] = [];
    for (const name of args) {
      const deleted = await admin.deleteTopics([name]).then(
        () => true,
        (error) => {
          const isUnknown = error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
          if (error instanceof KafkaError && isUnknown && options['if-exists']) return false;
          throw error;
        },
      );
      results.push({ name, deleted });
    }
    output.result(results, () => {
      for (const { name, deleted } of results) {
        output.line(deleted ? `${name} is deleted.` : `${name} is not there.`);
      }
    });
  },
});
