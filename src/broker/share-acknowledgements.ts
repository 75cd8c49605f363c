/**
 * The acknowledgements of one request, of ShareFetch or ShareAcknowledge: looked through, then sent
 * to their partitions, each at most once. The surprise: a partition whose acknowledgements make no
 * sense is refused by itself; the others take effect.
 */
import { AcknowledgeType } from '../core/group/share-partition/acknowledge.ts';
import type {
  AcknowledgementBatch,
  ShareMember,
  ShareSettings,
} from '../core/group/share-partition/calls.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { RequestContext } from './context.ts';
import { TopicRoute } from './routing.ts';
import { keyOf, type PartitionName } from './share-sessions.ts';

export interface Acknowledged {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** What both APIs ask. */
interface Request {
  readonly isRenewAck: boolean;
  readonly topics: readonly {
    readonly topicId: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly acknowledgementBatches: readonly AcknowledgementBatch[];
    }[];
  }[];
}

interface Member extends ShareMember {
  readonly settings: ShareSettings;
}

const none: Acknowledged = { errorCode: ErrorCode.NONE, errorMessage: null };
const invalid: Acknowledged = { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: null };
const askedAtOnce = 100;

/** What is said of one partition. */
interface Word extends PartitionName {
  readonly batches: readonly AcknowledgementBatch[];
}

export class ShareAcknowledgements {
  readonly #context: RequestContext;
  /** Not sent yet. */
  readonly #words = new Map<string, Word>();
  /** What became of them, in the order of the request. */
  readonly results = new Map<string, PartitionName & { result: Acknowledged }>();

  constructor(request: Request, context: RequestContext) {
    this.#context = context;
    const rules = { isRenewAck: request.isRenewAck, mayRenew: context.apiVersion >= 2 };
    const silent: PartitionName[] = [];
    for (const { batches, ...name } of wordsOf(request)) {
      if (batches.length === 0) silent.push(name);
      else if (!areValid(batches, rules)) this.tell(name, invalid);
      else {
        this.tell(name, none);
        this.#words.set(keyOf(name), { ...name, batches });
      }
    }
    // To say nothing is only answered beside those who said something.
    if (!this.areSent) for (const name of silent) this.tell(name, none);
  }

  /** What is said of a partition that is asked now anyway; it counts as sent. */
  take(name: PartitionName): readonly AcknowledgementBatch[] {
    const key = keyOf(name);
    const word = this.#words.get(key);
    this.#words.delete(key);
    return word?.batches ?? [];
  }

  has(name: PartitionName): boolean {
    return this.#words.has(keyOf(name));
  }

  get areSent(): boolean {
    return this.#words.size === 0;
  }

  tell(name: PartitionName, result: Acknowledged): void {
    this.results.set(keyOf(name), { ...name, result });
  }

  /** Sends those that were not taken. */
  async send(member: Member): Promise<void> {
    const words = [...this.#words.values()];
    this.#words.clear();
    const routes = new Map<string, TopicRoute>();
    for (const { topicId } of words) {
      if (routes.has(topicId)) continue;
      routes.set(topicId, new TopicRoute(this.#context, { topicId }, 'READ'));
    }
    const send = async ({ batches, ...name }: Word): Promise<void> => {
      const reply = await routes
        .get(name.topicId)!
        .ask(name.partition, ({ partition }) =>
          partition.call('shareAcknowledge', { ...member, acknowledgements: batches }),
        );
      this.tell(name, typeof reply === 'number' ? codeOnly(reply) : reply);
    };
    await eachBounded(words, send, { atOnce: askedAtOnce });
  }
}

export function codeOnly(errorCode: number): Acknowledged {
  return { errorCode, errorMessage: null };
}

/** Each partition once, as it was named last. */
function wordsOf({ topics }: Request): Word[] {
  const words = new Map<string, Word>();
  for (const { topicId, partitions } of topics) {
    for (const { partitionIndex, acknowledgementBatches } of partitions) {
      const name = { topicId, partition: partitionIndex };
      words.set(keyOf(name), { ...name, batches: acknowledgementBatches });
    }
  }
  return [...words.values()];
}

interface Rules {
  /** The request says that it renews locks. */
  readonly isRenewAck: boolean;
  /** There is such a thing in its version. */
  readonly mayRenew: boolean;
}

/** In order, each with one type for all or one for each, of those there are. */
function areValid(batches: readonly AcknowledgementBatch[], rules: Rules): boolean {
  let last = -1;
  return batches.every(({ firstOffset, lastOffset, acknowledgeTypes }) => {
    const inOrder = firstOffset <= lastOffset && firstOffset >= last;
    last = lastOffset;
    const count = acknowledgeTypes.length;
    const one = count === 1 || (count > 1 && lastOffset - firstOffset === count - 1);
    return inOrder && one && acknowledgeTypes.every((type) => isValidType(type, rules));
  });
}

function isValidType(type: number, { isRenewAck, mayRenew }: Rules): boolean {
  if (type === AcknowledgeType.RENEW) return mayRenew && isRenewAck;
  return type >= AcknowledgeType.GAP && type <= AcknowledgeType.REJECT;
}
