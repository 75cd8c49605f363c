/**
 * A group's machine on its host, the same in a Durable Object and in memory. The surprise: a group tells the controller of
 * itself before it first exists, never after, so that no crash leaves a group that ListGroups cannot find; an announcement
 * that came to nothing is taken back when somebody asks.
 */
import type { GroupCalls } from '../core/group/commands.ts';
import { GroupMachine } from '../core/group/group-machine.ts';
import { type GroupCall, refuseGroupCall } from '../core/group/replies.ts';
import type { GroupRow } from '../core/group/rows.ts';
import type { BrokerConfig } from './config.ts';
import { MachineHost } from './machine-host.ts';
import type { Rows } from './rows.ts';
import type { Objects, Stub } from './stubs.ts';

export interface GroupHostOptions {
  readonly config: BrokerConfig;
  readonly rows: Rows;
  readonly objects: Objects;
  now(): number;
  setAlarm(at: number): void;
}

export class GroupHost implements Stub<GroupCalls> {
  readonly #host: MachineHost<GroupCalls, GroupRow, GroupMachine>;
  readonly #objects: Objects;
  /** Whether the controller knows of this group, as far as is known here. */
  #registered: boolean;
  /** What is being said to the controller: one thing after the other. */
  #registry: Promise<unknown> = Promise.resolve();
  #groupId: string | undefined;

  constructor({ config, rows, objects, now, setAlarm }: GroupHostOptions) {
    this.#objects = objects;
    this.#host = new MachineHost({
      create: () => new GroupMachine(config, () => crypto.randomUUID()),
      rows,
      now,
      setAlarm,
      refuse: refuseGroupCall,
      onBug: (error) => console.error('Kedge met a bug in a group coordinator:', error),
    });
    this.#registered = this.#host.machine.exists;
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
    if (mayCreate({ kind, command } as GroupCall)) await this.#register(command.groupId);
    const reply = this.#host.call(kind, command);
    // A listed group that does not exist was announced by a call that came to nothing.
    if (kind === 'listGroup') this.#registered = true;
    void this.#unregisterIfGone();
    return reply;
  }

  /** What the alarm does. */
  async expire(): Promise<void> {
    this.#host.expire();
    await this.#unregisterIfGone();
  }

  /** Returns with the group known to the controller, whatever was taken back meanwhile. */
  async #register(groupId: string): Promise<void> {
    while (!this.#registered) {
      await this.#tell('registerGroup', groupId);
      this.#registered = true;
    }
  }

  /** Should it fail, the next ListGroups finds a group that does not exist and makes it try again. */
  async #unregisterIfGone(): Promise<void> {
    if (this.#host.machine.exists || !this.#registered || this.#groupId === undefined) return;
    this.#registered = false;
    await this.#tell('unregisterGroup', this.#groupId).catch(() => {});
  }

  #tell(kind: 'registerGroup' | 'unregisterGroup', groupId: string): Promise<unknown> {
    const told = this.#registry.then(() => this.#objects.controller().call(kind, { groupId }));
    this.#registry = told.catch(() => {});
    return told;
  }
}

/** Whether a call may bring a group into being. */
function mayCreate(call: GroupCall): boolean {
  switch (call.kind) {
    case 'joinGroup':
      return call.command.memberId === '' && call.command.groupId !== '';
    case 'commitOffsets':
      return call.command.generationId < 0;
    default:
      return false;
  }
}
