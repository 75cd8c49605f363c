/** confluent-kafka and librdkafka, as Debian ships them. */
import { debianClient } from '../python.ts';

export const suite = debianClient('confluent-kafka', ['python3-confluent-kafka'], {
  pipeline: 'confluent_pipeline.py',
});
