/**
 * Who takes part in a simulated world, drawn from its seed: not always everybody. The surprise:
 * clients with a transactional id may go on after they were thought dead, beside their successors.
 */
import { AssignedConsumer } from './clients/assigned-consumer.ts';
import type { Surroundings } from './clients/client.ts';
import { Copier } from './clients/copier.ts';
import { GroupMember } from './clients/group-member.ts';
import { Mixer } from './clients/mixer.ts';
import { IdempotentProducer, PlainProducer } from './clients/producers.ts';
import { TopicKeeper } from './clients/topics.ts';
import { Trimmer } from './clients/trimmer.ts';
import type { Random } from './world/random.ts';

export interface Life {
  live(): Promise<void>;
  crash(): void;
}

export interface Role {
  readonly name: string;
  /** A process that is thought dead may go on beside the next one. */
  readonly leavesZombies?: boolean;
  create(around: Surroundings, process: string): Life;
}

type Create = Role['create'];
type CreateTransactional = (around: Surroundings, process: string, id: string) => Life;

const plain: Create = (...all) => new PlainProducer(...all);
const idempotent: Create = (...all) => new IdempotentProducer(...all);
const reader: Create = (...all) => new AssignedConsumer(...all);
const keeper: Create = (...all) => new TopicKeeper(...all);
const trimmer: Create = (...all) => new Trimmer(...all);
const member: Create = (...all) => new GroupMember(...all, 'readers', null);
const mixer: CreateTransactional = (...all) => new Mixer(...all);
const copier: CreateTransactional = (...all) => new Copier(...all);

export function castOf(random: Random, transactionsOnly: boolean): Role[] {
  if (transactionsOnly) {
    return [
      ...transactional(2, 'mixer', mixer),
      ...transactional(3, 'copier', copier),
      ...of(1, 'plain', plain),
      ...of(1, 'reader', reader),
    ];
  }
  return [
    ...transactional(random.between(0, 2), 'mixer', mixer),
    ...transactional(random.between(0, 3), 'copier', copier),
    ...of(random.between(0, 1), 'trimmer', trimmer),
    ...of(random.between(0, 1), 'keeper', keeper),
    ...of(random.between(1, 2), 'plain', plain),
    ...of(random.between(1, 3), 'idempotent', idempotent),
    ...of(random.between(1, 2), 'reader', reader),
    ...of(random.between(0, 3), 'member', member),
    ...statics(random.between(0, 2)),
  ];
}

function of(count: number, name: string, create: Create): Role[] {
  return Array.from({ length: count }, (_, i) => ({ name: `${name}${i}`, create }));
}

function statics(count: number): Role[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `static${i}`,
    create: (...all) => new GroupMember(...all, 'readers', `instance-${i}`),
  }));
}

function transactional(count: number, name: string, create: CreateTransactional): Role[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${name}${i}`,
    leavesZombies: true,
    create: (...all) => create(...all, `${name}${i}`),
  }));
}
