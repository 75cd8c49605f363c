/**
 * How the leader of a classic group divides partitions, as real clients do: evenly, and where
 * members say what they have, with as little moved as that allows. The surprise: a cooperative
 * leader gives nobody what another still has; whoever gives it up joins again, and the next round
 * gives it away.
 */

import type { JoinGroupResponse } from '../../../src/protocol/apis/join-group.ts';
import {
  decodeSubscription,
  encodeAssignment,
} from '../../../src/protocol/embedded/consumer-protocol.ts';
import type { KnownTopic } from './group-client.ts';

export type AssignorName = 'range' | 'cooperative-sticky';

interface Slot {
  readonly topic: string;
  readonly index: number;
}

interface Assignee {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
  readonly slots: Slot[];
}

interface Claim {
  readonly memberId: string;
  readonly generationId: number;
}

/** SyncGroup's assignments for everybody who joined. */
export function assign(
  { members, protocolName }: JoinGroupResponse,
  topics: readonly KnownTopic[],
): { memberId: string; assignment: Uint8Array }[] {
  const claims = new Map<string, Claim | null>();
  const assignees = members.map(({ memberId, metadata }): Assignee => {
    const said = decodeSubscription(metadata);
    for (const { topic, partitions } of said.ownedPartitions) {
      for (const index of partitions) {
        note(claims, `${topic}-${index}`, { memberId, generationId: said.generationId });
      }
    }
    return { memberId, topics: new Set(said.topics), slots: [] };
  });
  assignees.sort((one, other) => (one.memberId < other.memberId ? -1 : 1));
  const isSticky = protocolName === 'cooperative-sticky';
  divide(assignees, topics, isSticky ? claims : new Map());
  return assignees.map(({ memberId, slots }) => {
    const own = slots.filter(({ topic, index }) => {
      const claim = isSticky ? claims.get(`${topic}-${index}`) : undefined;
      return !claim || claim.memberId === memberId;
    });
    const assignedPartitions = own.map(({ topic, index }) => ({ topic, partitions: [index] }));
    return { memberId, assignment: encodeAssignment(1, { assignedPartitions, userData: null }) };
  });
}

/** The newer claim counts; of two that are as new, neither. */
function note(claims: Map<string, Claim | null>, slot: string, claim: Claim): void {
  const known = claims.get(slot);
  if (!known || known.generationId < claim.generationId) claims.set(slot, claim);
  else if (known.generationId === claim.generationId) claims.set(slot, null);
}

function divide(
  assignees: readonly Assignee[],
  topics: readonly KnownTopic[],
  claims: ReadonlyMap<string, Claim | null>,
): void {
  const all = topics.flatMap(({ topic, partitions }) =>
    Array.from({ length: partitions }, (_, index): Slot => ({ topic: topic.name, index })),
  );
  const quota = Math.ceil(all.length / Math.max(1, assignees.length));
  const free = all.filter((slot) => {
    const claim = claims.get(`${slot.topic}-${slot.index}`);
    const owner = assignees.find(({ memberId }) => memberId === claim?.memberId);
    if (!owner?.topics.has(slot.topic) || owner.slots.length >= quota) return true;
    owner.slots.push(slot);
    return false;
  });
  for (const slot of free) {
    const takers = assignees.filter((one) => one.topics.has(slot.topic));
    if (takers.length === 0) continue;
    takers
      .reduce((best, one) => (one.slots.length < best.slots.length ? one : best))
      .slots.push(slot);
  }
}
