/** confluent-kafka from PyPI, which carries the newest librdkafka. */
import { pypiClient } from '../python.ts';

export const suite = pypiClient('confluent-kafka-2', {
  readme: 'confluent-kafka',
  readmeReads: true,
  pipeline: 'confluent_pipeline.py',
});
