/**
 * Who is in the group of a seed: how many, of which protocols, and how these change while it runs.
 * The surprise: a group that migrates has members of both protocols at once, and none of them
 * knows.
 */
import type { Surroundings } from '../clients/client.ts';
import type { Random } from '../world/random.ts';
import type { AssignorName } from './assigning.ts';
import { ClassicMember } from './classic-member.ts';
import { ConsumerMember } from './consumer-member.ts';
import type { MemberOf } from './member.ts';
import type { Witness } from './settling.ts';
import { ShareMember } from './share-member.ts';
import type { Tenant } from './slot.ts';

export type Protocol = 'classic' | 'consumer' | 'share';

export interface Plan {
  readonly dynamicMembers: number;
  readonly staticMembers: number;
  readonly incidentEveryMs: number;
  /** What members are like changes while it runs: those of former kinds go at the end. */
  readonly isRolling: boolean;
  /**
   * Whether topics are deleted and made again. Members of the classic protocol know topics by name,
   * and take the new one for the old; beside others that know ids, nobody could keep them apart.
   */
  readonly renewsTopics: boolean;
  create(around: Surroundings, process: string, of: MemberOf): Tenant & Witness;
}

interface Stage {
  /** 0: at first; 1: later; 2: in the end. */
  readonly of: (around: Surroundings) => 0 | 1 | 2;
}

const eager: AssignorName[] = ['range'];
const both: AssignorName[] = ['cooperative-sticky', 'range'];
const cooperative: AssignorName[] = ['cooperative-sticky'];

export function planOf(random: Random, protocol: Protocol, stage: Stage['of']): Plan {
  const size = {
    dynamicMembers: random.between(1, 4),
    staticMembers: random.between(0, 2),
    incidentEveryMs: random.pick([15_000, 40_000, 120_000]),
  };
  const kind = random.pick(['eager', 'cooperative', 'rolling'] as const);
  const assignorsFor: Record<typeof kind, readonly AssignorName[][]> = {
    eager: [eager],
    cooperative: [cooperative],
    rolling: [eager, both],
  };
  const classic: Plan['create'] = (around, process, of) => {
    const isLater = kind === 'rolling' && stage(around) > 0;
    const assignors = random.pick(isLater ? [both, cooperative] : assignorsFor[kind]);
    return new ClassicMember(around, process, {
      ...of,
      assignors,
      countsGenerations: protocol === 'classic',
    });
  };
  const simple = { ...size, isRolling: false, renewsTopics: true };
  if (protocol === 'share') {
    const create: Plan['create'] = (...all) => new ShareMember(...all);
    return { ...simple, staticMembers: 0, create };
  }
  if (protocol === 'classic') return { ...simple, isRolling: kind === 'rolling', create: classic };
  const consumer: Plan['create'] = (...all) => new ConsumerMember(...all);
  if (random.chance(0.5)) return { ...simple, create: consumer };
  const last = random.pick(['classic', 'consumer', 'both'] as const);
  return {
    ...size,
    isRolling: true,
    renewsTopics: false,
    create: (around, process, of) => {
      const protocol = stage(around) === 2 ? last : 'both';
      const isClassic = protocol === 'classic' || (protocol === 'both' && random.chance(0.5));
      return (isClassic ? classic : consumer)(around, process, of);
    },
  };
}
