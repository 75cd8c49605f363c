/**
 * Every object in plain memory: the same machines and logs as in the Durable Objects, for tests and
 * the simulation. The surprise: commands and replies are copied as an RPC would copy them, so that
 * nobody can come to rely on sharing an object with the other side.
 */
import type { VouchedMember } from '../core/group/commands.ts';
import type { TransactionCalls } from '../core/transaction/calls.ts';
import { clusterHost, runErrands } from './cluster-host.ts';
import type { BrokerConfig } from './config.ts';
import type { CoordinatorHostOptions } from './coordinator-host.ts';
import { GroupHost } from './group-host.ts';
import type { GroupLine } from './group-lines.ts';
import { memoryPartition } from './memory-partition.ts';
import { memoryRows } from './rows.ts';
import type { ControllerStub, GroupStub, Objects, PartitionStub, Stub } from './stubs.ts';
import { TransactionHost } from './transaction-host.ts';
import { closedWatch, MemoryWatches, WatchState } from './watch.ts';
import { Weather } from './weather.ts';

export interface MemoryObjectsOptions {
  readonly config: BrokerConfig;
  /** Milliseconds since the epoch; by default the clock on the wall. */
  readonly now?: () => number;
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
  readonly #partitions = new Map<string, PartitionStub>();
  readonly #groups = new Map<string, GroupStub>();
  readonly #transactions = new Map<string, Stub<TransactionCalls>>();
  #controller: ControllerStub | undefined;
  readonly #alarms = new Set<Alarm>();

  constructor({ config, now = () => Date.now() }: MemoryObjectsOptions) {
    this.#config = config;
    this.#now = now;
  }

  partition(topicId: string, partition: number): PartitionStub {
    return remembered(this.#partitions, `${topicId}:${partition}`, () => {
      const alarm = this.#newAlarm(() => stub.ring());
      const stub = memoryPartition({
        settings: this.#config,
        now: this.#now,
        setAlarm: (at) => alarm.set(at),
        enlist: (transactionalId, question) =>
          this.transaction(transactionalId).call('enlist', question),
      });
      return { ...copying(stub), watch: () => stub.watch() };
    });
  }

  group(groupId: string): GroupStub {
    return remembered(this.#groups, groupId, () => {
      const lines: GroupLine[] = [];
      let host: GroupHost | undefined;
      const stub = this.#hosted((surroundings) => {
        host = new GroupHost({ ...surroundings, lines: () => [...lines] });
        return host;
      });
      const now = this.#now;
      return { ...stub, watch: async (member) => vouchedWatch(host!, lines, member, now) };
    });
  }

  transaction(transactionalId: string): Stub<TransactionCalls> {
    return remembered(this.#transactions, transactionalId, () =>
      this.#hosted((surroundings) => new TransactionHost(surroundings)),
    );
  }

  controller(): ControllerStub {
    this.#controller ??= this.#newController();
    return this.#controller;
  }

  /** Stops every alarm: nothing happens any more unless it is called. */
  close(): void {
    for (const alarm of this.#alarms) alarm.clear();
  }

  #hosted<Calls extends CallTable<Calls>>(
    create: (surroundings: CoordinatorHostOptions) => CoordinatorHost<Calls>,
  ): Stub<Calls> {
    const alarm = this.#newAlarm(() => host.expire());
    const host = create({
      config: this.#config,
      rows: memoryRows(),
      objects: this,
      now: this.#now,
      setAlarm: (at) => alarm.set(at),
    });
    return copying(host);
  }

  #newController(): ControllerStub {
    const watches = new MemoryWatches();
    const alarm = this.#newAlarm(() => runErrands(host, this, this.#now()));
    const host = clusterHost({
      config: this.#config,
      rows: memoryRows(),
      now: this.#now,
      setAlarm: (at) => alarm.set(at),
      announce: () => watches.announce('changed'),
    });
    return { ...copying(host), watch: async () => watches.open('watching') };
  }

  #newAlarm(ring: () => Promise<void>): Alarm {
    const alarm = new Alarm(ring, this.#now);
    this.#alarms.add(alarm);
    return alarm;
  }
}

/** An object's one alarm. It is set anew by setting it again. */
class Alarm {
  readonly #ring: () => Promise<void>;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: () => Promise<void>, now: () => number) {
    this.#ring = ring;
    this.#now = now;
  }

  set(at: number): void {
    this.clear();
    const wait = Math.min(Math.max(at - this.#now(), 0), longestTimer);
    const due = wait < longestTimer;
    this.#timer = setTimeout(() => (due ? void this.#ring() : this.set(at)), wait);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** A gateway's line for one member, as long as the group lets it be open. */
function vouchedWatch(
  host: GroupHost,
  lines: GroupLine[],
  member: VouchedMember,
  now: () => number,
): WatchState {
  const sessionTimeoutMs = host.vouch(member);
  if (sessionTimeoutMs === undefined) return closedWatch();
  const forget = (): boolean => {
    const at = lines.indexOf(line);
    if (at >= 0) lines.splice(at, 1);
    return at >= 0;
  };
  const watch: WatchState = new WatchState(`${sessionTimeoutMs}`, {
    ask: () => watch.answered(),
    close: (why) => {
      if (forget()) void host.lineClosed(line, why);
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
function copying<Calls extends CallTable<Calls>>(stub: Stub<Calls>): Stub<Calls> {
  return {
    call: async (kind, command) => {
      const copy = structuredClone(command);
      try {
        return structuredClone(await stub.call(kind, copy));
      } catch (error) {
        throw new Weather(error);
      }
    },
  };
}
