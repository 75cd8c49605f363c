/**
 * A group coordinator: one group's membership and its committed offsets. Committed offsets change
 * only by replay. The surprise: membership in flux is memory, as in Kafka; what replay restores is
 * the last generation that settled, and every held caller is answered by some deadline, whatever
 * its members do.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Machine, Outcome, Parked } from '../machine.ts';
import type { Enlisted } from '../transaction-marker.ts';
import { ClassicGroup, type GroupCheckpoint, type GroupState } from './classic-group.ts';
import type { Committer, GroupCalls } from './commands.ts';
import { CommittedOffsets, type RetainedSince, type RowsThatRemove } from './committed-offsets.ts';
import { checkJoin, join } from './join.ts';
import { heartbeat, leave, sync } from './membership.ts';
import { Rebalance } from './rebalance.ts';
import type { GroupCall, GroupReply } from './replies.ts';
import type { GroupConfig, GroupRow, Probation, Turn } from './rows.ts';

type Command<K extends keyof GroupCalls> = GroupCalls[K]['command'];

/**
 * How long a group without members and offsets is remembered:
 * `offsets.retention.check.interval.ms`.
 */
const emptyGroupMs = 600_000;

const notEnlisted: Enlisted = { errorCode: ErrorCode.INVALID_TXN_STATE, transactionNumber: -1 };

export class GroupMachine implements Machine<GroupCall, GroupReply, GroupRow> {
  readonly #config: GroupConfig;
  readonly #newUuid: () => string;
  readonly #offsets: CommittedOffsets;
  /** Undefined for a group that has no members and never had; it may still have offsets. */
  #rebalance: Rebalance | undefined;
  #checkpoint: GroupCheckpoint | undefined;
  #probation: Probation = {};
  /**
   * Producer id → the last of its transactions that ended here. Memory is enough: what may come too
   * late waits in the same memory, to hear whether it may be written.
   */
  readonly #ended = new Map<number, number>();
  #nextTicket = 1;

  /** `newUuid` answers a UUID that nobody has: a machine has no randomness of its own. */
  constructor(config: GroupConfig, newUuid: () => string) {
    this.#config = config;
    this.#newUuid = newUuid;
    this.#offsets = new CommittedOffsets(config);
  }

  /** Whether there is such a group, if only in memory. */
  get exists(): boolean {
    return this.#rebalance !== undefined || !this.#offsets.isEmpty;
  }

  get #state(): GroupState {
    return this.#rebalance?.group.state ?? 'Empty';
  }

  decide(call: GroupCall, now: number): Outcome<GroupReply, GroupRow> {
    const turn: Turn = { now, rows: [], wake: new Map() };
    this.#rebalance?.start(turn, false);
    try {
      const reply = this.#answer(call, turn);
      this.#rebalance?.expire(turn);
      return { rows: turn.rows, reply, wake: turn.wake };
    } finally {
      this.#forgetGhost();
    }
  }

  #answer(call: GroupCall, turn: Turn): GroupReply | Parked {
    switch (call.kind) {
      case 'joinGroup':
        return this.#join(call.command, turn);
      case 'syncGroup':
        return sync(call.command, this.#memberGroup(call.command), turn, this.#nextTicket++);
      case 'heartbeat':
        return heartbeat(call.command, this.#memberGroup(call.command), turn);
      case 'leaveGroup':
        return this.#leave(call.command, turn);
      case 'commitOffsets':
        return this.#commit(call.command, turn);
      case 'commitTransactionalOffsets':
        return this.#commitTransactional(call.command, turn);
      case 'endTransaction':
        return this.#endTransaction(call.command, turn);
      case 'fetchOffsets':
        return { errorCode: ErrorCode.NONE, topics: this.#offsets.read(call.command) };
      case 'deleteOffsets':
        return this.#deleteOffsets(call.command, turn);
      case 'describeGroup':
        return this.#describe(call.command);
      case 'listGroup':
        return this.#list();
      case 'deleteGroup':
        return this.#delete(call.command, turn);
    }
  }

  #join(command: Command<'joinGroup'>, turn: Turn): GroupReply | Parked {
    checkJoin(command, this.#config);
    // Only a member without an id may call a group into being.
    if (!this.exists && command.memberId !== '') throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    if (!this.#rebalance) {
      this.#rebalance = new Rebalance(new ClassicGroup(turn.now), this.#config, {});
      this.#rebalance.start(turn, false);
    }
    return join({
      command,
      rebalance: this.#rebalance,
      config: this.#config,
      newUuid: this.#newUuid,
      turn,
      ticket: this.#nextTicket++,
    });
  }

  /** The group a member says it is in. */
  #memberGroup({ groupId }: { readonly groupId: string }): Rebalance {
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    if (!this.#rebalance) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    return this.#rebalance;
  }

  #leave({ groupId, members }: Command<'leaveGroup'>, turn: Turn): GroupReply {
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    if (this.#rebalance) return leave(members, this.#rebalance, turn);
    const unknown = members.map(({ memberId, groupInstanceId }) => ({
      memberId,
      groupInstanceId,
      errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
    }));
    return { errorCode: ErrorCode.NONE, members: unknown };
  }

  #commit(command: Command<'commitOffsets'>, turn: Turn): GroupReply {
    if (!this.exists && command.generationId >= 0 && command.namesMissingGroup) {
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND);
    }
    this.#checkCommitter(command, false);
    if (this.#state === 'CompletingRebalance') {
      throw new KafkaError(ErrorCode.REBALANCE_IN_PROGRESS);
    }
    if (this.#state === 'Stable' || this.#state === 'PreparingRebalance') {
      const member = this.#rebalance?.group.members.get(command.memberId);
      if (member) this.#rebalance?.heard(member, turn);
    }
    const { rows, answer } = this.#offsets.commit(command, turn.now);
    turn.rows.push(...rows);
    return { errorCode: ErrorCode.NONE, topics: answer };
  }

  /**
   * Who may commit: members of this generation, and anybody without a generation while there are no
   * members. In a transaction also whoever does not say who he is: before KIP-447 nobody could.
   */
  #checkCommitter(committer: Committer, inTransaction: boolean): void {
    const { generationId, memberId, groupInstanceId } = committer;
    if (!this.exists && generationId >= 0) throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
    if (generationId < 0 && this.#state === 'Empty') return;
    if (generationId < 0 && memberId === '' && groupInstanceId === null) {
      if (inTransaction) return;
      throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    }
    if (!this.#rebalance) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    const { group } = this.#rebalance;
    group.validMember(memberId, groupInstanceId);
    if (generationId !== group.generationId) throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
  }

  /** Whether this commit goes with a transaction that is open here: then nobody need be asked. */
  isEnlisted({ producerId, producerEpoch }: Command<'commitTransactionalOffsets'>): boolean {
    return this.#offsets.openTransaction(producerId)?.producerEpoch === producerEpoch;
  }

  #commitTransactional(command: Command<'commitTransactionalOffsets'>, turn: Turn): GroupReply {
    if (command.groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    const transactionNumber = this.#transactionNumber(command);
    this.#checkCommitter(command, true);
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

  #deleteOffsets({ groupId, topics }: Command<'deleteOffsets'>, turn: Turn): GroupReply {
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    if (!this.exists) throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND);
    const group = this.#state === 'Empty' ? undefined : this.#rebalance?.group;
    if (group && group.protocolType !== 'consumer') throw new KafkaError(ErrorCode.NON_EMPTY_GROUP);
    const isUsed = (name: string): boolean => group?.isSubscribedTo(name) ?? false;
    this.#forgetOffsets(this.#offsets.remove(topics.filter(({ name }) => !isUsed(name))), turn);
    const subscribedTopics = topics.map(({ name }) => name).filter(isUsed);
    return { errorCode: ErrorCode.NONE, subscribedTopics };
  }

  /** A group that was nothing but offsets stays for a while, without any. */
  #forgetOffsets({ rows, empties }: RowsThatRemove, turn: Turn): void {
    turn.rows.push(...rows);
    if (!empties || this.#rebalance) return;
    turn.rows.push({ key: 'group', value: new ClassicGroup(turn.now).checkpoint() });
  }

  #describe({ groupId }: Command<'describeGroup'>): GroupReply {
    if (!this.exists) {
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
    }
    const simple = { groupState: 'Empty', protocolType: '', protocolData: '', members: [] };
    return { errorCode: ErrorCode.NONE, group: this.#rebalance?.group.describe() ?? simple };
  }

  #list(): GroupReply {
    const protocolType = this.#rebalance?.group.protocolType ?? '';
    const group = this.exists ? { groupState: this.#state, protocolType } : null;
    return { errorCode: ErrorCode.NONE, group };
  }

  #delete({ groupId }: Command<'deleteGroup'>, turn: Turn): GroupReply {
    if (!this.exists) {
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
    }
    if (this.#state !== 'Empty') throw new KafkaError(ErrorCode.NON_EMPTY_GROUP);
    turn.rows.push(...this.#offsets.removeAll());
    this.#removeGroup(turn);
    return { errorCode: ErrorCode.NONE };
  }

  #removeGroup(turn: Turn): void {
    if (Object.keys(this.#probation).length > 0) turn.rows.push({ key: 'probation', value: null });
    if (this.#checkpoint) turn.rows.push({ key: 'group', value: null });
    else this.#rebalance = undefined;
  }

  /** A group that never settled a generation and whom everybody left without a trace. */
  #forgetGhost(): void {
    if (this.#checkpoint || !this.#rebalance) return;
    const { state, members, pendingMembers } = this.#rebalance.group;
    if (state === 'Empty' && members.size + pendingMembers.size === 0) this.#rebalance = undefined;
  }

  replay(row: GroupRow): void {
    switch (row.key) {
      case 'group':
        this.#replayGroup(row.value as GroupCheckpoint | null);
        break;
      case 'probation':
        this.#probation = (row.value as Probation | null) ?? {};
        this.#rebalance?.replayProbation(this.#probation);
        break;
      default:
        this.#offsets.replay(row);
    }
  }

  #replayGroup(checkpoint: GroupCheckpoint | null): void {
    this.#checkpoint = checkpoint ?? undefined;
    if (checkpoint === null) this.#rebalance = undefined;
    else if (!this.#rebalance?.isOwn(checkpoint)) {
      const group = ClassicGroup.restore(checkpoint);
      this.#rebalance = new Rebalance(group, this.#config, this.#probation);
    }
  }

  /**
   * Since its commit, where nobody uses it; since the last member went, in a group that had some.
   */
  #retainedSince: RetainedSince = (topic, stored) => {
    const group = this.#rebalance?.group;
    if (!group || group.protocolType === null) return stored.commitTimestampMs;
    if (group.state === 'Empty') return group.stateTimestampMs;
    const unused = group.state === 'Stable' && !group.isSubscribedTo(topic);
    return unused ? stored.commitTimestampMs : Infinity;
  };

  get #hasNobody(): boolean {
    const group = this.#rebalance?.group;
    return group === undefined || (group.state === 'Empty' && group.pendingMembers.size === 0);
  }

  /** When something is to be forgotten: an offset, or a group that has nothing else. */
  get #forgetAt(): number | undefined {
    if (!this.#offsets.isEmpty) return this.#offsets.nextExpiry(this.#retainedSince);
    if (!this.#hasNobody) return undefined;
    return this.#checkpoint && this.#checkpoint.stateTimestampMs + emptyGroupMs;
  }

  get deadline(): number | undefined {
    const earliest = Math.min(this.#rebalance?.deadline ?? Infinity, this.#forgetAt ?? Infinity);
    return earliest === Infinity ? undefined : earliest;
  }

  expire(now: number): Outcome<GroupReply | undefined, GroupRow> {
    const turn: Turn = { now, rows: [], wake: new Map() };
    this.#rebalance?.start(turn, true);
    this.#rebalance?.expire(turn);
    if ((this.#forgetAt ?? Infinity) <= now) {
      const { rows, remains } = this.#offsets.expire(this.#retainedSince, now);
      turn.rows.push(...rows);
      if (!remains && this.#hasNobody) this.#removeGroup(turn);
    }
    this.#forgetGhost();
    return { rows: turn.rows, reply: undefined, wake: turn.wake };
  }
}
