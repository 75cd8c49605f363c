/**
 * One consumer group: its members and its committed offsets. The surprise: members that heartbeat
 * write nothing; the object stores a row a rebalance and a row a topic and commit, and an alarm
 * finds the members that fell silent.
 */
import { DurableObject } from 'cloudflare:workers';
import type { GroupCalls } from '../core/group/commands.ts';
import { brokerConfigFrom } from '../runtime/config.ts';
import { GroupHost } from '../runtime/group-host.ts';
import { sqliteRows } from '../runtime/rows.ts';
import type { Env } from '../runtime/worker-objects.ts';
import { workerObjects } from '../runtime/worker-objects.ts';

export class GroupCoordinator extends DurableObject<Env> {
  readonly #host: GroupHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#host = new GroupHost({
      config: brokerConfigFrom(env),
      rows: sqliteRows(ctx.storage),
      objects: workerObjects(env),
      now: () => Date.now(),
      setAlarm: (at) => void ctx.storage.setAlarm(at),
    });
  }

  call<K extends keyof GroupCalls>(
    kind: K,
    command: GroupCalls[K]['command'],
  ): Promise<GroupCalls[K]['reply']> {
    return this.#host.call(kind, command);
  }

  override alarm(): Promise<void> {
    return this.#host.expire();
  }
}
