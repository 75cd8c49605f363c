/**
 * Fetch sessions (KIP-227): what a client reads, kept from one Fetch to the next, so that it names
 * only what changes and hears only of what has moved. The surprises: a session belongs to its
 * connection, where Kafka's belongs to the broker, since no client takes one along; and a
 * connection has one at a time.
 */
import type { ReadReply } from '../core/log/calls.ts';
import type { FetchRequest } from '../protocol/apis/fetch.ts';
import { ErrorCode } from '../protocol/errors.ts';

/** As many as Kafka has slots for. */
const mostSessions = 1_000;
/** What all sessions of an isolate may hold of its memory. */
const mostPartitions = 100_000;

/** The epochs of requests that name all they want: one opens a session, the other does not. */
const firstEpoch = 0;
const finalEpoch = -1;
const largestEpoch = 0x7fff_ffff;

/** One partition as the client names it, and what it was told of it in this session. */
export interface AskedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  fetchOffset: number;
  partitionMaxBytes: number;
  currentLeaderEpoch: number;
  /** -1: it is to be told again. */
  highWatermark: number;
  logStartOffset: number;
}

type Topic = Pick<FetchRequest['topics'][number], 'topic' | 'topicId'>;
type Question = FetchRequest['topics'][number]['partitions'][number];

/** The partitions a client reads, each once, in the order in which they are read. */
export class AskedPartitions {
  /** Whether topics go by their ids. */
  readonly byId: boolean;
  readonly #inOrder = new Set<AskedPartition>();
  readonly #topics = new Map<string, Map<number, AskedPartition>>();

  constructor(byId: boolean, topics: FetchRequest['topics'] = []) {
    this.byId = byId;
    this.add(topics);
  }

  get size(): number {
    return this.#inOrder.size;
  }

  [Symbol.iterator](): Iterator<AskedPartition> {
    return this.#inOrder.values();
  }

  /** Of a partition that is named twice the last word counts, in the first place. */
  add(topics: FetchRequest['topics']): void {
    for (const topic of topics) {
      const key = this.#keyOf(topic);
      const named = this.#topics.get(key) ?? new Map<number, AskedPartition>();
      this.#topics.set(key, named);
      for (const question of topic.partitions) {
        const known = named.get(question.partition);
        if (known === undefined) this.#add(named, topic, question);
        else askAnew(known, question);
      }
    }
  }

  forget(topics: FetchRequest['forgottenTopicsData']): void {
    for (const topic of topics) {
      const named = this.#topics.get(this.#keyOf(topic));
      for (const partition of topic.partitions) {
        const known = named?.get(partition);
        if (known === undefined) continue;
        named!.delete(partition);
        this.#inOrder.delete(known);
      }
    }
  }

  /** Whether this answer is to be told; what it says counts as told then. */
  isNews(one: AskedPartition, reply: ReadReply | number, bytes: number): boolean {
    if (typeof reply === 'number' || reply.errorCode !== ErrorCode.NONE) {
      one.highWatermark = -1;
      return true;
    }
    const { highWatermark, logStartOffset } = reply;
    const isKnown = one.highWatermark === highWatermark && one.logStartOffset === logStartOffset;
    one.highWatermark = highWatermark;
    one.logStartOffset = logStartOffset;
    return !isKnown || bytes > 0;
  }

  /** Something of it was read: others come before it next time. */
  goesLast(one: AskedPartition): void {
    this.#inOrder.delete(one);
    this.#inOrder.add(one);
  }

  #keyOf({ topic, topicId }: Topic): string {
    return this.byId ? topicId : topic;
  }

  #add(named: Map<number, AskedPartition>, { topic, topicId }: Topic, question: Question): void {
    const { partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch } = question;
    const asked = { fetchOffset, partitionMaxBytes, currentLeaderEpoch };
    const told = { highWatermark: -1, logStartOffset: -1 };
    const one = { topic, topicId, partition, ...asked, ...told };
    named.set(partition, one);
    this.#inOrder.add(one);
  }
}

function askAnew(one: AskedPartition, question: Question): void {
  one.fetchOffset = question.fetchOffset;
  one.partitionMaxBytes = question.partitionMaxBytes;
  one.currentLeaderEpoch = question.currentLeaderEpoch;
}

export interface FetchSession {
  readonly id: number;
  readonly partitions: AskedPartitions;
}

/** One for each isolate: how many sessions there are, and partitions in them. */
export class FetchSessionRoom {
  sessions = 0;
  partitions = 0;
}

/** Of one connection. */
export class FetchSessions {
  readonly #room: FetchSessionRoom | undefined;
  #session: (FetchSession & { epoch: number; counted: number }) | undefined;

  /** @param room undefined: the client does not come again, and gets no session */
  constructor(room: FetchSessionRoom | undefined) {
    this.#room = room;
  }

  /**
   * The session a request goes on with, with what it changes, or the code of why there is none;
   * undefined: it names all it wants.
   */
  next(request: FetchRequest, byId: boolean): FetchSession | number | undefined {
    const { sessionId, sessionEpoch, topics, forgottenTopicsData } = request;
    const session = this.#session?.id === sessionId ? this.#session : undefined;
    if (sessionEpoch === firstEpoch || sessionEpoch === finalEpoch) {
      if (session !== undefined) this.close();
      return undefined;
    }
    if (session === undefined) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    if (session.partitions.byId !== byId) return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    session.epoch = sessionEpoch === largestEpoch ? firstEpoch + 1 : sessionEpoch + 1;
    session.partitions.add(topics);
    session.partitions.forget(forgottenTopicsData);
    this.#count(session.partitions.size);
    const hasRoom = this.#room!.partitions <= mostPartitions;
    if (hasRoom && session.partitions.size > 0) return session;
    this.close();
    // The client names all it wants again, and may get no session.
    return hasRoom ? undefined : ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
  }

  /** The id of a new session, if the request wants one; 0: there is none. */
  open({ sessionEpoch }: FetchRequest, partitions: AskedPartitions): number {
    if (sessionEpoch !== firstEpoch) return 0;
    this.close();
    const room = this.#room;
    if (room === undefined || room.sessions >= mostSessions) return 0;
    if (room.partitions + partitions.size > mostPartitions) return 0;
    const id = 1 + Math.floor(Math.random() * largestEpoch);
    this.#session = { id, partitions, epoch: firstEpoch + 1, counted: 0 };
    room.sessions++;
    this.#count(partitions.size);
    return id;
  }

  /** Also when the client is gone. */
  close(): void {
    if (this.#session === undefined) return;
    this.#count(0);
    this.#room!.sessions--;
    this.#session = undefined;
  }

  #count(partitions: number): void {
    this.#room!.partitions += partitions - this.#session!.counted;
    this.#session!.counted = partitions;
  }
}
