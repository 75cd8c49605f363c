/**
 * Groups of the consumer protocol, as their coordinator has them: it works on a draft of the group
 * and answers with the draft's rows. The surprise: it must know the topics that its members read,
 * and asks nobody; its host looks them up before a call that needs them (`wantedTopics`).
 */
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import type { Parked } from '../../machine.ts';
import { matcherOf } from '../../pattern/pattern.ts';
import type { ClassicKind } from '../classic-kind.ts';
import type { Committer, GroupCalls, VouchedMember } from '../commands.ts';
import type { RetainedSince } from '../committed-offsets.ts';
import { configured } from '../configured.ts';
import type { CommitForm, GroupKind, KindOptions } from '../group-kind.ts';
import { checkJoin } from '../join.ts';
import { KeptGroup } from '../kept-group.ts';
import { Epoch } from '../modern-group.ts';
import type { GroupCall, GroupReply } from '../replies.ts';
import type { GroupConfig, GroupRow, Turn } from '../rows.ts';
import { SeenLately } from '../seen-lately.ts';
import { wantedNames } from '../subscriptions.ts';
import { beating, classicLeaving, joinConsumerGroup, syncing } from './classic-members.ts';
import { checkCommitter, checkReader } from './committers.ts';
import { type ConsumerMember, isReconciled, newConsumerGroup, stateOf } from './consumer-group.ts';
import { described } from './describe.ts';
import { ConsumerDraft } from './draft.ts';
import { beat, leaving } from './heartbeat.ts';
import {
  checkUpgrade,
  classicAssignment,
  classicNames,
  downgraded,
  downgrades,
  upgraded,
} from './migration.ts';

type Command<K extends keyof GroupCalls> = GroupCalls[K]['command'];

export class ConsumerKind implements GroupKind {
  readonly groupType = 'consumer';
  readonly protocolType = 'consumer';
  readonly #options: KindOptions;
  readonly #classic: ClassicKind;
  readonly #kept = new KeptGroup<ConsumerMember>('consumer');
  /** What this turn makes of the group. */
  #open: { readonly turn: Turn; readonly draft: ConsumerDraft } | undefined;
  /** Topic → whether a member reads it: asked after every call, the same until a row changes. */
  readonly #isRead = new Map<string, boolean>();
  readonly #seen = new SeenLately();
  /** It could not look at topics when it should have: members are to come back. */
  #isBehind = false;
  /** By when a member that speaks the classic protocol must do what it was told to. */
  readonly #joinBy = new Map<string, number>();
  readonly #syncBy = new Map<string, number>();

  constructor(options: KindOptions, classic: ClassicKind) {
    this.#options = options;
    this.#classic = classic;
  }

  get exists(): boolean {
    return this.#kept.checkpoint !== undefined;
  }

  get state(): string {
    return stateOf(this.#draft);
  }

  get hasNobody(): boolean {
    return this.#kept.members.size === 0;
  }

  get quietSince(): number | undefined {
    return this.#kept.checkpoint?.changedAtMs;
  }

  /** What holds for this group, as far as it knows. */
  get #config(): GroupConfig {
    const set = this.#seen.configs ?? this.#kept.checkpoint?.configs;
    return configured(this.#options.config, set ?? {});
  }

  /** The group as it stands; new where there is none. */
  get #draft(): ConsumerDraft {
    return new ConsumerDraft(
      this.#kept.begun(newConsumerGroup, this.#seen.configs),
      this.#kept.members,
      this.#kept.checkpoint,
    );
  }

  /**
   * What the host is to look up before this call: the names of topics, or all; undefined where the
   * machine knows enough.
   */
  wantedTopics(call: GroupCall, now: number): readonly string[] | 'all' | undefined {
    const wanted = this.#wanted(call);
    if (wanted === undefined) return undefined;
    const changedAt = call.kind === 'consumerGroupHeartbeat' ? call.command.topicsChangedAtMs : 0;
    const knowsEnough = !this.wantsRights(call) || this.#seen.imageOrNone?.knowsRights;
    if (knowsEnough && this.#seen.suffices(wanted, changedAt, now)) return undefined;
    return wanted === 'all' ? wanted : [...wanted];
  }

  /** Whether somebody reads by a pattern who may not see every topic. */
  wantsRights(call: GroupCall): boolean {
    const asks = call.kind === 'consumerGroupHeartbeat' && call.command.reader !== undefined;
    return asks || [...this.#kept.members.values()].some(({ reader }) => reader !== undefined);
  }

  #wanted(call: GroupCall): Set<string> | 'all' | undefined {
    const members = [...this.#kept.members.values()];
    if (call.kind !== 'consumerGroupHeartbeat') {
      const needs = this.exists && (call.kind === 'joinGroup' || call.kind === 'syncGroup');
      if (!needs) return undefined;
      return wantedNames(members);
    }
    const { memberEpoch, subscribedTopicNames, subscribedTopicRegex } = call.command;
    if (memberEpoch < Epoch.JOIN && !members.some(({ classic }) => classic)) return undefined;
    const wanted = wantedNames([
      ...members,
      {
        subscribedTopicNames: subscribedTopicNames ?? [],
        subscribedTopicRegex: subscribedTopicRegex ?? '',
      },
    ]);
    if (wanted === 'all' || this.exists || !this.#classic.group) return wanted;
    return new Set([...wanted, ...classicNames(this.#classic.group)]);
  }

  start(turn: Turn, wokenByAlarm: boolean): void {
    const timeouts = [...this.#kept.members.values()].map(
      (member) => [member.memberId, this.#sessionTimeoutMs(member)] as const,
    );
    this.#kept.sessions.start(turn, wokenByAlarm, timeouts);
  }

  #sessionTimeoutMs({ classic }: ConsumerMember): number {
    return classic?.sessionTimeoutMs ?? this.#config.groupConsumerSessionTimeoutMs;
  }

  answer(call: GroupCall, turn: Turn): GroupReply | Parked | undefined {
    switch (call.kind) {
      case 'consumerGroupHeartbeat':
        this.#seen.take(call.command.seen);
        this.#isBehind = this.wantedTopics(call, turn.now) !== undefined;
        return call.command.memberEpoch < Epoch.JOIN
          ? this.#leave(call.command, turn)
          : this.#beat(call.command, turn);
      case 'describeConsumerGroup':
        return this.#describe(call.command);
      case 'joinGroup':
        this.#seen.take(call.command.seen);
        return this.#join(call.command, turn);
      case 'syncGroup':
        this.#seen.take(call.command.seen);
        return this.#sync(call.command, turn);
      case 'heartbeat':
        return this.#classicBeat(call.command, turn);
      case 'leaveGroup': {
        const draft = this.#draft;
        const { goes, reply } = classicLeaving(call.command, draft);
        if (goes.length > 0) this.#goodbye(goes, draft, turn);
        return reply;
      }
      default:
        return undefined;
    }
  }

  #describe(command: Command<'describeConsumerGroup'>): GroupReply {
    if (!this.exists) throw this.#noSuchGroup(command);
    return { errorCode: ErrorCode.NONE, errorMessage: null, group: described(this.#draft) };
  }

  #noSuchGroup({ groupId }: { readonly groupId: string }): KafkaError {
    const isOther = this.#classic.exists || this.#options.hasOffsets();
    const what = isOther ? 'is not a consumer group' : 'not found';
    return new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} ${what}.`);
  }

  // Members that speak the consumer protocol

  #beat(command: Command<'consumerGroupHeartbeat'>, turn: Turn): GroupReply {
    const image = this.#seen.image;
    const { newUuid } = this.#options;
    const config = this.#config;
    const before = this.exists ? this.#draft : this.#firstDraft(command);
    const assignmentIntervalMs = config.groupConsumerAssignmentIntervalMs;
    const { now } = turn;
    const beating = { command, draft: before, image, assignmentIntervalMs, now, config, newUuid };
    const reply = beat(beating);
    if (!this.exists) this.#begin(before, turn);
    this.#close(before, turn);
    const member = before.member(reply.memberId!)!;
    this.#kept.sessions.heard(member.memberId, this.#sessionTimeoutMs(member), turn);
    return reply;
  }

  /** A group that is new, or was a classic one until now. */
  #firstDraft(command: Command<'consumerGroupHeartbeat'>): ConsumerDraft {
    if (command.memberEpoch !== Epoch.JOIN) throw this.#noSuchGroup(command);
    const group = this.#classic.group;
    if (!group || group.state === 'Empty') return this.#draft;
    checkUpgrade(group, this.#options.config, command.groupId);
    return upgraded(group, this.#seen.image, command.groupId);
  }

  #begin(draft: ConsumerDraft, turn: Turn): void {
    this.#classic.abandon(turn);
    this.#kept.sessions.clear();
    const timeouts = [...draft.members()].map(
      (member) => [member.memberId, this.#sessionTimeoutMs(member)] as const,
    );
    this.#kept.sessions.start(turn, false, timeouts);
  }

  #leave(command: Command<'consumerGroupHeartbeat'>, turn: Turn): GroupReply {
    const { memberId, memberEpoch } = command;
    if (!this.exists) throw this.#noSuchGroup(command);
    const draft = this.#draft;
    const { goes } = leaving(command, draft);
    this.#goodbye(goes === null ? [] : [goes], draft, turn);
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      memberId,
      memberEpoch,
      heartbeatIntervalMs: 0,
      assignedPartitions: null,
    };
  }

  // Members that speak the classic protocol

  #join(command: Command<'joinGroup'>, turn: Turn): GroupReply {
    const { newUuid } = this.#options;
    const config = this.#config;
    checkJoin(command, config);
    const draft = this.#draft;
    const image = this.#seen.image;
    const assignmentIntervalMs = config.groupConsumerAssignmentIntervalMs;
    const { now } = turn;
    const joined = joinConsumerGroup({
      command,
      draft,
      image,
      assignmentIntervalMs,
      now,
      config,
      newUuid,
    });
    const { member, reply } = joined;
    if (!member) return reply;
    this.#close(draft, turn);
    const { memberId, rebalanceTimeoutMs } = member;
    this.#joinBy.delete(memberId);
    this.#syncBy.set(memberId, now + rebalanceTimeoutMs);
    this.#kept.sessions.heard(memberId, this.#sessionTimeoutMs(member), turn);
    // The last one that spoke the consumer protocol was replaced.
    if (downgrades(draft, new Set(), config)) this.#downgrade(draft, turn);
    return reply;
  }

  #sync(command: Command<'syncGroup'>, turn: Turn): GroupReply {
    const member = syncing(command, this.#draft);
    this.#syncBy.delete(member.memberId);
    this.#kept.sessions.heard(member.memberId, this.#sessionTimeoutMs(member), turn);
    return {
      errorCode: ErrorCode.NONE,
      protocolType: command.protocolType,
      protocolName: command.protocolName,
      assignment: classicAssignment(member, this.#seen.image),
    };
  }

  #classicBeat(command: Command<'heartbeat'>, turn: Turn): GroupReply {
    const { member, joinsAgain } = beating(command, this.#draft);
    const { memberId, rebalanceTimeoutMs } = member;
    this.#kept.sessions.heard(memberId, this.#sessionTimeoutMs(member), turn);
    if (!joinsAgain) return { errorCode: ErrorCode.NONE };
    if (!this.#joinBy.has(memberId)) this.#joinBy.set(memberId, turn.now + rebalanceTimeoutMs);
    return { errorCode: ErrorCode.REBALANCE_IN_PROGRESS };
  }

  // What a turn comes to

  /** Puts the draft's rows; the rest of the turn goes on with it. */
  #close(draft: ConsumerDraft, turn: Turn): void {
    for (const memberId of draft.removed) this.#forget(memberId, turn);
    turn.rows.push(...draft.flush());
    this.#open = { turn, draft };
  }

  #forget(memberId: string, turn: Turn): void {
    this.#kept.sessions.forget(memberId, turn);
    this.#joinBy.delete(memberId);
    this.#syncBy.delete(memberId);
  }

  /** These are gone: those who stay learn of it, or are a classic group again. */
  #goodbye(memberIds: readonly string[], draft: ConsumerDraft, turn: Turn): void {
    if (downgrades(draft, new Set(memberIds), this.#options.config)) {
      for (const memberId of memberIds) draft.remove(memberId);
      this.#downgrade(draft, turn);
      return;
    }
    draft.takeOut(memberIds, this.#seen.imageOrNone, turn.now);
    this.#close(draft, turn);
  }

  #downgrade(draft: ConsumerDraft, turn: Turn): void {
    const checkpoint = downgraded(draft, this.#seen.imageOrNone, turn.now);
    turn.rows.push(...draft.flush(), ...this.#removal(draft));
    turn.rows.push({ key: 'group', value: checkpoint });
  }

  expire(turn: Turn): void {
    if (!this.exists) return;
    const { now } = turn;
    const draft = this.#open?.turn === turn ? this.#open.draft : this.#draft;
    const late = new Set(this.#kept.sessions.expired(now));
    for (const { memberId, revokeBy = Infinity } of draft.members()) {
      if (revokeBy <= now) late.add(memberId);
    }
    for (const deadlines of [this.#joinBy, this.#syncBy]) {
      for (const [memberId, at] of deadlines) if (at <= now) late.add(memberId);
    }
    if (late.size > 0) this.#goodbye([...late], draft, turn);
  }

  get deadline(): number | undefined {
    const revokeBy = [...this.#kept.members.values()].map((member) => member.revokeBy ?? Infinity);
    const waits = [...this.#joinBy.values(), ...this.#syncBy.values(), ...revokeBy];
    const earliest = Math.min(this.#kept.sessions.deadline, ...waits);
    return earliest === Infinity ? undefined : earliest;
  }

  // Offsets

  checkCommitter(committer: Committer, form: CommitForm): void {
    checkCommitter(committer, form, this.#draft);
  }

  checkReader(command: Command<'fetchOffsets'>): void {
    checkReader(command, this.#draft);
  }

  /** A commit says nothing of a session: members have heartbeats for that. */
  heardCommitter(): void {}

  /** Only what members read must stay. */
  checkDeleter(): void {}

  quietFor({ protocol, memberId, groupInstanceId, epoch }: VouchedMember): number | undefined {
    const member = this.#kept.members.get(memberId);
    const { groupEpoch, assignmentEpoch } = this.#kept.checkpoint ?? newConsumerGroup;
    if (member?.memberEpoch !== epoch || groupEpoch !== assignmentEpoch) return undefined;
    if (groupInstanceId !== null && member.groupInstanceId !== groupInstanceId) return undefined;
    const isClassic = member.classic !== null;
    const hasToAct = this.#joinBy.has(memberId) || this.#syncBy.has(memberId);
    if (isClassic !== (protocol === 'classic') || hasToAct) return undefined;
    if (this.#isBehind || !isReconciled(member, assignmentEpoch)) return undefined;
    return this.#sessionTimeoutMs(member);
  }

  vouchFor(memberId: string): void {
    if (this.#kept.members.has(memberId)) this.#kept.sessions.vouchFor(memberId);
  }

  release(memberId: string, heardAt: number): void {
    const member = this.#kept.members.get(memberId);
    if (member) this.#kept.sessions.release(memberId, heardAt + this.#sessionTimeoutMs(member));
  }

  isSubscribedTo(topic: string): boolean {
    let isRead = this.#isRead.get(topic);
    if (isRead === undefined) {
      isRead = [...this.#kept.members.values()].some((member) => reads(member, topic));
      this.#isRead.set(topic, isRead);
    }
    return isRead;
  }

  retainedSince: RetainedSince = (topic, stored) =>
    this.isSubscribedTo(topic) ? Infinity : stored.commitTimestampMs;

  removal(): readonly GroupRow[] {
    return this.#removal(this.#draft);
  }

  /** Nothing of the group is left in memory. */
  #removal(draft: ConsumerDraft): GroupRow[] {
    this.#isRead.clear();
    this.#joinBy.clear();
    this.#syncBy.clear();
    return this.#kept.removal(draft.members());
  }

  /** What is of this kind is never memory alone. */
  forgetGhost(): void {
    this.#open = undefined;
  }

  holds(key: string): boolean {
    return this.#kept.holds(key);
  }

  replay(row: GroupRow): void {
    this.#isRead.clear();
    this.#kept.replay(row);
  }
}

function reads(member: ConsumerMember, topic: string): boolean {
  const { subscribedTopicNames, subscribedTopicRegex } = member;
  if (subscribedTopicNames.includes(topic)) return true;
  return subscribedTopicRegex !== '' && matcherOf(subscribedTopicRegex)(topic);
}
