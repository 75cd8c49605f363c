/**
 * A group coordinator: the offsets that one group has committed, and whoever reads for it. What
 * the members do is the business of the kind of group they form; offsets outlive them all and
 * change only by replay. The surprise: offsets alone are a group too, of no kind, which lists as a
 * classic one.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Machine, Outcome, Parked } from '../machine.ts';
import type { Enlisted } from '../transaction-marker.ts';
import { ClassicGroup } from './classic-group.ts';
import { ClassicKind } from './classic-kind.ts';
import type { Committer, GroupCalls, VouchedMember } from './commands.ts';
import {
  CommittedOffsets,
  type Overwritten,
  type RetainedSince,
  type RowsThatRemove,
} from './committed-offsets.ts';
import { ConsumerKind } from './consumer/consumer-kind.ts';
import type { CommitForm, GroupKind } from './group-kind.ts';
import type { GroupCall, GroupReply } from './replies.ts';
import type { GroupConfig, GroupRow, Turn } from './rows.ts';
import { ShareKind } from './share/share-kind.ts';

type Command<K extends keyof GroupCalls> = GroupCalls[K]['command'];

/**
 * How long a group without members and offsets is remembered:
 * `offsets.retention.check.interval.ms`.
 */
const emptyGroupMs = 600_000;

/** Calls that another kind than classic answers. */
const memberCalls: Partial<Record<GroupCall['kind'], string>> = {
  consumerGroupHeartbeat: 'consumer',
  describeConsumerGroup: 'consumer',
  shareGroupHeartbeat: 'share',
  describeShareGroup: 'share',
  startSharePartitions: 'share',
  listSharePartitions: 'share',
  alterShareOffsets: 'share',
  deleteShareOffsets: 'share',
  forgetSharePartitions: 'share',
};

const notEnlisted: Enlisted = { errorCode: ErrorCode.INVALID_TXN_STATE, transactionNumber: -1 };

export class GroupMachine implements Machine<GroupCall, GroupReply, GroupRow> {
  readonly #offsets: CommittedOffsets;
  readonly #classic: ClassicKind;
  readonly #consumer: ConsumerKind;
  readonly #share: ShareKind;
  /** At most one of them exists. */
  readonly #kinds: readonly GroupKind[];
  /**
   * Producer id → the last of its transactions that ended here. Memory is enough: what may come too
   * late waits in the same memory, to hear whether it may be written.
   */
  readonly #ended = new Map<number, number>();
  #nextTicket = 1;

  /** `newUuid` answers a UUID that nobody has: a machine has no randomness of its own. */
  constructor(config: GroupConfig, newUuid: () => string) {
    this.#offsets = new CommittedOffsets(config);
    const options = {
      config,
      newUuid,
      newTicket: () => this.#nextTicket++,
      hasOffsets: () => !this.#offsets.isEmpty,
    };
    this.#classic = new ClassicKind(options);
    this.#consumer = new ConsumerKind(options, this.#classic);
    this.#share = new ShareKind(options);
    this.#kinds = [this.#classic, this.#consumer, this.#share];
  }

  /** Whether there is such a group, if only in memory. */
  get exists(): boolean {
    return this.#kind !== undefined || !this.#offsets.isEmpty;
  }

  /** The group itself; undefined where there are at most offsets. */
  get #kind(): GroupKind | undefined {
    return this.#kinds.find(({ exists }) => exists);
  }

  decide(call: GroupCall, now: number): Outcome<GroupReply, GroupRow> {
    const turn: Turn = { now, rows: [], wake: new Map() };
    this.#kind?.start(turn, false);
    try {
      const reply = this.#answer(call, turn);
      this.#kind?.expire(turn);
      return { rows: turn.rows, reply, wake: turn.wake };
    } finally {
      this.#forgetGhosts();
    }
  }

  #answer(call: GroupCall, turn: Turn): GroupReply | Parked {
    switch (call.kind) {
      case 'commitOffsets':
        return this.#commit(call.command, turn);
      case 'commitTransactionalOffsets':
        return this.#commitTransactional(call.command, turn);
      case 'endTransaction':
        return this.#endTransaction(call.command, turn);
      case 'fetchOffsets':
        return this.#committed(call.command);
      case 'deleteOffsets':
        return this.#deleteOffsets(call.command, turn);
      case 'describeGroup':
        return this.#describe(call.command);
      case 'listGroup':
        return this.#list();
      case 'deleteGroup':
        return this.#delete(call.command, turn);
      default:
        return this.#answerMember(call, turn);
    }
  }

  /** What members say, to the kind of group that they are in or would bring into being. */
  #answerMember(call: GroupCall, turn: Turn): GroupReply | Parked {
    const reply = this.#kindFor(call).answer(call, turn);
    if (reply === undefined) {
      const { groupId } = call.command;
      const what = `Group ${groupId} is not a ${memberCalls[call.kind] ?? 'classic'} group.`;
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, what);
    }
    // An empty group of another kind makes room for the one that is made by this call.
    if (call.kind === 'joinGroup' && this.#consumer.exists && this.#classic.exists) {
      turn.rows.push(...this.#consumer.removal());
    }
    return reply;
  }

  #kindFor({ kind }: GroupCall): GroupKind {
    const type = memberCalls[kind] ?? 'classic';
    const own = this.#kinds.find(({ groupType }) => groupType === type)!;
    const present = this.#kind;
    if (!present) return own;
    if (present === this.#share) return present;
    if (kind === 'joinGroup' && present.state === 'Empty') return this.#classic;
    return kind === 'consumerGroupHeartbeat' && present === this.#classic ? own : present;
  }

  #committed(command: Command<'fetchOffsets'>): GroupReply {
    this.#kind?.checkReader(command);
    return { errorCode: ErrorCode.NONE, topics: this.#offsets.read(command) };
  }

  /** What the host is to look up of topics before this call. */
  wantedTopics(call: GroupCall, now: number): readonly string[] | 'all' | undefined {
    return this.#consumer.wantedTopics(call, now) ?? this.#share.wantedTopics(call, now);
  }

  /** Whether it is to look up what members may describe, too. */
  wantsRights(call: GroupCall): boolean {
    return this.#consumer.wantsRights(call);
  }

  /** As `GroupKind.quietFor`. */
  quietFor(member: VouchedMember): number | undefined {
    return this.#kind?.quietFor(member);
  }

  /** Memory alone, as all sessions are: whoever vouches says so again after a load. */
  vouchFor(memberId: string): void {
    this.#kind?.vouchFor(memberId);
  }

  /** Nobody vouches for the member any more; it was last heard of then. */
  release(memberId: string, heardAt: number): void {
    this.#kind?.release(memberId, heardAt);
  }

  /** The offsets that were changed, since this was last asked, by others than who set them. */
  takeOverwritten(): Overwritten {
    return this.#offsets.takeOverwritten();
  }

  #commit(command: Command<'commitOffsets'>, turn: Turn): GroupReply {
    if (!this.exists && command.generationId >= 0 && command.namesMissingGroup) {
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND);
    }
    this.#checkCommitter(command, { ...command, inTransaction: false });
    this.#kind?.heardCommitter(command, turn);
    const { rows, answer } = this.#offsets.commit(command, turn.now);
    turn.rows.push(...rows);
    return { errorCode: ErrorCode.NONE, topics: answer };
  }

  #checkCommitter(committer: Committer, form: CommitForm): void {
    if (!this.exists && committer.generationId >= 0) {
      throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
    }
    (this.#kind ?? this.#classic).checkCommitter(committer, form);
  }

  /** Whether this commit goes with a transaction that is open here: then nobody need be asked. */
  isEnlisted({ producerId, producerEpoch }: Command<'commitTransactionalOffsets'>): boolean {
    return this.#offsets.openTransaction(producerId)?.producerEpoch === producerEpoch;
  }

  #commitTransactional(command: Command<'commitTransactionalOffsets'>, turn: Turn): GroupReply {
    if (command.groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    const transactionNumber = this.#transactionNumber(command);
    this.#checkCommitter(command, { ...command, inTransaction: true, namesMissingGroup: true });
    const { rows, answer } = this.#offsets.commitTransactional(
      command,
      transactionNumber,
      turn.now,
    );
    turn.rows.push(...rows);
    return { errorCode: ErrorCode.NONE, topics: answer };
  }

  /** The transaction that a commit belongs to; refuses one that ended while its host asked. */
  #transactionNumber(command: Command<'commitTransactionalOffsets'>): number {
    const { enlisted, producerId } = command;
    const open = this.#offsets.openTransaction(producerId)?.transactionNumber ?? 0;
    if (!enlisted && this.isEnlisted(command)) return open;
    const { errorCode, transactionNumber } = enlisted ?? notEnlisted;
    if (errorCode === ErrorCode.PRODUCER_FENCED) {
      // Who commits offsets knows this code only.
      throw new KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH);
    }
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
    const ended = this.#ended.get(producerId) ?? 0;
    if (transactionNumber < open || transactionNumber <= ended) {
      throw new KafkaError(ErrorCode.INVALID_TXN_STATE);
    }
    return transactionNumber;
  }

  #endTransaction({ marker }: Command<'endTransaction'>, turn: Turn): GroupReply {
    const { producerId, producerEpoch, committed } = marker;
    const open = this.#offsets.openTransaction(producerId);
    const transactionNumber = marker.transactionNumber ?? open?.transactionNumber ?? 0;
    const ends = open !== undefined && transactionNumber >= open.transactionNumber;
    if (ends && producerEpoch < open.producerEpoch) {
      throw new KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH);
    }
    const ended = this.#ended.get(producerId) ?? 0;
    this.#ended.set(producerId, Math.max(transactionNumber, ended));
    if (ends) this.#forgetOffsets(this.#offsets.endTransaction(producerId, committed), turn);
    return { errorCode: ErrorCode.NONE };
  }

  #deleteOffsets(command: Command<'deleteOffsets'>, turn: Turn): GroupReply {
    const { groupId, topics } = command;
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    if (!this.exists) throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND);
    const kind = this.#kind;
    kind?.checkDeleter(command);
    const isUsed = (name: string): boolean => kind?.isSubscribedTo(name) ?? false;
    this.#forgetOffsets(this.#offsets.remove(topics.filter(({ name }) => !isUsed(name))), turn);
    const subscribedTopics = topics.map(({ name }) => name).filter(isUsed);
    return { errorCode: ErrorCode.NONE, subscribedTopics };
  }

  /** A group that was nothing but offsets stays for a while, without any. */
  #forgetOffsets({ rows, empties }: RowsThatRemove, turn: Turn): void {
    turn.rows.push(...rows);
    if (!empties || this.#kind) return;
    turn.rows.push({ key: 'group', value: new ClassicGroup(turn.now).checkpoint() });
  }

  #describe({ groupId }: Command<'describeGroup'>): GroupReply {
    if (!this.exists) {
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
    }
    if (this.#kind && this.#kind !== this.#classic) {
      const what = `Group ${groupId} is not a classic group.`;
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, what);
    }
    const simple = { groupState: 'Empty', protocolType: '', protocolData: '', members: [] };
    return { errorCode: ErrorCode.NONE, group: this.#classic.group?.describe() ?? simple };
  }

  #list(): GroupReply {
    const { groupType, state: groupState, protocolType } = this.#kind ?? this.#classic;
    const group = this.exists ? { groupType, groupState, protocolType } : null;
    return { errorCode: ErrorCode.NONE, group };
  }

  #delete({ groupId }: Command<'deleteGroup'>, turn: Turn): GroupReply {
    if (!this.exists) {
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
    }
    if ((this.#kind?.state ?? 'Empty') !== 'Empty') {
      throw new KafkaError(ErrorCode.NON_EMPTY_GROUP);
    }
    const toForget = this.#share.forgetPartitions(turn);
    if (toForget.length === 0) {
      turn.rows.push(...this.#offsets.removeAll(), ...(this.#kind?.removal() ?? []));
    }
    return { errorCode: ErrorCode.NONE, toForget };
  }

  #forgetGhosts(): void {
    for (const kind of this.#kinds) kind.forgetGhost();
  }

  replay(row: GroupRow): void {
    const kind = this.#kinds.find((each) => each.holds(row.key));
    if (kind) kind.replay(row);
    else this.#offsets.replay(row);
  }

  #retainedSince: RetainedSince = (topic, stored) =>
    (this.#kind ?? this.#classic).retainedSince(topic, stored);

  /** When something is to be forgotten: an offset, or a group that has nothing else. */
  get #forgetAt(): number | undefined {
    if (!this.#offsets.isEmpty) return this.#offsets.nextExpiry(this.#retainedSince);
    const kind = this.#kind;
    if (kind?.quietSince === undefined || !kind.hasNobody) return undefined;
    return kind.quietSince + emptyGroupMs;
  }

  get deadline(): number | undefined {
    const earliest = Math.min(this.#kind?.deadline ?? Infinity, this.#forgetAt ?? Infinity);
    return earliest === Infinity ? undefined : earliest;
  }

  expire(now: number): Outcome<GroupReply | undefined, GroupRow> {
    const turn: Turn = { now, rows: [], wake: new Map() };
    this.#kind?.start(turn, true);
    this.#kind?.expire(turn);
    if ((this.#forgetAt ?? Infinity) <= now) {
      const { rows, remains } = this.#offsets.expire(this.#retainedSince, now);
      turn.rows.push(...rows);
      if (!remains && this.#kind?.hasNobody) turn.rows.push(...this.#kind.removal());
    }
    this.#forgetGhosts();
    return { rows: turn.rows, reply: undefined, wake: turn.wake };
  }
}
