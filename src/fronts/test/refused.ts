/**
 * An answer with an error where its API has the place for one: with each partition, topic or group,
 * or for the whole. The surprise: what is asked of other topics in the same request goes on as if
 * nothing were wrong, so a request may have to be cut in two.
 */
import type { RequestContext } from '../../broker/context.ts';
import { servedBy } from '../../broker/handlers/index.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import type { Api, Fields, Infer } from '../../protocol/schema.ts';

/** Where an API has a list with one item a topic: in the request, and in the answer. */
const topicLists: Readonly<Record<string, { readonly asked: string; readonly answered: string }>> =
  {
    Produce: { asked: 'topicData', answered: 'responses' },
    Fetch: { asked: 'topics', answered: 'responses' },
    ListOffsets: { asked: 'topics', answered: 'topics' },
    OffsetCommit: { asked: 'topics', answered: 'topics' },
    TxnOffsetCommit: { asked: 'topics', answered: 'topics' },
    CreateTopics: { asked: 'topics', answered: 'topics' },
    DeleteTopics: { asked: 'topics', answered: 'responses' },
    DeleteRecords: { asked: 'topics', answered: 'topics' },
    CreatePartitions: { asked: 'topics', answered: 'results' },
    AddPartitionsToTxn: { asked: 'v3AndBelowTopics', answered: 'resultsByTopicV3AndBelow' },
    DescribeProducers: { asked: 'topics', answered: 'topics' },
  };

/** Whose answers describe topics: a topic with an error stands among the others. */
const describing: ReadonlySet<string> = new Set(['Metadata', 'DescribeTopicPartitions']);

/** These are about the connection's session, not about partitions. */
const ofFetchSessions: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
]);

/** A topic as requests and answers name it. */
interface Named {
  readonly name?: string | null;
  readonly topic?: string;
  readonly topicId?: string;
}

export interface Refusing<Q extends Fields, R extends Fields> {
  readonly api: Api<Q, R>;
  readonly request: Infer<Q>;
  readonly context: RequestContext;
  readonly errorCode: number;
  /** The one topic that it is about; undefined: everything is. */
  readonly topic: { readonly name: string; readonly topicId: string | undefined } | undefined;
  /** What was answered already; undefined: nothing was done. */
  readonly done: Infer<R> | undefined;
  /** Has a request answered in the usual way. */
  respond(request: Infer<Q>): Promise<Infer<R>>;
}

type Lists = Record<string, readonly Named[]>;

/** Undefined: this answer cannot say it. */
export async function refused<Q extends Fields, R extends Fields>(
  refusing: Refusing<Q, R>,
): Promise<Infer<R> | undefined> {
  const { api, topic, request } = refusing;
  if (describing.has(api.name)) return describeRefused(refusing);
  const list = topicLists[api.name];
  if (topic === undefined || list === undefined) return refuseAll(refusing, request);
  const isIt = (one: Named): boolean =>
    [one.name, one.topic].includes(topic.name) ||
    (topic.topicId !== undefined && one.topicId === topic.topicId);
  const { asked, answered } = list;
  const all = (request as unknown as Lists)[asked];
  const others = withoutNames({ ...request, [asked]: all.filter((one) => !isIt(one)) }, topic.name);
  const own = { ...request, [asked]: all.filter(isIt) };
  const wrong = refuseAll(refusing, own);
  if (wrong === undefined) return undefined;
  const right = refusing.done ?? (await answerRest(refusing, others, asked));
  if (right === undefined) return wrong;
  const answers = (right as unknown as Lists)[answered].filter((one) => !isIt(one));
  return { ...right, [answered]: [...answers, ...(wrong as unknown as Lists)[answered]] };
}

/** DeleteTopics before version 6 has names and nothing else. */
function withoutNames<Request extends object>(request: Request, name: string): Request {
  if (!('topicNames' in request)) return request;
  const names = request.topicNames as readonly string[];
  return { ...request, topicNames: names.filter((one) => one !== name) };
}

/** Undefined: nothing else was asked. */
async function answerRest<Q extends Fields, R extends Fields>(
  { api, respond }: Refusing<Q, R>,
  request: Infer<Q>,
  asked: string,
): Promise<Infer<R> | undefined> {
  const { topicNames = [] } = request as unknown as { topicNames?: readonly string[] };
  if ((request as unknown as Lists)[asked].length + topicNames.length === 0) return undefined;
  // Nobody waits for more where there is an error to tell of.
  return respond(api.name === 'Fetch' ? { ...request, maxWaitMs: 0 } : request);
}

function refuseAll<Q extends Fields, R extends Fields>(
  { api, context, errorCode }: Refusing<Q, R>,
  request: Infer<Q>,
): Infer<R> | undefined {
  const errorMessage = errorInfo(errorCode).message;
  const response = servedBy(api)!.refuse(request, { errorCode, errorMessage }, context);
  if (api.name !== 'Fetch' || response === undefined) return response;
  if (ofFetchSessions.has(errorCode)) return { ...response, responses: [] };
  return { ...response, errorCode: ErrorCode.NONE };
}

async function describeRefused<Q extends Fields, R extends Fields>({
  request,
  errorCode,
  topic,
  done,
  respond,
}: Refusing<Q, R>): Promise<Infer<R>> {
  // What is refused makes no topic.
  const asked = { ...request, ...('allowAutoTopicCreation' in request && noCreation) };
  const response = done ?? (await respond(asked));
  const { topics } = response as unknown as Lists;
  const marked = topics.map((one) => {
    const isIt = topic === undefined || one.name === topic.name || one.topicId === topic.topicId;
    return isIt ? { ...one, errorCode, partitions: [] } : one;
  });
  return { ...response, topics: marked };
}

const noCreation = { allowAutoTopicCreation: false };
