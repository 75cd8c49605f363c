/** confluent-kafka from PyPI, which carries the newest librdkafka. */
import { pypiClient } from '../python.ts';

export const suite = pypiClient('confluent-kafka-2', { pipeline: 'confluent_pipeline.py' });
