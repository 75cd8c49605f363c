/**
 * A group's machine on its host, the same in a Durable Object and in memory. The surprise: only
 * some calls can bring a group into being, and before those the controller is told of it.
 */

import { tooManyGroups } from '../core/cluster/cluster-limits.ts';
import type { TopicView } from '../core/cluster/commands.ts';
import { inheritedGroupConfigs } from '../core/cluster/inherited-configs.ts';
import type { GroupCalls, VouchedMember } from '../core/group/commands.ts';
import { GroupMachine } from '../core/group/group-machine.ts';
import { type GroupCall, refuseGroupCall } from '../core/group/replies.ts';
import type { GroupRow } from '../core/group/rows.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { Announcement } from './announcement.ts';
import { settingsBeside } from './broker-settings.ts';
import type { BrokerConfig } from './config.ts';
import type { CoordinatorHostOptions } from './coordinator-host.ts';
import { type GroupLine, GroupLines, silenceOf, type Vouching } from './group-lines.ts';
import { MachineHost } from './machine-host.ts';
import type { Objects, Stub } from './stubs.ts';

type TransactionalCommit = GroupCalls['commitTransactionalOffsets']['command'];

export interface GroupHostOptions extends CoordinatorHostOptions {
  /** The gateways' lines that are open: see `GroupLines`. */
  lines?(): readonly GroupLine[];
}

export class GroupHost implements Stub<GroupCalls> {
  readonly #host: MachineHost<GroupCalls, GroupRow, GroupMachine>;
  readonly #config: BrokerConfig;
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #announcement: Announcement;
  readonly #lines: GroupLines;
  #groupId: string | undefined;

  constructor({ config, rows, objects, now, setAlarm, lines }: GroupHostOptions) {
    this.#config = config;
    this.#objects = objects;
    this.#now = now;
    this.#host = new MachineHost({
      create: () => new GroupMachine(config, () => crypto.randomUUID()),
      rows,
      now,
      setAlarm,
      refuse: refuseGroupCall,
      onBug: (error) => console.error('Kedge met a bug in a group coordinator:', error),
    });
    this.#lines = new GroupLines(lines ?? (() => []), now);
    this.#lines.review(this.#host.machine);
    this.#announcement = new Announcement({
      exists: () => this.#host.machine.exists,
      say: async (isThere) => {
        const kind = isThere ? 'registerGroup' : 'unregisterGroup';
        if (this.#groupId === undefined) throw new Error('nobody has said which group this is');
        const { errorCode } = await objects.controller().call(kind, { groupId: this.#groupId });
        const { POLICY_VIOLATION } = ErrorCode;
        if (errorCode === POLICY_VIOLATION) throw new KafkaError(errorCode, tooManyGroups);
      },
    });
  }

  /** How many callers are held. */
  get parked(): number {
    return this.#host.parked;
  }

  async call<K extends keyof GroupCalls & string>(
    kind: K,
    command: GroupCalls[K]['command'],
  ): Promise<GroupCalls[K]['reply']> {
    this.#groupId = command.groupId;
    let call = { kind, command } as GroupCall;
    if (call.kind === 'commitTransactionalOffsets') {
      call = { kind: call.kind, command: await this.#enlist(call.command) };
    }
    const wanted = this.#host.machine.wantedTopics(call, this.#now());
    if (wanted !== undefined) call = await this.#withTopics(call, wanted);
    const act = (): Promise<GroupCalls[K]['reply']> => {
      const reply = this.#host.call(kind, call.command);
      this.#review();
      // A group that is listed and does not exist was announced for nothing, or could not take it
      // back.
      if (kind === 'listGroup') this.#announcement.suspect();
      void this.#announcement.takeBackIfGone();
      return reply;
    };
    if (!mayCreate(call)) return act();
    return this.#announcement.before(act).catch((error) => {
      if (!(error instanceof KafkaError)) throw error;
      return refuseGroupCall(call, error.code, error.message) as GroupCalls[K]['reply'];
    });
  }

  /** What the alarm does. */
  async expire(): Promise<void> {
    this.#host.expire();
    this.#review();
    await this.#announcement.takeBackIfGone();
  }

  /**
   * A gateway would vouch for a member: the session timeout, whereupon its line is to be opened at
   * once; undefined where the member is to hear something.
   */
  vouch(member: VouchedMember): number | undefined {
    return this.#lines.vouch(member, this.#host.machine);
  }

  /** A gateway's line is gone; `why` is what it said last, if it said anything. */
  async lineClosed(line: Vouching, why: string): Promise<void> {
    this.#lines.closed(line, silenceOf(why), this.#host.machine);
    await this.expire();
  }

  #review(): void {
    this.#lines.review(this.#host.machine);
    this.#host.arm();
  }

  /**
   * The call with the topics that its group must know, and the configs of the group. While the
   * controller is out of reach it goes on with what it knew before.
   */
  async #withTopics(call: GroupCall, asked: readonly string[] | 'all'): Promise<GroupCall> {
    const names = asked === 'all' ? null : asked;
    const askedAtMs = this.#now();
    try {
      const controller = this.#objects.controller();
      const self = { kind: 'group', name: call.command.groupId } as const;
      const [{ topics }, [broker, own], acls] = await Promise.all([
        controller.call('getTopics', { names, topicIds: names && [] }),
        settingsBeside([self], controller, this.#config),
        this.#host.machine.wantsRights(call)
          ? controller.call('getAcls', { version: -1 }).then((reply) => reply.acls!)
          : undefined,
      ]);
      const configs = { ...inheritedGroupConfigs(broker), ...own };
      const seen = { askedAtMs, asked, topics: topics.map(seenTopic), configs, acls };
      return { kind: call.kind, command: { ...call.command, seen } } as GroupCall;
    } catch {
      return call;
    }
  }

  /**
   * Before the first write of a transaction: the command with what the transaction's coordinator
   * says of it.
   */
  async #enlist(command: TransactionalCommit): Promise<TransactionalCommit> {
    const { groupId, transactionalId, producerId, producerEpoch, addsGroup } = command;
    if (groupId === '' || this.#host.machine.isEnlisted(command)) return command;
    try {
      const enlisted = await this.#objects.transaction(transactionalId).call('enlist', {
        transactionalId,
        producerId,
        producerEpoch,
        participant: { groupId },
        adds: addsGroup,
      });
      return { ...command, enlisted };
    } catch {
      // It is out of reach. Clients repeat this without looking for another group coordinator.
      const errorCode = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
      return { ...command, enlisted: { errorCode, transactionNumber: -1 } };
    }
  }
}

/** What a group has asked for, and nothing else of the topics. */
function seenTopic({ name, topicId, partitions }: TopicView) {
  return { name, topicId, partitions };
}

/** Whether a call may bring a group into being. */
function mayCreate(call: GroupCall): boolean {
  switch (call.kind) {
    case 'joinGroup':
      return call.command.memberId === '' && call.command.groupId !== '';
    case 'consumerGroupHeartbeat':
    case 'shareGroupHeartbeat':
      return call.command.memberEpoch === 0;
    case 'alterShareOffsets':
      return call.command.topics.length > 0;
    case 'commitOffsets':
      return call.command.generationId < 0;
    case 'commitTransactionalOffsets':
      return call.command.generationId < 0 && call.command.enlisted?.errorCode === ErrorCode.NONE;
    default:
      return false;
  }
}
