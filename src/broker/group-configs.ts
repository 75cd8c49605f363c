/**
 * What is set on groups, as a gateway knows it: the controller keeps it, and is asked when somebody
 * needs what is older than a minute. The surprise: who waits for records needs it only when it asks
 * a partition, so an idle member of a share group makes nobody ask.
 */
import type { Objects } from '../runtime/stubs.ts';
import { Weather } from '../runtime/weather.ts';
import { maxAgeMs } from './metadata-cache.ts';

type SetConfigs = Readonly<Record<string, string>>;

interface Entry {
  readonly configs: SetConfigs;
  /** When the controller said it. */
  readonly at: number;
}

/** So many groups are remembered. */
const mostGroups = 1_000;

/** One for each isolate. Plain data only. */
export class GroupConfigMemory {
  readonly #entries = new Map<string, Entry>();

  get(groupId: string): Entry | undefined {
    return this.#entries.get(groupId);
  }

  learn(groupId: string, entry: Entry): void {
    this.#entries.delete(groupId);
    this.#entries.set(groupId, entry);
    if (this.#entries.size > mostGroups) {
      this.#entries.delete(this.#entries.keys().next().value!);
    }
  }
}

/** A connection's view of its isolate's memory. */
export class GroupConfigs {
  readonly #memory: GroupConfigMemory;
  readonly #objects: Objects;
  readonly #now: () => number;

  constructor(memory: GroupConfigMemory, objects: Objects, now: () => number) {
    this.#memory = memory;
    this.#objects = objects;
    this.#now = now;
  }

  /** At most a minute old, or older while the controller cannot be reached. */
  async get(groupId: string): Promise<SetConfigs> {
    const known = this.#memory.get(groupId);
    const now = this.#now();
    if (known !== undefined && now - known.at < maxAgeMs) return known.configs;
    try {
      const resources = [{ kind: 'group', name: groupId }] as const;
      const controller = this.#objects.controller();
      const { configs } = await controller.call('describeResourceConfigs', { resources });
      this.#memory.learn(groupId, { configs: configs[0], at: now });
      return configs[0];
    } catch (error) {
      if (known !== undefined && error instanceof Weather) return known.configs;
      throw error;
    }
  }

  /** However old; undefined: nobody asked yet. */
  known(groupId: string): SetConfigs | undefined {
    return this.#memory.get(groupId)?.configs;
  }
}
