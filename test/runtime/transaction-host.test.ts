import { describe, expect, it } from 'vitest';
import type { TransactionMarker } from '../../src/core/transaction-marker.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { memoryRows, type Rows } from '../../src/runtime/rows.ts';
import type { Objects } from '../../src/runtime/stubs.ts';
import { TransactionHost } from '../../src/runtime/transaction-host.ts';

/** Everyone else: a controller, and participants that remember what they were told. */
class Others {
  readonly said: string[] = [];
  readonly registered = new Set<string>();
  readonly markers = new Map<string, TransactionMarker[]>();
  /** What these answer in place of NONE; an Error is thrown. */
  readonly answers = new Map<string, number | Error>();
  /** Participants that are being told at this moment, and the most there were. */
  atOnce = { now: 0, most: 0 };
  nextProducerId = 500;
  controllerIsDown = false;

  readonly objects = {
    controller: () => ({ call: (kind: string, command: object) => this.#control(kind, command) }),
    partition: (topicId: string, partition: number) => ({
      call: (_: string, { marker }: { marker: TransactionMarker }) =>
        this.#hear(`${topicId}:${partition}`, marker),
    }),
    group: (groupId: string) => ({
      call: (_: string, { marker }: { marker: TransactionMarker }) => this.#hear(groupId, marker),
    }),
  } as unknown as Objects;

  async #control(kind: string, command: { transactionalId?: string }): Promise<unknown> {
    await Promise.resolve();
    this.said.push(kind);
    if (this.controllerIsDown) throw new Error('unreachable');
    const { transactionalId = '' } = command;
    if (kind === 'registerTransactionalId') this.registered.add(transactionalId);
    if (kind === 'unregisterTransactionalId') this.registered.delete(transactionalId);
    return { errorCode: 0, firstProducerId: this.nextProducerId++, count: 1 };
  }

  async #hear(name: string, marker: TransactionMarker): Promise<{ errorCode: number }> {
    this.atOnce.most = Math.max(this.atOnce.most, ++this.atOnce.now);
    await Promise.resolve();
    this.atOnce.now--;
    const answer = this.answers.get(name) ?? 0;
    if (answer instanceof Error) throw answer;
    const heard = this.markers.get(name) ?? [];
    this.markers.set(name, [...heard, marker]);
    return { errorCode: answer };
  }
}

interface Hosted {
  readonly others?: Others;
  readonly rows?: Rows;
  readonly objects?: Objects;
  readonly clock?: { now: number };
  readonly alarm?: { at: number; sets: number };
}

function hosted({
  others = new Others(),
  rows = memoryRows(),
  objects = others.objects,
  clock = { now: 1_000_000 },
  alarm = { at: Number.NaN, sets: 0 },
}: Hosted = {}) {
  const host = new TransactionHost({
    config: defaultBrokerConfig,
    rows,
    objects,
    now: () => clock.now,
    setAlarm: (at) => {
      alarm.at = at;
      alarm.sets++;
    },
  });
  const ring = async () => {
    clock.now = Math.max(clock.now, alarm.at);
    alarm.at = Number.NaN;
    await host.expire();
  };
  return { host, others, rows, clock, alarm, ring };
}

const x = { transactionalId: 'x' };
const newcomer = { ...x, producerId: -1, producerEpoch: -1, transactionTimeoutMs: 60_000 };
const init = (host: TransactionHost) =>
  host.call('initProducerId', { ...newcomer, newProducerId: 7 });
const who = (producerEpoch = 0) => ({ ...x, producerId: 7, producerEpoch });

const enlistPartition = (host: TransactionHost, partition: number, producerEpoch = 0) =>
  host.call('enlist', {
    ...who(producerEpoch),
    participant: { topicId: 'T', topic: 't', partition },
    adds: true,
  });
const enlistGroup = (host: TransactionHost, groupId: string, producerEpoch = 0) =>
  host.call('enlist', { ...who(producerEpoch), participant: { groupId }, adds: true });
const end = (host: TransactionHost, committed: boolean, producerEpoch = 0) =>
  host.call('endTxn', {
    ...who(producerEpoch),
    ...{ committed, transactionVersion: 2, newProducerId: -1 },
  });
const stateOf = async (host: TransactionHost) =>
  (await host.call('describeTransaction', x)).transaction?.state;

describe('a hosted transaction', () => {
  it('has told everyone when its end is answered', async () => {
    const { host, others } = hosted();
    await init(host);
    for (const partition of [0, 1, 2]) await enlistPartition(host, partition);
    await enlistGroup(host, 'g');
    expect(await end(host, true)).toEqual({ errorCode: 0, producerId: 7, producerEpoch: 1 });
    expect(await stateOf(host)).toBe('CompleteCommit');
    const marker = {
      ...{ producerId: 7, producerEpoch: 1, coordinatorEpoch: 0 },
      ...{ committed: true, transactionNumber: 1 },
    };
    expect(Object.fromEntries(others.markers)).toEqual({
      ...{ 'T:0': [marker], 'T:1': [marker], 'T:2': [marker] },
      g: [marker],
    });
  });

  it('lets the next transaction begin at once', async () => {
    const { host, others } = hosted();
    await init(host);
    for (let epoch = 0; epoch < 5; epoch++) {
      const enlisted = await enlistPartition(host, 0, epoch);
      expect(enlisted).toEqual({ errorCode: 0, transactionNumber: epoch + 1 });
      expect((await end(host, epoch % 2 === 0, epoch)).errorCode).toBe(0);
    }
    expect(others.markers.get('T:0')!.map(({ committed }) => committed)).toEqual([
      ...[true, false, true, false, true],
    ]);
  });

  it('answers although somebody could not be reached, who is told again by the alarm', async () => {
    const { host, others, clock, alarm, ring } = hosted();
    await init(host);
    await enlistPartition(host, 0);
    await enlistPartition(host, 1);
    others.answers.set('T:1', new Error('unreachable'));
    expect((await end(host, true)).errorCode).toBe(0);
    expect(await stateOf(host)).toBe('PrepareCommit');
    expect((await enlistPartition(host, 0, 1)).errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    expect(alarm.at).toBe(clock.now + 1_000);
    others.answers.set('T:1', ErrorCode.NOT_ENOUGH_REPLICAS);
    await ring();
    expect(await stateOf(host)).toBe('PrepareCommit');
    expect(alarm.at).toBe(clock.now + 2_000);
    others.answers.clear();
    await ring();
    expect(await stateOf(host)).toBe('CompleteCommit');
    expect(others.markers.get('T:0')).toHaveLength(1);
  });

  it.each([
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.INVALID_PRODUCER_EPOCH,
    ErrorCode.TRANSACTION_COORDINATOR_FENCED,
  ])('does not wait for one that will never hear: %i', async (errorCode) => {
    const { host, others } = hosted();
    await init(host);
    await enlistPartition(host, 0);
    others.answers.set('T:0', errorCode);
    await end(host, false);
    expect(await stateOf(host)).toBe('CompleteAbort');
  });

  it('sets no alarm a transaction: one in ten seconds is enough', async () => {
    const { host, clock, alarm } = hosted();
    await init(host);
    for (let epoch = 0; epoch < 50; epoch++) {
      await enlistPartition(host, 0, epoch);
      await end(host, true, epoch);
      clock.now += 100;
    }
    // The id's, the first transaction's, its end's.
    expect(alarm.sets).toBe(3);
  });

  it('tells thousands: many at once, not too many, and the rest by alarms', async () => {
    const { host, others, clock, alarm, ring } = hosted();
    await init(host);
    const topics = [{ topicId: 'T', topic: 't', partitions: [...Array(10_000).keys()] }];
    await host.call('addPartitions', { ...who(), topics });
    await end(host, true);
    expect(others.markers.size).toBe(500);
    expect(others.atOnce.most).toBe(50);
    let rings = 0;
    for (; others.markers.size < 10_000; rings++) {
      expect(alarm.at).toBe(clock.now);
      await ring();
    }
    expect(rings).toBe(19);
    expect(await stateOf(host)).toBe('CompleteCommit');
    expect([...others.markers.values()].every((markers) => markers.length === 1)).toBe(true);
  });

  it('does not keep a participant waiting that asks while others are told', async () => {
    const { host, others, rows } = hosted();
    await init(host);
    await enlistPartition(host, 0);
    others.answers.set('T:0', new Error('unreachable'));
    await end(host, true);
    const never = new Promise<never>(() => {});
    const objects = {
      ...others.objects,
      partition: () => ({ call: () => never }),
    } as unknown as Objects;
    const again = hosted({ others, rows, objects }).host;
    const { CONCURRENT_TRANSACTIONS } = ErrorCode;
    expect((await enlistPartition(again, 0, 1)).errorCode).toBe(CONCURRENT_TRANSACTIONS);
    expect((await end(again, true)).errorCode).toBe(CONCURRENT_TRANSACTIONS);
  });

  it('that times out is aborted by the alarm', async () => {
    const { host, others, ring } = hosted();
    await init(host);
    await enlistPartition(host, 0);
    while ((await stateOf(host)) === 'Ongoing') await ring();
    expect(others.markers.get('T:0')).toMatchObject([{ committed: false, producerEpoch: 1 }]);
    expect(await stateOf(host)).toBe('CompleteAbort');
  });

  it('that times out where epochs ran out gets a new producer id, when there is one', async () => {
    const rows = memoryRows();
    const { host, others, clock } = hosted({ rows });
    await init(host);
    const [{ key, value }] = rows.load();
    rows.put([{ key, value: { ...(value as object), producerEpoch: 32_766 } }]);
    const { host: again, alarm, ring } = hosted({ rows, others, clock });
    await enlistPartition(again, 0, 32_766);
    others.controllerIsDown = true;
    clock.now += 60_001;
    await ring();
    expect(await stateOf(again)).toBe('Ongoing');
    expect(alarm.at).toBe(clock.now + 5_000);
    others.controllerIsDown = false;
    await ring();
    expect(others.markers.get('T:0')).toMatchObject([{ producerId: 7, producerEpoch: 32_767 }]);
    const { transaction } = await again.call('describeTransaction', x);
    expect(transaction).toMatchObject({ producerId: 501, producerEpoch: 0 });
  });
});

describe('a transactional id', () => {
  it('is announced before it is stored, once, and taken back when it is forgotten', async () => {
    const { host, others, rows, clock, ring } = hosted();
    const started = init(host);
    expect(rows.load()).toEqual([]);
    await started;
    await init(host);
    await init(hosted({ others, rows, clock }).host);
    expect(others.said).toEqual(['registerTransactionalId']);
    await ring();
    expect(others.said).toEqual(['registerTransactionalId', 'unregisterTransactionalId']);
    expect(rows.load()).toEqual([]);
  });

  it('is taken back by an object that was not called since it was loaded', async () => {
    const { host, others, rows, clock } = hosted();
    await init(host);
    clock.now += 604_800_000;
    await hosted({ others, rows, clock }).host.expire();
    expect(others.registered.size).toBe(0);
  });

  it('is not there when the controller cannot be told', async () => {
    const { host, others, rows } = hosted();
    others.controllerIsDown = true;
    await expect(init(host)).rejects.toThrow('unreachable');
    expect(rows.load()).toEqual([]);
    others.controllerIsDown = false;
    expect((await init(host)).errorCode).toBe(0);
  });

  it('that was announced for nothing is taken back', async () => {
    const { host, others } = hosted();
    const command = { ...newcomer, transactionTimeoutMs: 0, newProducerId: 7 };
    const { errorCode } = await host.call('initProducerId', command);
    expect(errorCode).toBe(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    await new Promise((resolve) => setImmediate(resolve));
    expect(others.registered.size).toBe(0);
  });
});

interface Mortality {
  readonly others: Others;
  readonly rows: Rows;
  readonly alarm: { at: number; sets: number };
  readonly lastStep: number;
  /** The write over which it dies becomes durable. */
  readonly keepsLastWrite: boolean;
}

/** Kills the coordinator at its n-th step: a write, or a call to another object. */
function mortal({ others, rows, alarm, lastStep, keepsLastWrite }: Mortality) {
  let step = 0;
  const life = { over: false };
  const dies = (): boolean => {
    if (!life.over && step++ === lastStep) life.over = true;
    return life.over;
  };
  const dead: Rows = {
    load: () => rows.load(),
    put: (some) => {
      const wasOver = life.over;
      if (!dies() || (!wasOver && keepsLastWrite)) rows.put(some);
    },
  };
  const dying = (stub: { call(kind: string, command: unknown): Promise<unknown> }) => ({
    call: async (kind: string, command: unknown): Promise<unknown> => {
      if (dies()) return new Promise(() => {});
      const reply = await stub.call(kind, command);
      return life.over ? new Promise(() => {}) : reply;
    },
  });
  const objects = {
    controller: () => dying(others.objects.controller() as never),
    partition: (topicId: string, partition: number) =>
      dying(others.objects.partition(topicId, partition) as never),
    group: (groupId: string) => dying(others.objects.group(groupId) as never),
  } as unknown as Objects;
  // An alarm is a write like the others.
  const dyingAlarm = {
    sets: 0,
    set at(at: number) {
      if (!life.over || keepsLastWrite) alarm.at = at;
    },
  };
  return { rows: dead, objects, alarm: dyingAlarm as typeof alarm };
}

describe('a coordinator that dies at any step', () => {
  const steps = Array.from({ length: 12 }, (_, step) => step);
  const outcomes = steps.flatMap((step) =>
    [true, false].flatMap((committed) =>
      [true, false].map((keeps) => [step, committed, keeps] as const),
    ),
  );

  it.each(outcomes)(
    '%i: commits %s, last write stays %s',
    async (lastStep, committed, keepsLastWrite) => {
      const others = new Others();
      const rows = memoryRows();
      const clock = { now: 1_000_000 };
      const alarm = { at: Number.NaN, sets: 0 };
      const first = hosted({ others, rows, clock, alarm }).host;
      await init(first);
      await enlistPartition(first, 0);
      const mortality = mortal({ others, rows, alarm, lastStep, keepsLastWrite });
      const dying = hosted({ others, clock, ...mortality }).host;
      let answer: number | undefined;
      const lastWords = (async () => {
        await enlistPartition(dying, 1);
        await enlistGroup(dying, 'g');
        answer = (await end(dying, committed)).errorCode;
      })();
      await Promise.race([lastWords, new Promise((resolve) => setImmediate(resolve))]);

      // Nobody asks again: there are only the alarms.
      const { ring } = hosted({ others, rows, clock, alarm });
      const stored = () => (rows.load()[0].value as { state: string }).state;
      for (let rings = 0; rings < 5 && !/Complete/.test(stored()); rings++) await ring();
      expect(stored()).toMatch(/^Complete/);
      const outcome = stored() === 'CompleteCommit';
      if (answer === 0) expect(outcome).toBe(committed);
      const heard = [...others.markers.values()].flat();
      expect(others.markers.has('T:0')).toBe(true);
      expect(heard.every((marker) => marker.committed === outcome)).toBe(true);
      expect(new Set(heard.map((marker) => marker.transactionNumber))).toEqual(new Set([1]));
      // Whoever was answered that it takes part has heard.
      if (outcome) expect([...others.markers.keys()].sort()).toEqual(['T:0', 'T:1', 'g']);
    },
  );
});
