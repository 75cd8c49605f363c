/** `kedge topic create`. */
import { createTopics } from '../../protocol/apis/create-topics.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { command } from '../command.ts';
import { assignment, integer } from '../values.ts';

/** For Kafka: as many as the broker's default. */
const byDefault = -1;

export const create = command({
  name: 'create',
  summary: 'create topics',
  arguments: [{ name: 'topic', summary: 'the name of the new topic', multiple: true }],
  options: {
    partitions: {
      short: 'p',
      value: 'number',
      summary: "how many partitions (default: the cluster's num.partitions)",
      parse: integer(1, 100_000),
    },
    'replication-factor': {
      value: 'number',
      summary:
        'how many brokers keep each record (default: as the cluster has it; a Kedge needs 1)',
      parse: integer(1, 32_767),
    },
    config: {
      value: 'name=value',
      summary: 'a setting of the topic, such as retention.ms=60000',
      multiple: true,
      parse: assignment,
    },
    'if-not-exists': { summary: 'leave a topic as it is that is there already' },
    'dry-run': { summary: 'only ask whether it could be done' },
  },
  connects: true,
  examples: [
    { command: 'kedge topic create orders --partitions 3' },
    { command: 'kedge topic create users --config cleanup.policy=compact --if-not-exists' },
  ],
  async run({ args, options, output, connect }) {
    const { link } = await connect();
    const configs = options.config.map(([name, value]) => ({ name, value }));
    const topics = args.map((name) => ({
      name,
      numPartitions: options.partitions ?? byDefault,
      replicationFactor: options['replication-factor'] ?? byDefault,
      assignments: [],
      configs,
    }));
    const validateOnly = options['dry-run'];
    const answer = await link.call(createTopics, { topics, validateOnly });
    const results = answer.topics.map(({ name, topicId, errorCode, errorMessage, ...made }) => {
      const isThere = errorCode === ErrorCode.TOPIC_ALREADY_EXISTS && options['if-not-exists'];
      if (errorCode !== ErrorCode.NONE && !isThere) {
        throw new KafkaError(errorCode, errorMessage ?? undefined);
      }
      const created = !isThere && !validateOnly;
      return isThere
        ? { name, created }
        : { name, created, topicId, partitions: made.numPartitions };
    });
    output.result(results, () => {
      for (const { name, created } of results) {
        const done = validateOnly ? 'could be created' : 'is created';
        output.line(created || validateOnly ? `${name} ${done}.` : `${name} is there already.`);
      }
    });
  },
});
