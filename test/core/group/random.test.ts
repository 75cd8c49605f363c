/**
 * Clients that do anything at any time, against a coordinator that loses its memory at any time.
 * What must hold: a partition has one owner a generation, what was committed is there, offsets do
 * not move back by themselves, everybody who waits is answered, and a group that is left in peace
 * comes to rest.
 */
import { expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { randomFrom } from '../../protocol/random.ts';
import { bytes, type Caller, TestGroup, text } from './test-group.ts';

const partitionCount = 6;

/** A consumer that does what the protocol says, only at odd times. */
class Client {
  memberId = '';
  generationId = -1;
  owned: number[] = [];
  join: Caller<'joinGroup'> | undefined;
  sync: Caller<'syncGroup'> | undefined;
  readonly instanceId: string | null;
  readonly #group: TestGroup;
  readonly #history: History;
  #version = 0;

  constructor(group: TestGroup, history: History, instanceId: string | null) {
    this.#group = group;
    this.#history = history;
    this.instanceId = instanceId;
  }

  get waiting(): boolean {
    return (this.join?.held ?? false) || (this.sync?.held ?? false);
  }

  /** Its calls were cut off: it knows nothing of their answers. */
  cutOff(): void {
    this.join = undefined;
    this.sync = undefined;
  }

  rejoin(changed: boolean): void {
    if (changed) this.#version++;
    this.owned = [];
    this.sync = undefined;
    this.join = this.#group.join({
      memberId: this.memberId,
      groupInstanceId: this.instanceId,
      requiresKnownMemberId: true,
      protocols: [{ name: 'range', metadata: bytes(`v${this.#version}`) }],
    });
  }

  /** Goes on with whatever was answered. */
  proceed(): void {
    const joined = this.join?.reply;
    if (joined) {
      this.join = undefined;
      if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.memberId = joined.memberId;
        this.rejoin(false);
      } else if (joined.errorCode === 0) {
        this.memberId = joined.memberId;
        this.generationId = joined.generationId;
        const all = joined.members.map(({ memberId }) => memberId);
        const assigns = joined.leader === joined.memberId && !joined.skipAssignment;
        this.sync = this.#group.sync(joined, assigns ? assign(all) : {}, {
          groupInstanceId: this.instanceId,
        });
      } else this.#refused(joined.errorCode);
    }
    const synced = this.sync?.reply;
    if (synced) {
      this.sync = undefined;
      if (synced.errorCode === 0) {
        this.owned = text(synced.assignment).split(',').filter(Boolean).map(Number);
        this.#history.owns(this.generationId, this.memberId, this.owned);
      } else this.#refused(synced.errorCode);
    }
  }

  heartbeat(): void {
    if (this.memberId === '' || this.waiting) return;
    this.#refused(this.#group.heartbeat(this, this.instanceId));
  }

  leave(): void {
    if (this.memberId === '') return;
    this.#group.leave({ memberId: this.memberId, groupInstanceId: this.instanceId });
    this.#forget();
  }

  commit(advance: number): void {
    if (this.owned.length === 0 || this.waiting) return;
    const offsets = Object.fromEntries(
      this.owned.map((partition) => [partition, this.#history.next(partition, advance)]),
    );
    const { memberId, generationId, instanceId: groupInstanceId } = this;
    const reply = this.#group.commit(offsets, { memberId, generationId, groupInstanceId });
    if (reply.errorCode === 0) this.#history.acknowledged(offsets);
    else this.#refused(reply.errorCode);
  }

  #refused(errorCode: number): void {
    switch (errorCode) {
      case ErrorCode.NONE:
        break;
      case ErrorCode.REBALANCE_IN_PROGRESS:
        this.rejoin(false);
        break;
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.FENCED_INSTANCE_ID:
        this.#forget();
        break;
      case ErrorCode.ILLEGAL_GENERATION:
        this.generationId = -1;
        this.rejoin(false);
        break;
      default:
        throw new Error(`a well-behaved client was refused with ${errorCode}`);
    }
  }

  #forget(): void {
    this.cutOff();
    this.memberId = '';
    this.generationId = -1;
    this.owned = [];
  }
}

function assign(members: readonly string[]): Record<string, string> {
  const shares: Record<string, string> = {};
  for (let partition = 0; partition < partitionCount; partition++) {
    const memberId = members[partition % members.length];
    shares[memberId] = [shares[memberId], partition].filter((part) => part !== undefined).join();
  }
  return shares;
}

/** What was seen from outside, and what must be true of it. */
class History {
  /** Generation and partition → its owner, by member id. */
  readonly #owners = new Map<string, string>();
  readonly committed = new Map<number, number>();
  /** Static members keep their partitions under a new member id. */
  readonly #instanceOf: (memberId: string) => string;

  constructor(instanceOf: (memberId: string) => string) {
    this.#instanceOf = instanceOf;
  }

  owns(generation: number, memberId: string, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const key = `${generation}:${partition}`;
      const owner = this.#instanceOf(memberId);
      const known = this.#owners.get(key);
      if (known !== undefined && known !== owner) {
        throw new Error(
          `partition ${partition} of generation ${generation}: ${known} and ${owner}`,
        );
      }
      this.#owners.set(key, owner);
    }
  }

  next(partition: number, advance: number): number {
    return (this.committed.get(partition) ?? 0) + advance;
  }

  acknowledged(offsets: Record<string, number>): void {
    for (const [partition, offset] of Object.entries(offsets)) {
      this.committed.set(Number(partition), offset);
    }
  }
}

function run(seed: number): void {
  const random = randomFrom(seed).below;
  const group = new TestGroup();
  // `one-uuid7` is the seventh life of the static member `one`; `c-uuid8` is a dynamic member of
  // its own.
  const history = new History((memberId) => memberId.replace(/^(s\d)-.*/, '$1'));
  const clients = Array.from(
    { length: 2 + random(4) },
    (_, index) => new Client(group, history, random(3) === 0 ? `s${index}` : null),
  );
  const everybody = (act: (client: Client) => void): void => clients.forEach(act);
  const actions: ((client: Client) => void)[] = [
    (client) => client.rejoin(random(3) === 0),
    (client) => client.heartbeat(),
    (client) => client.commit(1 + random(5)),
    (client) => client.leave(),
    () => group.advance(random(15_000)),
    () => group.advance(random(1_000)),
    () => everybody((each) => each.heartbeat()),
    () => group.ring(),
    () => {
      group.crash();
      everybody((each) => each.waiting && each.cutOff());
    },
  ];
  for (let step = 0; step < 150; step++) {
    actions[random(actions.length)](clients[random(clients.length)]);
    everybody((client) => client.proceed());
    expect(group.committed()).toEqual(Object.fromEntries(history.committed));
  }
  // Left alone, everybody who waits is answered, whatever the others do not do.
  group.advance(400_000);
  expect(group.held.size).toBe(0);
  everybody((client) => client.proceed());
  // In peace, the group comes to rest and every partition has its owner.
  for (let round = 0; round < 60; round++) {
    everybody((client) => {
      client.proceed();
      if (client.memberId === '' && client.join === undefined) client.rejoin(false);
      client.heartbeat();
    });
    group.advance(1_000);
  }
  expect(group.describe().groupState).toBe('Stable');
  expect(clients.flatMap(({ owned }) => owned).sort()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(group.committed()).toEqual(Object.fromEntries(history.committed));
}

it('holds, whatever happens', () => {
  for (let seed = 1; seed <= 300; seed++) {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});
