/** The host of a machine, with a machine that is small enough to see through. */
import { describe, expect, it } from 'vitest';
import type { CallOf, Machine, Outcome, Parked, ReplyOf, Row } from '../../src/core/machine.ts';
import { ErrorCode, KafkaError } from '../../src/protocol/errors.ts';
import { MachineHost } from '../../src/runtime/machine-host.ts';
import { memoryRows, type Rows } from '../../src/runtime/rows.ts';

/** A counter on which one can wait, which can be set to ring, refuse and break. */
interface CounterCalls {
  add: { command: { by: number }; reply: { errorCode: number; count: number } };
  /** Answered when the count reaches this. */
  reach: { command: { count: number }; reply: { errorCode: number; count: number } };
  ringAt: { command: { at: number }; reply: { errorCode: number; count: number } };
  refuse: { command: { errorCode: number }; reply: { errorCode: number; count: number } };
  break: { command: Record<never, never>; reply: { errorCode: number; count: number } };
}
type Call = CallOf<CounterCalls>;
type Reply = ReplyOf<CounterCalls>;
type CountRow = Row<'count', number>;

class Counter implements Machine<Call, Reply, CountRow> {
  count = 0;
  deadline: number | undefined;
  readonly #waiting = new Map<number, number>();
  #ticket = 0;

  decide(call: Call, now: number): Outcome<Reply, CountRow> {
    switch (call.kind) {
      case 'add':
        return this.#become(this.count + call.command.by);
      case 'reach':
        this.#waiting.set(++this.#ticket, call.command.count);
        return this.#become(this.count, { parked: this.#ticket });
      case 'ringAt':
        this.deadline = Math.max(call.command.at, now);
        return this.#become(this.count);
      case 'refuse':
        this.deadline = 77;
        throw new KafkaError(call.command.errorCode);
      case 'break':
        this.count = -1;
        throw new Error('broken');
    }
  }

  #become(count: number, parked?: Parked): Outcome<Reply, CountRow> {
    const due = [...this.#waiting].filter(([, wanted]) => count >= wanted);
    for (const [ticket] of due) this.#waiting.delete(ticket);
    const reply = { errorCode: 0, count };
    return {
      rows: count === this.count ? [] : [{ key: 'count', value: count }],
      reply: parked ?? reply,
      wake: new Map(due.map(([ticket]) => [ticket, reply])),
    };
  }

  replay({ value }: CountRow): void {
    this.count = value ?? 0;
  }

  expire(now: number): Outcome<Reply, CountRow> {
    if (this.deadline === undefined || this.deadline > now) return this.#become(this.count);
    this.deadline = undefined;
    return this.#become(this.count + 100);
  }
}

function hosted(rows: Rows = memoryRows()) {
  const alarms: number[] = [];
  const bugs: unknown[] = [];
  const clock = { now: 10 };
  const host = new MachineHost<CounterCalls, CountRow, Counter>({
    create: () => new Counter(),
    rows,
    now: () => clock.now,
    setAlarm: (at) => alarms.push(at),
    refuse: (_, errorCode) => ({ errorCode, count: -1 }),
    onBug: (error) => bugs.push(error),
  });
  return { host, rows, alarms, bugs, clock };
}

describe('MachineHost', () => {
  it('stores, replays and answers', async () => {
    const { host, rows } = hosted();
    expect(await host.call('add', { by: 2 })).toEqual({ errorCode: 0, count: 2 });
    expect(rows.load()).toEqual([{ key: 'count', value: 2 }]);
    expect(host.machine.count).toBe(2);
    expect(await hosted(rows).host.call('add', { by: 1 })).toMatchObject({ count: 3 });
  });

  it('decides before it returns, in the order of the calls', () => {
    const { host } = hosted();
    void host.call('add', { by: 1 });
    expect(host.machine.count).toBe(1);
  });

  it('holds who must wait, until somebody else makes it so', async () => {
    const { host } = hosted();
    const waiting = host.call('reach', { count: 3 });
    expect(host.parked).toBe(1);
    await host.call('add', { by: 3 });
    expect(await waiting).toEqual({ errorCode: 0, count: 3 });
    expect(host.parked).toBe(0);
  });

  it('answers at once who need not wait after all', async () => {
    const { host } = hosted();
    expect(await host.call('reach', { count: 0 })).toEqual({ errorCode: 0, count: 0 });
    expect(host.parked).toBe(0);
  });

  it('turns a refusal into a code', async () => {
    const { host, bugs, rows } = hosted();
    const refused = host.call('refuse', { errorCode: ErrorCode.INVALID_GROUP_ID });
    expect(await refused).toEqual({ errorCode: ErrorCode.INVALID_GROUP_ID, count: -1 });
    expect(bugs).toEqual([]);
    expect(rows.load()).toEqual([]);
  });

  it('after a bug starts again from the rows, and whoever waited asks again', async () => {
    const { host, bugs } = hosted();
    await host.call('add', { by: 2 });
    const waiting = host.call('reach', { count: 5 });
    const broken = await host.call('break', {});
    expect(broken.errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    await expect(waiting).rejects.toThrow('restarted');
    expect(bugs).toHaveLength(1);
    expect(await host.call('add', { by: 0 })).toEqual({ errorCode: 0, count: 2 });
  });

  it('forgets what could not be stored', async () => {
    const rows = memoryRows();
    let broken = false;
    const { host } = hosted({
      load: () => rows.load(),
      put: (added) => {
        if (broken) throw new Error('disk full');
        rows.put(added);
      },
    });
    await host.call('add', { by: 1 });
    broken = true;
    expect((await host.call('add', { by: 1 })).errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    expect(host.machine.count).toBe(1);
  });
});

describe('the alarm', () => {
  it('is set for the first deadline, and only moved forward', async () => {
    const { host, alarms } = hosted();
    await host.call('ringAt', { at: 50 });
    await host.call('ringAt', { at: 90 });
    await host.call('ringAt', { at: 40 });
    expect(alarms).toEqual([50, 40]);
  });

  it('is set again when it rang too early, and does its work when it is time', async () => {
    const { host, alarms, clock } = hosted();
    await host.call('ringAt', { at: 50 });
    await host.call('ringAt', { at: 90 });
    clock.now = 50;
    host.expire();
    expect(alarms).toEqual([50, 90]);
    const waiting = host.call('reach', { count: 100 });
    clock.now = 91;
    host.expire();
    expect(await waiting).toEqual({ errorCode: 0, count: 100 });
    expect(alarms).toEqual([50, 90]);
  });

  it('is not set for what is due when no alarm can ring any more', async () => {
    const { host, alarms } = hosted();
    await host.call('ringAt', { at: 10 ** 13 });
    expect(alarms).toEqual([]);
    await host.call('ringAt', { at: 50 });
    expect(alarms).toEqual([50]);
  });

  it('rings again later when its work fails', async () => {
    const rows = memoryRows();
    const failing = {
      load: () => rows.load(),
      put: () => {
        throw new Error('disk full');
      },
    };
    const { host, alarms, bugs, clock } = hosted(failing);
    await host.call('ringAt', { at: 50 });
    clock.now = 50;
    host.expire();
    expect(bugs).toHaveLength(1);
    expect(alarms).toEqual([50, 60_050]);
  });

  it('is set even if the first call after a load is refused: clocks may have started', async () => {
    const { host, alarms } = hosted();
    await host.call('refuse', { errorCode: 1 });
    expect(alarms).toEqual([77]);
  });
});
