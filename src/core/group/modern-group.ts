/**
 * What groups of the newer protocols (consumers, share consumers) have in common: epochs that rise
 * when something changes, members that say what they read, and a target for each of them. The
 * surprise: everything that clients see is kept, a row a member, so that a coordinator that
 * restarts goes on where it was.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Reader } from '../acl-rules.ts';
import type { Partitions } from './assignors/assignor.ts';
import type { PartitionsById } from './commands.ts';
import type { SetConfigs } from './configured.ts';

/** The epochs that say something else than how far a member is. */
export const Epoch = { JOIN: 0, LEAVE: -1, LEAVE_STATIC: -2 } as const;

/** What is kept of the group itself. */
export interface GroupEpochs {
  readonly groupEpoch: number;
  /** The group epoch for which the targets were made. */
  readonly assignmentEpoch: number;
  /** When they were, in milliseconds since the epoch; 0: the next ones need not wait. */
  readonly assignedAtMs: number;
  /** Stands for the topics that members read, with their ids and partitions. */
  readonly topicsHash: string;
  /** When the group epoch last changed. */
  readonly changedAtMs: number;
  /** What is set on it, if anything: for a coordinator that has not looked since it was loaded. */
  readonly configs?: SetConfigs;
}

/** What a member reads. */
export interface Subscription {
  readonly subscribedTopicNames: readonly string[];
  /** '' where there is none. */
  readonly subscribedTopicRegex?: string;
  /** Who asked for the pattern, unless that one sees every topic. */
  readonly reader?: Reader;
}

export interface ModernMember extends Subscription {
  readonly memberId: string;
  readonly memberEpoch: number;
  /** What it is to have in the end. */
  readonly target: Partitions;
}

/** What is asked of a group, be it as it stands or as it will be. */
export interface ModernGroup<Member extends ModernMember> {
  readonly checkpoint: GroupEpochs;
  readonly memberCount: number;
  member(memberId: string): Member | undefined;
  members(): Iterable<Member>;
}

/** In the order of the topics' ids. */
export function listedPartitions(partitions: Partitions): PartitionsById {
  return Object.keys(partitions)
    .sort()
    .map((topicId) => ({ topicId, partitions: partitions[topicId] }));
}

export function unknownMember({ groupId, memberId }: { groupId: string; memberId: string }) {
  const what = `Member ${memberId} is not a member of group ${groupId}.`;
  return new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, what);
}

/** Whether two members, or parts of them, are the same. */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || !left || !right) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>];
  return keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}
