/**
 * `KAFKA_CREATE_TOPICS`, which some images of Kafka have: `orders:3:1,bills:1:1:compact`. The
 * replicas are read and mean nothing here, as everywhere in Kedge.
 */
import { topicNameProblem } from '../../core/cluster/topic-names.ts';
import { ErrorCode } from '../../protocol/errors.ts';

export interface TopicToCreate {
  readonly name: string;
  /** Default: the broker's. */
  readonly partitions?: number;
  readonly configs: Readonly<Record<string, string>>;
}

const variable = 'KAFKA_CREATE_TOPICS';

/** Throws a plain Error that names the variable. */
export function topicsToCreate(
  variables: Readonly<Record<string, string>>,
): readonly TopicToCreate[] {
  const separator = separatorOf(variables.KAFKA_CREATE_TOPICS_SEPARATOR);
  const items = (variables[variable] ?? '').split(separator).map((item) => item.trim());
  return items.filter((item) => item !== '').map(parseTopic);
}

function parseTopic(item: string): TopicToCreate {
  const [name, partitions = '1', replicas = '1', policy, ...rest] = item.split(':');
  const isCount = (text: string) => /^[1-9]\d*$/.test(text);
  const problem = topicNameProblem(name);
  if (problem !== undefined || !isCount(partitions) || !isCount(replicas) || rest.length > 0) {
    const form = 'name:partitions:replicas, and :compact where it is to be compacted';
    throw new Error(`${variable} must be a list of ${form}, not ${problem ?? item}`);
  }
  const configs: Record<string, string> = policy ? { 'cleanup.policy': policy } : {};
  return { name, partitions: Number(partitions), configs };
}

/** A line's end is written as the shell writes it: `$'\n'`. */
function separatorOf(text = ','): string {
  return /^\$?'?\\n'?$/.test(text) ? '\n' : text || ',';
}

/** Makes those that are not there yet. `token`: the owner's, where Kedge asks who comes. */
export async function createTopics(
  topics: readonly TopicToCreate[],
  url: string,
  token: string | undefined,
): Promise<void> {
  if (topics.length === 0) return;
  const { Admin } = await import('../../client/index.ts');
  await using admin = new Admin(url, token === undefined ? {} : { token });
  for (const topic of topics) {
    await admin.createTopics([topic]).catch((error: { readonly code?: number }) => {
      if (error.code !== ErrorCode.TOPIC_ALREADY_EXISTS) throw error;
    });
  }
}
