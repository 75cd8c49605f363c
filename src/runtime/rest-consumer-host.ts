/**
 * A consumer instance's machine on its host, the same in a Durable Object and in memory. The
 * surprise: its alarm does work, since an instance that nobody uses any more must commit and leave
 * its group, as a Kafka consumer does when it is closed.
 */
import type {
  Membership,
  RestConsumerCalls,
  RestConsumerState,
} from '../core/rest-consumer/calls.ts';
import { RestConsumerMachine, type RestConsumerRow } from '../core/rest-consumer/machine.ts';
import { uncommittedOffsets } from '../core/rest-consumer/state.ts';
import { MachineHost } from './machine-host.ts';
import type { Rows } from './rows.ts';
import type { Objects } from './stubs.ts';

export type RestConsumerHost = MachineHost<RestConsumerCalls, RestConsumerRow, RestConsumerMachine>;

export interface RestConsumerHostOptions {
  readonly rows: Rows;
  now(): number;
  setAlarm(at: number): void;
}

export function restConsumerHost({
  rows,
  now,
  setAlarm,
}: RestConsumerHostOptions): RestConsumerHost {
  return new MachineHost({
    create: () => new RestConsumerMachine(),
    rows,
    now,
    setAlarm,
    // The machine refuses nothing by an error, so this answers for bugs alone.
    refuse: ({ kind }) => {
      if (kind === 'create') return { created: false };
      return kind === 'checkOut' ? { out: null } : { kept: false };
    },
    onBug: (error) => console.error('Kedge met a bug in a REST consumer:', error),
  });
}

/** What the alarm does. */
export async function forgetIfIdle(
  host: RestConsumerHost,
  objects: Objects,
  now: number,
): Promise<void> {
  const idle = host.machine.expiring(now);
  if (idle) await leaveGroup(idle, objects);
  host.expire();
}

/** Best effort: the group finds out by itself when the session ends. */
async function leaveGroup(state: RestConsumerState, objects: Objects): Promise<void> {
  const { group: groupId, member, config } = state;
  if (!member?.memberId) return;
  const { memberId } = member;
  try {
    if (config.autoCommit && member.generationId >= 0) await commit(state, member, objects);
    const members = [{ memberId, groupInstanceId: null }];
    await objects.group(groupId).call('leaveGroup', { groupId, members });
  } catch {
    // Weather.
  }
}

async function commit(
  state: RestConsumerState,
  { memberId, generationId }: Membership,
  objects: Objects,
): Promise<void> {
  const offsets = uncommittedOffsets(state);
  const names = [...new Set(offsets.map(({ topic }) => topic))];
  if (names.length === 0) return;
  const { topics } = await objects.controller().call('getTopics', { names, topicIds: [] });
  await objects.group(state.group).call('commitOffsets', {
    groupId: state.group,
    generationId,
    memberId,
    groupInstanceId: null,
    retentionTimeMs: -1,
    namesMissingGroup: true,
    topics: topics.map(({ name, topicId }) => ({
      name,
      topicId,
      partitions: offsets
        .filter(({ topic }) => topic === name)
        .map(({ partition, offset }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          metadata: null,
        })),
    })),
  });
}
