/**
 * What a request is about: the topics and groups it names. The surprise: many name topics by id
 * alone, so who wants names has to look them up.
 */
import type { RequestContext } from '../../broker/context.ts';
import { ZERO_UUID } from '../../bytes/uuid.ts';

export interface Subject {
  readonly topics: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  /** It asks for every topic there is. */
  readonly allTopics: boolean;
}

/** Arrays of topics, each with a `name`. */
const topicLists = /^(topics|topicData|v3AndBelowTopics)$/;
/** Arrays of names. */
const topicNames = /^(topicNames|subscribedTopicNames)$/;
const groupNames = /^(groups|groupIds|groupsNames)$/;
const groupKey = 0;

export async function subjectOf(
  apiName: string,
  request: object,
  { metadata }: Pick<RequestContext, 'metadata'>,
): Promise<Subject> {
  const names = new Names();
  names.read(request);
  if (apiName === 'FindCoordinator') names.readKeys(request as Coordinators);
  for (const topicId of names.topicIds) {
    const topic = await metadata.topicById(topicId);
    if (topic !== undefined) names.topics.add(topic.name);
  }
  const allTopics = apiName === 'Metadata' && (request as { topics: unknown }).topics === null;
  return { topics: names.topics, groups: names.groups, allTopics };
}

interface Coordinators {
  readonly keyType: number;
  readonly key: string;
  readonly coordinatorKeys: readonly string[];
}

class Names {
  readonly topics = new Set<string>();
  readonly topicIds = new Set<string>();
  readonly groups = new Set<string>();

  read(from: object): void {
    for (const [field, value] of Object.entries(from)) {
      if (typeof value === 'string') this.#readText(field, value);
      else if (Array.isArray(value)) this.#readList(field, value);
      else if (typeof value === 'object' && value !== null) this.#readDeeper(value);
    }
  }

  readKeys({ keyType, key, coordinatorKeys }: Coordinators): void {
    if (keyType !== groupKey) return;
    for (const group of [key, ...coordinatorKeys]) if (group !== '') this.groups.add(group);
  }

  #readText(field: string, text: string): void {
    if (text === '') return;
    if (field === 'topic' || field === 'topicName') this.topics.add(text);
    if (field === 'topicId' && text !== ZERO_UUID) this.topicIds.add(text);
    if (field === 'groupId') this.groups.add(text);
  }

  #readList(field: string, list: readonly unknown[]): void {
    for (const item of list) {
      if (typeof item === 'string') {
        if (topicNames.test(field)) this.topics.add(item);
        if (groupNames.test(field)) this.groups.add(item);
      } else if (typeof item === 'object' && item !== null) {
        const { name } = item as { readonly name?: unknown };
        if (topicLists.test(field) && typeof name === 'string' && name !== '')
          this.topics.add(name);
        this.#readDeeper(item);
      }
    }
  }

  /** Records are no place to look for names. */
  #readDeeper(value: object): void {
    if (!ArrayBuffer.isView(value)) this.read(value);
  }
}
