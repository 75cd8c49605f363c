/**
 * A group machine with the least of a host around it: rows in a map, a clock that tests move, held
 * callers by ticket. Every `advance` goes from deadline to deadline, as alarms would. `crash` loses
 * everything but the rows.
 */
import type { GroupCalls, JoinGroupReply } from '../../../src/core/group/commands.ts';
import { GroupMachine } from '../../../src/core/group/group-machine.ts';
import type { GroupCall, GroupReply } from '../../../src/core/group/replies.ts';
import { refuseGroupCall } from '../../../src/core/group/replies.ts';
import type { GroupConfig, GroupRow } from '../../../src/core/group/rows.ts';
import { isParked, type Outcome, type Ticket } from '../../../src/core/machine.ts';
import { KafkaError } from '../../../src/protocol/errors.ts';
import { decodeValue, encodeValue } from '../../../src/runtime/rows.ts';

export const config: GroupConfig = {
  groupInitialRebalanceDelayMs: 3_000,
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupMaxSize: 1_000,
  groupConsumerSessionTimeoutMs: 45_000,
  groupConsumerHeartbeatIntervalMs: 5_000,
  groupConsumerAssignmentIntervalMs: 1_000,
  groupConsumerMaxSize: 1_000,
  groupConsumerMigrationPolicy: 'bidirectional',
  groupShareSessionTimeoutMs: 45_000,
  groupShareHeartbeatIntervalMs: 5_000,
  groupShareAssignmentIntervalMs: 1_000,
  groupShareMaxSize: 200,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMinutes: 10_080,
};

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

type Reply<K extends keyof GroupCalls> = GroupCalls[K]['reply'];

/** A caller that may have to wait: `reply` is undefined while it is held. */
export class Caller<K extends keyof GroupCalls> {
  reply: Reply<K> | undefined;

  get held(): boolean {
    return this.reply === undefined;
  }

  /** The reply, which must be there. */
  get answer(): Reply<K> {
    if (this.reply === undefined) throw new Error('the caller is still held');
    return this.reply;
  }
}

export class TestGroup {
  now = 1_000_000;
  machine: GroupMachine;
  /** What a crash leaves: encoded, as a store would. */
  readonly table = new Map<string, string>();
  /** Every row ever written. */
  readonly written: GroupRow[] = [];
  readonly held = new Map<Ticket, Caller<keyof GroupCalls>>();
  readonly #config: GroupConfig;
  #uuids = 0;

  constructor(changes: Partial<GroupConfig> = {}) {
    this.#config = { ...config, ...changes };
    this.machine = this.#load();
  }

  #load(): GroupMachine {
    const machine = new GroupMachine(this.#config, () => `uuid${++this.#uuids}`);
    for (const [key, value] of this.table) {
      machine.replay({ key, value: decodeValue(value) } as GroupRow);
    }
    return machine;
  }

  /** Memory is lost; held callers are never answered by anybody. */
  crash(): void {
    this.held.clear();
    this.machine = this.#load();
  }

  call<K extends keyof GroupCalls>(kind: K, command: GroupCalls[K]['command']): Caller<K> {
    const caller = new Caller<K>();
    const call = { kind, command } as unknown as GroupCall;
    try {
      const outcome = this.machine.decide(call, this.now);
      if (isParked(outcome.reply)) {
        this.held.set(outcome.reply.parked, caller as unknown as Caller<keyof GroupCalls>);
      } else {
        caller.reply = outcome.reply as Reply<K>;
      }
      this.#carryOut(outcome);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      caller.reply = refuseGroupCall(call, error.code) as Reply<K>;
    }
    return caller;
  }

  #carryOut(outcome: Outcome<GroupReply | undefined, GroupRow>): void {
    for (const row of outcome.rows) {
      if (row.value === null) this.table.delete(row.key);
      else this.table.set(row.key, encodeValue(row.value));
      this.written.push(row);
      this.machine.replay(row);
    }
    for (const [ticket, reply] of outcome.wake) {
      const caller = this.held.get(ticket);
      if (!caller) throw new Error(`ticket ${ticket} was answered twice, or was never held`);
      this.held.delete(ticket);
      caller.reply = reply as Reply<keyof GroupCalls>;
    }
  }

  /** The alarm rings now. */
  ring(): void {
    this.#carryOut(this.machine.expire(this.now));
  }

  /** Time passes, and alarms ring when they are due. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const { deadline } = this.machine;
      if (deadline === undefined || deadline > end) break;
      this.now = Math.max(this.now, deadline);
      this.ring();
    }
    this.now = end;
  }

  join(changes: Partial<GroupCalls['joinGroup']['command']> = {}): Caller<'joinGroup'> {
    return this.call('joinGroup', {
      groupId: 'g',
      memberId: '',
      groupInstanceId: null,
      clientId: 'c',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: bytes('topics') }],
      requiresKnownMemberId: false,
      supportsSkippingAssignment: true,
      ...changes,
    });
  }

  sync(
    joined: Pick<JoinGroupReply, 'memberId' | 'generationId'>,
    assignments: Record<string, string> = {},
    changes: Partial<GroupCalls['syncGroup']['command']> = {},
  ): Caller<'syncGroup'> {
    return this.call('syncGroup', {
      groupId: 'g',
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
      assignments: Object.entries(assignments).map(([memberId, assignment]) => ({
        memberId,
        assignment: bytes(assignment),
      })),
      ...changes,
    });
  }

  heartbeat(
    { memberId, generationId }: Pick<JoinGroupReply, 'memberId' | 'generationId'>,
    groupInstanceId: string | null = null,
  ): number {
    const command = { groupId: 'g', generationId, memberId, groupInstanceId };
    return this.call('heartbeat', command).answer.errorCode;
  }

  leave(...members: (string | { memberId: string; groupInstanceId: string | null })[]): number[] {
    const named = members.map((member) =>
      typeof member === 'string' ? { memberId: member, groupInstanceId: null } : member,
    );
    const { answer } = this.call('leaveGroup', { groupId: 'g', members: named });
    return answer.members.map(({ errorCode }) => errorCode);
  }

  deleteOffsets(...topics: (readonly [name: string, ...partitions: number[]])[]) {
    const named = topics.map(([name, ...partitionIndexes]) => ({ name, partitionIndexes }));
    return this.call('deleteOffsets', { groupId: 'g', topics: named }).answer;
  }

  commit(
    offsets: Record<number, number>,
    changes: Partial<GroupCalls['commitOffsets']['command']> & {
      topic?: string;
      topicId?: string;
    } = {},
  ): Reply<'commitOffsets'> {
    const { topic = 't', topicId = `id-of-${topic}`, ...command } = changes;
    const partitions = Object.entries(offsets).map(([partition, offset]) => ({
      partitionIndex: Number(partition),
      committedOffset: offset,
      committedLeaderEpoch: -1,
      metadata: null,
    }));
    return this.call('commitOffsets', {
      groupId: 'g',
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      namesMissingGroup: false,
      topics: [{ name: topic, topicId, partitions }],
      ...command,
    }).answer;
  }

  fetch(
    topics: GroupCalls['fetchOffsets']['command']['topics'],
    requireStable = false,
  ): Reply<'fetchOffsets'>['topics'] {
    return this.call('fetchOffsets', { groupId: 'g', topics, requireStable }).answer.topics;
  }

  /** Partition → offset, of one topic. */
  committed(topic = 't'): Record<number, number> {
    const topics = this.fetch(null);
    const found = topics.find(({ name }) => name === topic)?.partitions ?? [];
    return Object.fromEntries(found.map((each) => [each.partitionIndex, each.committedOffset]));
  }

  describe(): Reply<'describeGroup'>['group'] {
    return this.call('describeGroup', { groupId: 'g' }).answer.group;
  }

  /**
   * Members that have joined and synced; the first is the leader, and each is assigned its own
   * member id.
   */
  stable(
    count: number,
    changes: Partial<GroupCalls['joinGroup']['command']> = {},
  ): JoinGroupReply[] {
    const joins = Array.from({ length: count }, () => this.join(changes));
    while (joins.some(({ held }) => held)) this.advance(1_000);
    const joined = joins.map(({ answer }) => answer);
    const assignments = Object.fromEntries(joined.map(({ memberId }) => [memberId, memberId]));
    const leader = joined.find(({ memberId, leader }) => memberId === leader)!;
    for (const member of joined) this.sync(member, member === leader ? assignments : {});
    return joined;
  }
}
