/**
 * A group's machine on its host, the same in a Durable Object and in memory. The surprise: only
 * some calls can bring a group into being, and before those the controller is told of it.
 */
import type { GroupCalls } from '../core/group/commands.ts';
import { GroupMachine } from '../core/group/group-machine.ts';
import { type GroupCall, refuseGroupCall } from '../core/group/replies.ts';
import type { GroupRow } from '../core/group/rows.ts';
import { Announcement } from './announcement.ts';
import type { CoordinatorHostOptions } from './coordinator-host.ts';
import { MachineHost } from './machine-host.ts';
import type { Stub } from './stubs.ts';

export class GroupHost implements Stub<GroupCalls> {
  readonly #host: MachineHost<GroupCalls, GroupRow, GroupMachine>;
  readonly #announcement: Announcement;
  #groupId: string | undefined;

  constructor({ config, rows, objects, now, setAlarm }: CoordinatorHostOptions) {
    this.#host = new MachineHost({
      create: () => new GroupMachine(config, () => crypto.randomUUID()),
      rows,
      now,
      setAlarm,
      refuse: refuseGroupCall,
      onBug: (error) => console.error('Kedge met a bug in a group coordinator:', error),
    });
    this.#announcement = new Announcement({
      exists: () => this.#host.machine.exists,
      say: async (isThere) => {
        const kind = isThere ? 'registerGroup' : 'unregisterGroup';
        if (this.#groupId === undefined) throw new Error('nobody has said which group this is');
        await objects.controller().call(kind, { groupId: this.#groupId });
      },
    });
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
    const act = (): Promise<GroupCalls[K]['reply']> => {
      const reply = this.#host.call(kind, command);
      // A group that is listed and does not exist was announced for nothing, or could not take it
      // back.
      if (kind === 'listGroup') this.#announcement.suspect();
      void this.#announcement.takeBackIfGone();
      return reply;
    };
    const create = mayCreate({ kind, command } as GroupCall);
    return create ? this.#announcement.before(act) : act();
  }

  /** What the alarm does. */
  async expire(): Promise<void> {
    this.#host.expire();
    await this.#announcement.takeBackIfGone();
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
