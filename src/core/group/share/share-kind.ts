/**
 * Share groups, as their coordinator has them. The surprise: what members have read is no business
 * of theirs. Partitions keep it; the coordinator knows which of them do, and commits no offsets.
 */
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import type { GroupCalls, VouchedMember } from '../commands.ts';
import type { RetainedSince } from '../committed-offsets.ts';
import { configured } from '../configured.ts';
import { Draft } from '../draft.ts';
import type { GroupKind, KindOptions } from '../group-kind.ts';
import { checkJoin } from '../join.ts';
import { KeptGroup } from '../kept-group.ts';
import { Epoch, same, unknownMember } from '../modern-group.ts';
import { type GroupCall, type GroupReply, joinRefusal, nobodyLeaves } from '../replies.ts';
import type { GroupConfig, GroupRow, Turn } from '../rows.ts';
import { SeenLately } from '../seen-lately.ts';
import { wantedNames } from '../subscriptions.ts';
import { beat, type ShareDraft } from './heartbeat.ts';
import { deletable } from './offsets.ts';
import { described, newShareGroup, type ShareMember, stateOf } from './share-group.ts';
import {
  altered,
  existing,
  forgetting,
  forgot,
  listedTopics,
  noShareTopics,
  type ShareTopics,
  started,
} from './share-topics.ts';

type Command<K extends keyof GroupCalls> = GroupCalls[K]['command'];

export class ShareKind implements GroupKind {
  readonly groupType = 'share';
  readonly protocolType = 'share';
  /** Such a group is there until somebody deletes it. */
  readonly quietSince = undefined;
  readonly #options: KindOptions;
  readonly #kept = new KeptGroup<ShareMember>('share');
  #topics: ShareTopics | undefined;
  /** What this turn makes of the group. */
  #open: { readonly turn: Turn; readonly draft: ShareDraft } | undefined;
  readonly #seen = new SeenLately();
  /**
   * It could not look at topics when it should have, or partitions are about to begin: members are
   * to come back.
   */
  #isUnsettled = false;

  constructor(options: KindOptions) {
    this.#options = options;
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

  /** What holds for this group, as far as it knows. */
  get #config(): GroupConfig {
    const set = this.#seen.configs ?? this.#kept.checkpoint?.configs;
    return configured(this.#options.config, set ?? {});
  }

  get #draft(): ShareDraft {
    const checkpoint = this.#kept.begun(newShareGroup, this.#seen.configs);
    return new Draft('share', checkpoint, this.#kept.members, this.#kept.checkpoint);
  }

  /** What the host is to look up of topics before this call. */
  wantedTopics(call: GroupCall, now: number): readonly string[] | 'all' | undefined {
    if (call.kind !== 'shareGroupHeartbeat') return undefined;
    const { memberEpoch, subscribedTopicNames, topicsChangedAtMs } = call.command;
    if (memberEpoch < Epoch.JOIN) return undefined;
    const asks = { subscribedTopicNames: subscribedTopicNames ?? [] };
    const wanted = wantedNames([...this.#kept.members.values(), asks]);
    if (this.#seen.suffices(wanted, topicsChangedAtMs, now)) return undefined;
    return [...wanted];
  }

  start(turn: Turn, wokenByAlarm: boolean): void {
    const timeoutMs = this.#config.groupShareSessionTimeoutMs;
    const timeouts = [...this.#kept.members.keys()].map(
      (memberId) => [memberId, timeoutMs] as const,
    );
    this.#kept.sessions.start(turn, wokenByAlarm, timeouts);
  }

  answer(call: GroupCall, turn: Turn): GroupReply | undefined {
    switch (call.kind) {
      case 'shareGroupHeartbeat':
        this.#seen.take(call.command.seen);
        return call.command.memberEpoch < Epoch.JOIN
          ? this.#leave(call.command, turn)
          : this.#beat(call.command, turn);
      case 'describeShareGroup':
        if (!this.exists) throw this.#noSuchGroup(call.command);
        return { ...accepted, group: described(this.#draft) };
      case 'startSharePartitions':
        if (this.exists) this.#keep(started(this.#known, call.command.topics), turn);
        return { errorCode: ErrorCode.NONE };
      case 'listSharePartitions':
        return { errorCode: ErrorCode.NONE, topics: listedTopics(this.#known.known) };
      case 'alterShareOffsets':
        return this.#alter(call.command, turn);
      case 'deleteShareOffsets':
        return this.#deleteOffsets(call.command, turn);
      case 'forgetSharePartitions':
        if (this.exists) this.#keep(forgot(this.#known, call.command.topics), turn);
        return { errorCode: ErrorCode.NONE };
      default:
        return this.#answerClassic(call);
    }
  }

  /** Who takes it for a classic group. */
  #answerClassic(call: GroupCall): GroupReply | undefined {
    switch (call.kind) {
      case 'joinGroup':
        checkJoin(call.command, this.#options.config);
        return joinRefusal('', ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
      case 'leaveGroup':
        return nobodyLeaves(call.command.members);
      case 'syncGroup':
      case 'heartbeat':
        throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
      default:
        return undefined;
    }
  }

  #noSuchGroup({ groupId }: { readonly groupId: string }, what = 'Group'): KafkaError {
    return this.#options.hasOffsets()
      ? new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a share group.`)
      : new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `${what} ${groupId} not found.`);
  }

  #beat(command: Command<'shareGroupHeartbeat'>, turn: Turn): GroupReply {
    const isNew = command.memberEpoch === Epoch.JOIN && !this.#options.hasOffsets();
    if (!this.exists && !isNew) throw this.#noSuchGroup(command, 'Share group');
    const draft = this.#draft;
    const config = this.#config;
    const { image } = this.#seen;
    const { now } = turn;
    // An older look may have been before a topic came.
    const before = command.seen ? existing(this.#known, image) : this.#known;
    const { reply, topics } = beat({ command, draft, topics: before, image, config, now });
    if (!this.exists) this.#kept.sessions.start(turn, false, []);
    this.#close(draft, turn);
    this.#keep(topics, turn);
    this.#kept.sessions.heard(command.memberId, config.groupShareSessionTimeoutMs, turn);
    const wanted = this.wantedTopics({ kind: 'shareGroupHeartbeat', command }, now);
    this.#isUnsettled = wanted !== undefined || reply.toStart.length > 0;
    return reply;
  }

  #leave(command: Command<'shareGroupHeartbeat'>, turn: Turn): GroupReply {
    if (!this.exists) throw this.#noSuchGroup(command);
    const { memberId, memberEpoch } = command;
    const draft = this.#draft;
    if (!draft.member(memberId)) throw unknownMember(command);
    this.#goodbye([memberId], draft, turn);
    const told = { heartbeatIntervalMs: 0, assignedPartitions: null, toStart: [] };
    return { ...accepted, memberId, memberEpoch, ...told };
  }

  #goodbye(memberIds: readonly string[], draft: ShareDraft, turn: Turn): void {
    draft.takeOut(memberIds, this.#seen.imageOrNone, turn.now);
    this.#close(draft, turn);
  }

  /** Puts the draft's rows; the rest of the turn goes on with it. */
  #close(draft: ShareDraft, turn: Turn): void {
    for (const memberId of draft.removed) this.#kept.sessions.forget(memberId, turn);
    turn.rows.push(...draft.flush());
    this.#open = { turn, draft };
  }

  expire(turn: Turn): void {
    if (!this.exists) return;
    const draft = this.#open?.turn === turn ? this.#open.draft : this.#draft;
    const late = this.#kept.sessions.expired(turn.now);
    if (late.length > 0) this.#goodbye(late, draft, turn);
  }

  get deadline(): number | undefined {
    const { deadline } = this.#kept.sessions;
    return deadline === Infinity ? undefined : deadline;
  }

  // What partitions know of the group

  get #known(): ShareTopics {
    return this.#topics ?? noShareTopics;
  }

  #keep(topics: ShareTopics, turn: Turn): void {
    if (same(topics, this.#known)) return;
    turn.rows.push({ key: 'share/topics', value: topics });
    this.#isUnsettled = true;
  }

  #checkEmpty(): void {
    if (!this.hasNobody) throw new KafkaError(ErrorCode.NON_EMPTY_GROUP);
  }

  #alter(command: Command<'alterShareOffsets'>, turn: Turn): GroupReply {
    if (!this.exists && this.#options.hasOffsets()) throw this.#noSuchGroup(command);
    this.#checkEmpty();
    if (command.topics.length === 0) return accepted;
    if (!this.exists) turn.rows.push({ key: 'share/group', value: newShareGroup });
    this.#keep(altered(this.#known, command.topics), turn);
    return accepted;
  }

  #deleteOffsets(command: Command<'deleteShareOffsets'>, turn: Turn): GroupReply {
    if (!this.exists) throw this.#noSuchGroup(command);
    this.#checkEmpty();
    if (!this.#topics) return { ...accepted, topics: [] };
    const topicIds = command.topics.flatMap(({ topicId }) => topicId ?? []);
    const after = forgetting(this.#topics, topicIds);
    this.#keep(after, turn);
    return { ...accepted, topics: deletable(command.topics, after) };
  }

  /** What partitions must forget before the group may go; nothing once they have. */
  forgetPartitions(turn: Turn): GroupCalls['deleteGroup']['reply']['toForget'] {
    const after = forgetting(this.#known);
    this.#keep(after, turn);
    return listedTopics(after.forgotten);
  }

  // Offsets: there are none

  checkCommitter({ groupId }: { readonly groupId: string }): void {
    const what = `Group ${groupId} is not a consumer group.`;
    throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, what);
  }

  /** Whoever reads finds nothing. */
  checkReader(): void {}

  heardCommitter(): void {}

  quietFor({ protocol, memberId, epoch }: VouchedMember): number | undefined {
    const member = this.#kept.members.get(memberId);
    const { groupEpoch, assignmentEpoch } = this.#kept.checkpoint ?? newShareGroup;
    if (protocol !== 'share' || member?.memberEpoch !== epoch) return undefined;
    const isSettled = groupEpoch === assignmentEpoch && epoch === assignmentEpoch;
    return isSettled && !this.#isUnsettled ? this.#config.groupShareSessionTimeoutMs : undefined;
  }

  vouchFor(memberId: string): void {
    if (this.#kept.members.has(memberId)) this.#kept.sessions.vouchFor(memberId);
  }

  release(memberId: string, heardAt: number): void {
    if (!this.#kept.members.has(memberId)) return;
    this.#kept.sessions.release(memberId, heardAt + this.#config.groupShareSessionTimeoutMs);
  }

  checkDeleter(command: { readonly groupId: string }): void {
    this.checkCommitter(command);
  }

  isSubscribedTo(): boolean {
    return false;
  }

  retainedSince: RetainedSince = (_topic, stored) => stored.commitTimestampMs;

  removal(): readonly GroupRow[] {
    const topics: GroupRow = { key: 'share/topics', value: null };
    return [...this.#kept.removal(), ...(this.#topics ? [topics] : [])];
  }

  /** What is of this kind is never memory alone. */
  forgetGhost(): void {
    this.#open = undefined;
  }

  holds(key: string): boolean {
    return this.#kept.holds(key);
  }

  replay(row: GroupRow): void {
    if (row.key !== 'share/topics') this.#kept.replay(row);
    else this.#topics = (row.value as ShareTopics | null) ?? undefined;
  }
}

const accepted = { errorCode: ErrorCode.NONE, errorMessage: null };
