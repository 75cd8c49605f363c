/**
 * A group's machine on its host, the same in a Durable Object and in memory. The surprise: a group
 * tells the controller of itself before it first exists, never after, so that no crash leaves a
 * group that ListGroups cannot find; an announcement that came to nothing is taken back when
 * somebody asks.
 */
import type { GroupCalls } from '../core/group/commands.ts';
import { GroupMachine } from '../core/group/group-machine.ts';
import { type GroupCall, refuseGroupCall } from '../core/group/replies.ts';
import type { GroupRow } from '../core/group/rows.ts';
import type { CoordinatorHostOptions } from './announcements.ts';
import { MachineHost } from './machine-host.ts';
import type { Objects, Stub } from './stubs.ts';

export class GroupHost implements Stub<GroupCalls> {
  readonly #host: MachineHost<GroupCalls, GroupRow, GroupMachine>;
  readonly #objects: Objects;
  /**
   * The announcement that stands: the last thing said to the controller. Undefined: it was taken
   * back, or never made.
   */
  #announcement: Promise<unknown> | undefined;
  /** What is said to the controller: one thing after the other. */
  #lastSaid: Promise<unknown> = Promise.resolve();
  /** Calls that wait for the announcement and may then bring the group into being. */
  #creating = 0;
  #groupId: string | undefined;

  constructor({ config, rows, objects, now, setAlarm }: CoordinatorHostOptions) {
    this.#objects = objects;
    this.#host = new MachineHost({
      create: () => new GroupMachine(config, () => crypto.randomUUID()),
      rows,
      now,
      setAlarm,
      refuse: refuseGroupCall,
      onBug: (error) => console.error('Kedge met a bug in a group coordinator:', error),
    });
    if (this.#host.machine.exists) this.#announcement = Promise.resolve();
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
    if (mayCreate({ kind, command } as GroupCall)) {
      // Nothing is taken back from here to the call itself: there is no await between the decrement
      // and the call.
      this.#creating++;
      try {
        await this.#announce(command.groupId);
      } finally {
        this.#creating--;
      }
    }
    const reply = this.#host.call(kind, command);
    // A group that is listed and does not exist was announced for nothing, or could not take it
    // back.
    if (kind === 'listGroup') this.#announcement ??= Promise.resolve();
    void this.#takeBackIfGone();
    return reply;
  }

  /** What the alarm does. */
  async expire(): Promise<void> {
    this.#host.expire();
    await this.#takeBackIfGone();
  }

  async #announce(groupId: string): Promise<void> {
    this.#announcement ??= this.#say('registerGroup', groupId);
    const announcement = this.#announcement;
    try {
      await announcement;
    } catch (error) {
      if (this.#announcement === announcement) this.#announcement = undefined;
      throw error;
    }
  }

  /**
   * Should it fail, the next ListGroups finds a group that does not exist and makes it try again.
   */
  async #takeBackIfGone(): Promise<void> {
    const announced = this.#announcement !== undefined;
    if (this.#host.machine.exists || !announced || this.#creating > 0) return;
    if (this.#groupId === undefined) return;
    this.#announcement = undefined;
    await this.#say('unregisterGroup', this.#groupId).catch(() => {});
  }

  #say(kind: 'registerGroup' | 'unregisterGroup', groupId: string): Promise<unknown> {
    const said = this.#lastSaid.then(() => this.#objects.controller().call(kind, { groupId }));
    this.#lastSaid = said.catch(() => {});
    return said;
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
