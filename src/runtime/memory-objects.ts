/**
 * Every object in plain memory: the same machines and logs as in the Durable Objects, for tests and
 * the simulation. The surprise: commands and replies are copied as an RPC would copy them, so that
 * nobody can come to rely on sharing an object with the other side.
 */
import type { VouchedMember } from '../core/group/commands.ts';
import type { SubscriptionCalls } from '../core/push/calls.ts';
import type { StreamSubscriptionCalls } from '../core/stream-subscription/calls.ts';
import type { TransactionCalls } from '../core/transaction/calls.ts';
import { timeNow } from './clock.ts';
import { clusterHost, runErrands } from './cluster-host.ts';
import type { BrokerConfig } from './config.ts';
import type { CoordinatorHostOptions } from './coordinator-host.ts';
import { deleteTopic } from './delete-topic.ts';
import { GroupHost } from './group-host.ts';
import type { GroupLine } from './group-lines.ts';
import { memoryPartition } from './memory-partition.ts';
import { MemoryStore } from './memory-store.ts';
import { type BilledEvent, type Meter, ObjectMeter, oneWritten } from './meters.ts';
import { OutputGate } from './output-gate.ts';
import { nowhere, type PushOutside } from './push/outside.ts';
import { SubscriptionHost } from './push/subscription-host.ts';
import { memoryRows } from './rows.ts';
import {
  noWebhooks,
  StreamSubscriptionHost,
  type StreamSubscriptionOutside,
  streamSubscriptionPrefix,
} from './stream-subscription/host.ts';
import type { ControllerStub, GroupStub, Objects, PartitionStub, Stub } from './stubs.ts';
import { TransactionHost } from './transaction-host.ts';
import { closedWatch, MemoryWatches, WatchState } from './watch.ts';
import { Weather } from './weather.ts';

export interface MemoryObjectsOptions {
  readonly config: BrokerConfig;
  /** Milliseconds since the epoch; by default the clock on the wall. */
  readonly now?: () => number;
  /** Whether objects lose their memory in their sleep, as those of the platform do. */
  readonly hibernates?: boolean;
  /** How long storage takes to confirm a write, before which no answer leaves; absent: no time. */
  readonly confirmMs?: number | undefined;
  /** What subscriptions need of the world; without it they deliver nothing. */
  readonly push?: (objects: Objects) => PushOutside;
  /** The same of subscriptions to streams. */
  readonly streams?: StreamSubscriptionOutside;
}

type CallTable<Calls> = { [K in keyof Calls]: { command: unknown; reply: unknown } };

/** The host of a coordinator: it answers calls, and its alarm. */
interface CoordinatorHost<Calls extends CallTable<Calls>> extends Stub<Calls> {
  expire(): Promise<void>;
}

/** The longest a timer can be set for. */
const longestTimer = 2_147_483_647;

export class MemoryObjects implements Objects {
  readonly #config: BrokerConfig;
  readonly #now: () => number;
  readonly #hibernates: boolean;
  readonly #confirmMs: number | undefined;
  readonly #partitions = new Map<string, PartitionStub>();
  readonly #groups = new Map<string, GroupStub>();
  readonly #transactions = new Map<string, Stub<TransactionCalls>>();
  readonly #subscriptions = new Map<string, Stub<SubscriptionCalls>>();
  readonly #push: MemoryObjectsOptions['push'];
  readonly #streams: MemoryObjectsOptions['streams'];
  #controller: ControllerStub | undefined;
  readonly #alarms = new Set<Alarm>();
  /** What each object would be billed for, by kind and name. */
  readonly meters = new Map<string, ObjectMeter>();

  constructor(options: MemoryObjectsOptions) {
    const { config, now = timeNow, hibernates = false, confirmMs, push, streams } = options;
    this.#config = config;
    this.#now = now;
    this.#hibernates = hibernates;
    this.#confirmMs = confirmMs;
    this.#push = push;
    this.#streams = streams;
  }

  partition(topicId: string, partition: number): PartitionStub {
    const name = `${topicId}:${partition}`;
    return remembered(this.#partitions, name, () => {
      const meter = this.#newMeter(`partition ${name}`);
      const gate = this.#newGate();
      const store = new MemoryStore(gate?.behind(meter) ?? meter);
      const watches = new MemoryWatches(meter);
      const resident = new Resident({ meter, gate, hibernates: this.#hibernates }, () =>
        memoryPartition({
          settings: this.#config,
          now: this.#now,
          store,
          watches,
          ...(gate && { durable: () => gate.passed() }),
          setAlarm: (at) => alarm.set(at),
          alarm: () => alarm.at,
          wake: (reader, place, lastStableOffset) =>
            this.subscription(reader).call('wake', { place, lastStableOffset }),
          enlist: (transactionalId, question) =>
            this.transaction(transactionalId).call('enlist', question),
          deleteTopic: (topicId) => deleteTopic(this, topicId),
        }),
      );
      const alarm = this.#newAlarm(meter, () => resident.during('alarm', (host) => host.ring()));
      const watch = (withRecords?: boolean) =>
        resident.during('watchOpened', (host) => host.watch(withRecords));
      return { ...copying(resident), watch };
    });
  }

  group(groupId: string): GroupStub {
    return remembered(this.#groups, groupId, () => {
      const lines: GroupLine[] = [];
      const resident = this.#resident(
        `group ${groupId}`,
        (surroundings) => new GroupHost({ ...surroundings, lines: () => [...lines] }),
      );
      const now = this.#now;
      const watch = (member: VouchedMember) =>
        resident.during('watchOpened', async () => vouchedWatch(resident, lines, member, now));
      return { ...copying(resident), watch };
    });
  }

  transaction(transactionalId: string): Stub<TransactionCalls> {
    return remembered(this.#transactions, transactionalId, () => {
      const name = `transaction ${transactionalId}`;
      return copying(this.#resident(name, (surroundings) => new TransactionHost(surroundings)));
    });
  }

  subscription(name: string): Stub<SubscriptionCalls> {
    return remembered(this.#subscriptions, name, () => {
      if (name.startsWith(streamSubscriptionPrefix)) return this.#streamSubscription(name);
      const outside = this.#push?.(this) ?? nowhere;
      return copying(
        this.#resident(
          `subscription ${name}`,
          (surroundings) => new SubscriptionHost({ ...surroundings, outside }),
        ),
      );
    });
  }

  #streamSubscription(name: string): Stub<SubscriptionCalls> {
    const outside = this.#streams ?? noWebhooks;
    const resident = this.#resident<StreamSubscriptionCalls, StreamSubscriptionHost>(
      `subscription ${name}`,
      (surroundings) => new StreamSubscriptionHost({ ...surroundings, outside }),
    );
    // By its name it is asked nothing else than it knows.
    return copying(resident) as unknown as Stub<SubscriptionCalls>;
  }

  controller(): ControllerStub {
    this.#controller ??= this.#newController();
    return this.#controller;
  }

  /** Stops every alarm: nothing happens any more unless it is called. */
  close(): void {
    for (const alarm of this.#alarms) alarm.clear();
  }

  #resident<Calls extends CallTable<Calls>, H extends CoordinatorHost<Calls>>(
    name: string,
    create: (surroundings: CoordinatorHostOptions) => H,
  ): Resident<H> {
    const meter = this.#newMeter(name);
    const gate = this.#newGate();
    const rows = memoryRows(gate?.behind(meter) ?? meter);
    const resident = new Resident({ meter, gate, hibernates: this.#hibernates }, () =>
      create({
        config: this.#config,
        rows,
        objects: this,
        now: this.#now,
        setAlarm: (at) => alarm.set(at),
      }),
    );
    const alarm = this.#newAlarm(meter, () => resident.during('alarm', (host) => host.expire()));
    return resident;
  }

  #newController(): ControllerStub {
    const meter = this.#newMeter('controller');
    const watches = new MemoryWatches(meter);
    const gate = this.#newGate();
    const rows = memoryRows(gate?.behind(meter) ?? meter);
    const resident = new Resident({ meter, gate, hibernates: this.#hibernates }, () =>
      clusterHost({
        config: this.#config,
        rows,
        now: this.#now,
        setAlarm: (at) => alarm.set(at),
        announce: () => watches.announce('changed'),
      }),
    );
    const alarm = this.#newAlarm(meter, () =>
      resident.during('alarm', (host) => runErrands(host, this, this.#now())),
    );
    const watch = () => resident.during('watchOpened', async () => watches.open('watching'));
    return { ...copying(resident), watch };
  }

  #newMeter(name: string): ObjectMeter {
    const meter = new ObjectMeter(this.#now);
    this.meters.set(name, meter);
    return meter;
  }

  #newGate(): OutputGate | undefined {
    return this.#confirmMs === undefined ? undefined : new OutputGate(this.#confirmMs, this.#now);
  }

  #newAlarm(meter: Meter, ring: () => Promise<void>): Alarm {
    const alarm = new Alarm(meter, ring, this.#now);
    this.#alarms.add(alarm);
    return alarm;
  }
}

interface Residence {
  readonly meter: ObjectMeter;
  readonly gate: OutputGate | undefined;
  readonly hibernates: boolean;
}

/** One object: its host while it is awake, and what it costs. */
class Resident<H> {
  readonly meter: ObjectMeter;
  readonly #residence: Residence;
  readonly #create: () => H;
  #host: H | undefined;

  constructor(residence: Residence, create: () => H) {
    this.meter = residence.meter;
    this.#residence = residence;
    this.#create = create;
  }

  /** The host, awake: made anew if it slept. */
  get host(): H {
    this.#host ??= this.#create();
    return this.#host;
  }

  during<T>(event: BilledEvent, work: (host: H) => Promise<T>): Promise<T> {
    const { hibernates, gate } = this.#residence;
    if (hibernates && this.meter.isAsleep) this.#host = undefined;
    if (gate === undefined) return this.meter.during(event, () => work(this.host));
    return this.meter.during(event, async () => {
      const answer = await work(this.host);
      await gate.passed();
      return answer;
    });
  }
}

/** An object's one alarm. It is set anew by setting it again. */
class Alarm {
  readonly #meter: Meter;
  readonly #ring: () => Promise<void>;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it will ring; null: it is not set. */
  at: number | null = null;

  constructor(meter: Meter, ring: () => Promise<void>, now: () => number) {
    this.#meter = meter;
    this.#ring = ring;
    this.#now = now;
  }

  set(at: number): void {
    this.#meter.rows(oneWritten);
    this.at = at;
    this.#wait(at);
  }

  #wait(at: number): void {
    this.clear();
    const wait = Math.min(Math.max(at - this.#now(), 0), longestTimer);
    const due = wait < longestTimer;
    this.#timer = setTimeout(() => (due ? this.#rings() : this.#wait(at)), wait);
  }

  #rings(): void {
    this.at = null;
    void this.#ring();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** A gateway's line for one member, as long as the group lets it be open. */
function vouchedWatch(
  group: Resident<GroupHost>,
  lines: GroupLine[],
  member: VouchedMember,
  now: () => number,
): WatchState {
  const sessionTimeoutMs = group.host.vouch(member);
  if (sessionTimeoutMs === undefined) return closedWatch();
  const forget = (): boolean => {
    const at = lines.indexOf(line);
    if (at >= 0) lines.splice(at, 1);
    return at >= 0;
  };
  const watch: WatchState = new WatchState(`${sessionTimeoutMs}`, {
    ask: () => {
      group.meter.signOfLife();
      watch.answered();
    },
    close: (why) => {
      if (forget()) void group.during('watchClosed', (host) => host.lineClosed(line, why));
    },
  });
  const line: GroupLine = {
    member,
    sessionTimeoutMs,
    get provenAt() {
      return now();
    },
    tell: (partitions) => watch.announce(JSON.stringify(partitions)),
    close: () => {
      forget();
      watch.close();
    },
  };
  lines.push(line);
  return watch;
}

function remembered<T>(map: Map<string, T>, key: string, create: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}

/** As an RPC: what crosses is copied, and what is thrown is weather. */
function copying<Calls extends CallTable<Calls>>(resident: Resident<Stub<Calls>>): Stub<Calls> {
  return {
    call: async (kind, command) => {
      const copy = structuredClone(command);
      try {
        return structuredClone(await resident.during('call', (host) => host.call(kind, copy)));
      } catch (error) {
        throw new Weather(error);
      }
    },
  };
}
