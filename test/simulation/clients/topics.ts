/**
 * Topics as clients see them: made, looked up, deleted. The surprise: whoever deletes one by its
 * name takes whatever bears the name when the request arrives, be it made a moment ago.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { createTopics } from '../../../src/protocol/apis/create-topics.ts';
import { deleteTopics } from '../../../src/protocol/apis/delete-topics.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Client, type SimulatedTopic } from './client.ts';

/** The ids of those topics that exist, as a gateway remembers them; undefined: no answer. */
export async function topicIds(
  client: Client,
  topics: readonly SimulatedTopic[],
): Promise<Map<string, string> | undefined> {
  const answer = await client.ask(metadata, 12, {
    topics: topics.map(({ name }) => ({ name, topicId: ZERO_UUID })),
    allowAutoTopicCreation: false,
  });
  if (answer === undefined) return undefined;
  const found = answer.topics.filter(({ errorCode }) => errorCode === ErrorCode.NONE);
  return new Map(found.map(({ name, topicId }) => [name!, topicId]));
}

/** As often as can be. */
const compaction = [
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'min.cleanable.dirty.ratio', value: '0' },
  { name: 'segment.ms', value: '1' },
];

/** Makes a topic. False: it has to be tried again. */
async function makeTopic(client: Client, topic: SimulatedTopic): Promise<boolean> {
  const { name, partitions, fleeting, compacted } = topic;
  const { recorder } = client.around;
  const begin = { kind: 'created', topic: name } as const;
  const end = fleeting ? recorder.begin({ process: client.process }, [begin]) : undefined;
  const wanted = {
    name,
    numPartitions: partitions,
    replicationFactor: -1,
    assignments: [],
    configs: compacted ? compaction : [],
  };
  const answer = await client.ask(createTopics, 7, { topics: [wanted], timeoutMs: 30_000 });
  if (answer === undefined) return false;
  const { errorCode, topicId } = answer.topics[0];
  if (errorCode === ErrorCode.NONE) end?.('ok', [{ ...begin, topicId }]);
  if (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) end?.('fail');
  return errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
}

/** Goes on until the topics are there. */
export async function makeTopics(
  client: Client,
  topics: readonly SimulatedTopic[] = client.around.topics,
): Promise<void> {
  for (const topic of topics) {
    while (!(await makeTopic(client, topic))) await client.sleep(100);
  }
}

/** Deletes a topic by its name. False: nobody knows whether it did. */
export async function deleteTopic(client: Client, { name }: SimulatedTopic): Promise<boolean> {
  const { recorder } = client.around;
  const step = { kind: 'deleted', topic: name } as const;
  const end = recorder.begin({ process: client.process }, [step]);
  const tellsId = client.random.chance(0.7);
  const answer = tellsId
    ? await client.ask(deleteTopics, 6, { topics: [{ name, topicId: ZERO_UUID }] })
    : await client.ask(deleteTopics, 5, { topicNames: [name] });
  if (answer === undefined) return false;
  const [{ errorCode, topicId }] = answer.responses;
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) end('fail');
  if (errorCode !== ErrorCode.NONE) return false;
  end('ok', [tellsId ? { ...step, topicId } : step]);
  return true;
}

/** Deletes and makes anew, again and again, the topics that come and go. */
export class TopicKeeper extends Client {
  async live(): Promise<void> {
    const fleeting = this.around.topics.filter((topic) => topic.fleeting);
    const patience = this.random.pick([500, 2_000, 8_000]);
    while (!this.around.isWindingDown()) {
      const topic = this.random.pick(fleeting);
      await this.sleep(this.random.delay(patience));
      if (this.around.isWindingDown()) break;
      await deleteTopic(this, topic);
      if (this.random.chance(0.5)) await this.sleep(this.random.delay(300));
      await makeTopics(this, [topic]);
    }
  }
}
