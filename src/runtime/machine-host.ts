/**
 * Runs any machine: load its rows and replay them; then for every call decide, store, replay, set
 * the alarm and answer, with no await in between. The surprise: nothing here waits for the disk;
 * the object's output gate holds every answer until the rows behind it are durable.
 */
import { latestAlarm } from '../core/latest-alarm.ts';
import type { CallOf, Machine, Outcome, ReplyOf, Row } from '../core/machine.ts';
import { isParked } from '../core/machine.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import type { Rows } from './rows.ts';
import type { Stub } from './stubs.ts';
import { Waiters } from './waiters.ts';

/** What the alarm did and failed is tried again then. */
const afterFailureMs = 60_000;

/** What a table of calls looks like. */
type Table<Calls> = { [K in keyof Calls]: { command: unknown; reply: unknown } };

export interface MachineHostOptions<Calls extends Table<Calls>, R, M> {
  /**
   * Makes an empty machine; the host replays the rows into it. Called again after a bug, to rebuild
   * memory.
   */
  create(): M;
  readonly rows: Rows;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Asks for `expire()` to be called at this time, in the place of what was asked before. */
  setAlarm(at: number): void;
  /** The reply that refuses a call with an error code: no domain exception leaves the host. */
  refuse(call: CallOf<Calls>, errorCode: number, message: string): ReplyOf<Calls>;
  /** Told what was stored. */
  onStored?(rows: readonly R[]): void;
  /** Told of bugs: what the machine threw that is not a refusal. */
  onBug?(error: unknown): void;
}

/** The host of one machine, which answers its table of calls. */
export class MachineHost<
  Calls extends Table<Calls>,
  R extends Row,
  M extends Machine<CallOf<Calls>, ReplyOf<Calls>, R>,
> implements Stub<Calls>
{
  readonly #options: MachineHostOptions<Calls, R, M>;
  readonly #waiters = new Waiters<ReplyOf<Calls>>();
  #machine: M;
  /**
   * The alarm that is set; undefined when unknown or none. A later deadline leaves an earlier alarm
   * as it is.
   */
  #alarmAt: number | undefined;

  constructor(options: MachineHostOptions<Calls, R, M>) {
    this.#options = options;
    this.#machine = this.#load();
  }

  /** The machine, to read from. */
  get machine(): M {
    return this.#machine;
  }

  /** How many callers are held. */
  get parked(): number {
    return this.#waiters.size;
  }

  /**
   * Decides before it returns; the promise is for held callers. Only weather rejects it: the
   * machine was rebuilt meanwhile.
   */
  async call<K extends keyof Calls & string>(
    kind: K,
    command: Calls[K]['command'],
  ): Promise<Calls[K]['reply']> {
    return this.#submit({ kind, command } as CallOf<Calls>);
  }

  /** Called when the alarm rings. Early, late and repeated alarms are fine. */
  expire(): void {
    this.#alarmAt = undefined;
    try {
      this.#carryOut(this.#machine.expire(this.#options.now()));
    } catch (error) {
      this.#rebuild(error);
      this.#setAlarm(this.#options.now() + afterFailureMs);
    }
  }

  #submit(call: CallOf<Calls>): ReplyOf<Calls> | Promise<ReplyOf<Calls>> {
    try {
      const outcome = this.#machine.decide(call, this.#options.now());
      const { reply } = outcome;
      const answer = isParked(reply) ? this.#waiters.hold(reply.parked) : reply;
      this.#carryOut(outcome);
      return answer;
    } catch (error) {
      if (error instanceof KafkaError) {
        this.arm();
        return this.#options.refuse(call, error.code, error.message);
      }
      this.#rebuild(error);
      return this.#options.refuse(call, ErrorCode.UNKNOWN_SERVER_ERROR, 'unexpected error');
    }
  }

  #carryOut(outcome: Outcome<ReplyOf<Calls> | undefined, R>): void {
    if (outcome.rows.length > 0) {
      this.#options.rows.put(outcome.rows);
      for (const row of outcome.rows) this.#machine.replay(row);
      this.#options.onStored?.(outcome.rows);
    }
    this.arm();
    for (const [ticket, reply] of outcome.wake) {
      this.#waiters.answer(ticket, reply as ReplyOf<Calls>);
    }
  }

  /**
   * Sees to it that the alarm rings in time. A refused call changes nothing that is kept, but it
   * may have been the first since a load, which starts clocks.
   */
  arm(): void {
    const { deadline } = this.#machine;
    if (deadline === undefined || deadline > latestAlarm) return;
    if (this.#alarmAt === undefined || deadline < this.#alarmAt) this.#setAlarm(deadline);
  }

  #setAlarm(at: number): void {
    this.#options.setAlarm(at);
    this.#alarmAt = at;
  }

  #load(): M {
    const machine = this.#options.create();
    for (const row of this.#options.rows.load()) machine.replay(row as R);
    return machine;
  }

  /** A bug left memory in doubt: start again from the rows. Whoever was held asks again. */
  #rebuild(error: unknown): void {
    this.#options.onBug?.(error);
    this.#alarmAt = undefined;
    this.#machine = this.#load();
    this.#waiters.failAll(new Error('the coordinator restarted'));
  }
}
