/**
 * One Durable Object as the platform runs it: an instance with memory, storage that becomes durable
 * a little later, an output gate, an alarm. The surprise: storage is a list of writes, and what an
 * instance reads is a replay of it; so a crash is just a new replay of what had become durable.
 */
import type { World } from './world.ts';

/** What an object's code is given, and what the platform may call. */
export interface Program {
  call(kind: string, command: unknown): Promise<unknown>;
  alarm?(): Promise<void>;
  /** What a watcher is told first who asks this; undefined: there is nothing to watch. */
  watchFrom?(question: string): Watched | undefined;
  /** A watcher's line was closed by its other end, or lost. */
  watcherGone?(watcher: Watcher, why: string): Promise<void>;
}

/** One write: how it is done to storage `S`. */
type Write<S> = (storage: S) => void;

export interface Kind<S> {
  newStorage(): S;
  /** Starts the program on an instance whose storage is `instance.storage`. */
  start(instance: Instance<S>, name: string): Program;
}

/** What a watcher is told first, and what stays with its line. */
export interface Watched {
  readonly said: string;
  readonly attachment?: unknown;
}

/** A watcher's line, as the object sees it. It outlives an instance that sleeps. */
export interface Watcher {
  readonly attachment: unknown;
  /** When the platform last answered for the object, or the line was opened. */
  readonly provenAt: number;
  /** Leaves once the gate opens. */
  send(said: string | Uint8Array, gate: Promise<void>): void;
  close(gate?: Promise<void>): void;
}

export class PlatformError extends Error {
  readonly retryable: boolean;
  readonly overloaded: boolean;

  constructor(message: string, flags: { retryable?: boolean; overloaded?: boolean } = {}) {
    super(message);
    this.retryable = flags.retryable ?? false;
    this.overloaded = flags.overloaded ?? false;
  }
}

/** Planted bugs of the platform itself. */
export interface BrokenPlatform {
  /** Answers leave before what they tell of is durable. */
  readonly openGate?: boolean;
  /** Some writes that count as durable are not. */
  readonly forgets?: boolean;
}

export class DurableObjectSim<S> {
  readonly name: string;
  readonly world: World;
  readonly #kind: Kind<S>;
  readonly #durable: Write<S>[] = [];
  #alarmAt: number | undefined;
  #cancelAlarm: (() => void) | undefined;
  #instance: Instance<S> | undefined;
  readonly watchers = new Set<Watcher>();
  /** How far this object's clock is off. */
  clockSkew = 0;

  readonly broken: BrokenPlatform;

  constructor(world: World, kind: Kind<S>, name: string, broken: BrokenPlatform = {}) {
    this.world = world;
    this.#kind = kind;
    this.name = name;
    this.broken = broken;
  }

  /** The instance that runs, started if there is none. */
  instance(): Instance<S> {
    if (this.#instance?.alive) return this.#instance;
    const storage = this.#kind.newStorage();
    for (const write of this.#durable) this.#replay(write, storage);
    const instance = new Instance(this, storage);
    this.#instance = instance;
    instance.program = this.#kind.start(instance, this.name);
    return instance;
  }

  /** Where a write was forgotten, what follows from it cannot be done either. */
  #replay(write: Write<S>, storage: S): void {
    try {
      write(storage);
    } catch (error) {
      if (!this.broken.forgets) throw error;
    }
  }

  now(): number {
    return this.world.time.clock + this.clockSkew;
  }

  isCurrent(instance: Instance<S>): boolean {
    return this.#instance === instance;
  }

  commit(writes: readonly Write<S>[]): void {
    for (const write of writes) {
      if (this.broken.forgets && this.world.random.chance(0.1)) continue;
      this.#durable.push(write);
    }
  }

  /** The instance is gone, what it wrote and was not durable yet with it. */
  crash(): void {
    const instance = this.#instance;
    if (instance === undefined) return;
    this.#instance = undefined;
    for (const watcher of [...this.watchers]) watcher.close();
    this.watchers.clear();
    if (this.world.strikes('stale')) this.world.time.after(5_000, () => instance.kill());
    else instance.kill();
  }

  /** Memory goes; hibernating lines stay. Only an idle object is evicted. */
  evict(): void {
    if (!this.#instance?.isIdle) return;
    this.world.count('evict');
    this.#instance.kill();
    this.#instance = undefined;
  }

  /** A watcher's line is gone: wakes the object. */
  async watcherGone(watcher: Watcher, why: string): Promise<void> {
    if (!this.watchers.delete(watcher)) return;
    const instance = this.instance();
    try {
      await instance.run(async () => instance.program.watcherGone?.(watcher, why));
    } catch {
      // The instance went with the line.
    }
  }

  get alarmAt(): number | undefined {
    return this.#alarmAt;
  }

  setAlarm(at: number | undefined): void {
    this.#alarmAt = at;
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    if (at === undefined) return;
    const late = this.world.strikes('wrongAlarm') ? this.world.random.delay(5_000) : 0;
    const wait = Math.max(0, at - this.now()) + late;
    this.#cancelAlarm = this.world.time.after(wait, () => void this.#ring(0));
  }

  /** At least once: an instance that dies over it is woken again. */
  async #ring(tries: number): Promise<void> {
    const alarmAt = this.#alarmAt;
    this.#alarmAt = undefined;
    const instance = this.instance();
    try {
      await instance.run(async () => instance.program.alarm?.());
      await instance.gate();
      if (this.world.strikes('wrongAlarm') && this.#alarmAt === undefined) {
        this.setAlarm(this.now() + this.world.random.delay(1_000));
      }
    } catch {
      if (this.#alarmAt !== undefined || tries > 20) return;
      this.#alarmAt = alarmAt;
      const wait = this.world.random.delay(2_000);
      this.#cancelAlarm = this.world.time.after(wait, () => void this.#ring(tries + 1));
    }
  }
}

export class Instance<S> {
  readonly object: DurableObjectSim<S>;
  readonly storage: S;
  program!: Program;
  alive = true;
  #pending: Write<S>[] = [];
  #written = 0;
  #durable = 0;
  #flushing = false;
  #alarm: number | undefined;
  readonly #gates: { readonly upTo: number; open(): void; fail(error: unknown): void }[] = [];
  readonly #underWay = new Set<(error: unknown) => void>();

  constructor(object: DurableObjectSim<S>, storage: S) {
    this.object = object;
    this.storage = storage;
  }

  get isIdle(): boolean {
    return this.#underWay.size === 0 && this.#pending.length === 0 && !this.#flushing;
  }

  /** The storage, to read it: one that was replaced dies over that. */
  look(): S {
    if (!this.object.isCurrent(this)) this.kill();
    if (!this.alive) throw new PlatformError('the object restarted');
    return this.storage;
  }

  /** Does it to the storage this instance sees; it is durable later, or never. */
  write(write: Write<S>): void {
    write(this.storage);
    this.#pending.push(write);
    this.#written++;
    if (!this.#flushing) this.#flush();
  }

  /** When the alarm will ring, as this instance has set it. */
  get alarmAt(): number | null {
    return this.#alarm ?? this.object.alarmAt ?? null;
  }

  /** Part of what is written, as any write. */
  setAlarm(at: number): void {
    this.#alarm = at;
    this.write(() => {});
  }

  #flush(): void {
    this.#flushing = true;
    const { world } = this.object;
    world.time.after(world.writeDelay(), () => {
      if (!this.alive) return;
      if (world.strikes('crash')) return this.object.crash();
      if (!this.object.isCurrent(this) || world.strikes('failedWrite')) {
        if (this.object.isCurrent(this)) this.object.crash();
        this.kill();
        return;
      }
      const writes = this.#pending.splice(0);
      this.object.commit(writes);
      if (this.#alarm !== undefined) this.object.setAlarm(this.#alarm);
      this.#alarm = undefined;
      this.#durable += writes.length;
      this.#flushing = false;
      while (this.#gates.length > 0 && this.#gates[0].upTo <= this.#durable) {
        this.#gates.shift()!.open();
      }
      if (this.#pending.length > 0) this.#flush();
    });
  }

  /** The output gate: opens when all that was written until now is durable. */
  gate(): Promise<void> {
    if (!this.alive) return Promise.reject(new PlatformError('the object is gone'));
    if (this.#durable >= this.#written || this.object.broken.openGate) return Promise.resolve();
    return new Promise((open, fail) => {
      this.#gates.push({ upTo: this.#written, open, fail });
    });
  }

  /** Runs something of the program; rejects when the instance dies over it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const died = (error: unknown) => {
        this.#underWay.delete(died);
        reject(error);
      };
      this.#underWay.add(died);
      if (!this.alive) return died(new PlatformError('the object is gone'));
      work().then((value) => {
        if (this.#underWay.delete(died)) resolve(value);
      }, died);
    });
  }

  /** Says something to all who watch the object, once it is durable. */
  announce(text: string, enclosed: readonly Uint8Array[] = []): void {
    if (!this.object.isCurrent(this)) return;
    for (const watcher of this.object.watchers) {
      const pieces = watcher.attachment === true ? enclosed : [];
      for (const said of [...pieces, text]) watcher.send(said, this.gate());
    }
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    const gone = new PlatformError('the object restarted', {
      retryable: this.object.world.random.chance(0.5),
    });
    for (const { fail } of this.#gates.splice(0)) fail(gone);
    for (const died of [...this.#underWay]) died(gone);
  }
}
