/**
 * The way to an object: namespaces, stubs and WebSockets as a Worker has them, over messages that
 * take their time. The surprise: calls through one stub arrive in the order they were made, and
 * once a line breaks, whatever was on it is lost, be it carried out or not.
 */

import { questionOf } from '../../../src/runtime/watch.ts';
import {
  type DurableObjectSim,
  type Instance,
  PlatformError,
  type Watcher,
} from './durable-object.ts';
import type { World } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: an object of whatever storage
type AnyObject = DurableObjectSim<any>;
// biome-ignore lint/suspicious/noExplicitAny: its instance
type AnyInstance = Instance<any>;

/** A namespace of objects, to be cast to the platform's type. `caller`: whose output it is. */
export function namespaceOf(
  world: World,
  objectNamed: (name: string) => AnyObject,
  caller?: AnyInstance,
  overtaking = false,
): object {
  return {
    idFromName: (name: string) => name,
    get: (name: string) => {
      const line = new Line(world, objectNamed(name), caller, overtaking);
      return {
        call: (kind: string, command: unknown) => line.call(kind, command),
        fetch: (url: string) => line.watch(questionOf(url)),
      };
    },
  };
}

interface OnItsWay {
  lost(error: PlatformError): void;
}

/** One stub. */
class Line {
  readonly #world: World;
  readonly #object: AnyObject;
  readonly #caller: AnyInstance | undefined;
  /** The instance it leads to, once it has led to one. */
  #instance: AnyInstance | undefined;
  /** It is lost, and nobody has noticed yet. */
  #breaking = false;
  #broken: PlatformError | undefined;
  #lastArrival = 0;
  readonly #onTheirWay = new Set<OnItsWay>();

  readonly #overtaking: boolean;

  /** @param overtaking a planted bug: calls do not keep their order */
  constructor(
    world: World,
    object: AnyObject,
    caller: AnyInstance | undefined,
    overtaking: boolean,
  ) {
    this.#world = world;
    this.#object = object;
    this.#caller = caller;
    this.#overtaking = overtaking;
  }

  async call(kind: string, command: unknown): Promise<unknown> {
    const copy = structuredClone(command);
    this.#perhapsCrashCaller();
    await this.#caller?.gate();
    return this.#exchange((instance) => instance.program.call(kind, copy));
  }

  /** Opens a watch: the answer of `fetch` with its end of a WebSocket. */
  async watch(question: string): Promise<{ webSocket: SocketEnd | null }> {
    const opened = await this.#exchange(async (instance) => {
      const from = instance.program.watchFrom?.(question);
      if (from === undefined) return undefined;
      const pipe = new Pipe(this.#world, this.#object, from.attachment);
      this.#object.watchers.add(pipe);
      pipe.send(from.said, instance.gate());
      return pipe;
    });
    return { webSocket: opened?.clientEnd ?? null };
  }

  #exchange<T>(ask: (instance: AnyInstance) => Promise<T>): Promise<T> {
    if (this.#broken) return Promise.reject(this.#broken);
    const { time } = this.#world;
    return new Promise((resolve, reject) => {
      const onItsWay: OnItsWay = {
        lost: (error) => {
          if (this.#onTheirWay.delete(onItsWay)) reject(error);
        },
      };
      this.#onTheirWay.add(onItsWay);
      const answer = (settle: () => void) => {
        if (this.#world.strikes('brokenLine')) this.#breakSoon();
        time.after(this.#world.latency(), () => {
          if (this.#breaking || !this.#onTheirWay.delete(onItsWay)) return;
          this.#perhapsCrashCaller();
          if (this.#caller === undefined || this.#caller.alive) settle();
        });
      };
      if (this.#world.strikes('brokenLine')) this.#breakSoon();
      time.after(this.#arrival() - time.now, () => {
        if (this.#breaking) return;
        this.#deliver(ask).then(
          (value) => answer(() => resolve(value)),
          (error) => answer(() => reject(error)),
        );
      });
    });
  }

  /** Where an object waits for another, it may go down as well. */
  #perhapsCrashCaller(): void {
    const caller = this.#caller;
    if (caller === undefined || !this.#world.strikes('crash')) return;
    if (caller.object.isCurrent(caller)) caller.object.crash();
  }

  async #deliver<T>(ask: (instance: AnyInstance) => Promise<T>): Promise<T> {
    if (this.#world.strikes('overloaded')) {
      throw new PlatformError('overloaded', { overloaded: true, retryable: true });
    }
    if (this.#instance && !this.#instance.alive) {
      throw new PlatformError('the object restarted', { retryable: true });
    }
    this.#instance ??= this.#object.instance();
    const instance = this.#instance;
    const reply = await instance.run(async () => {
      const answer = ask(instance);
      if (this.#world.strikes('crash')) this.#object.crash();
      return structuredCloneOf(await answer);
    });
    await instance.run(() => instance.gate());
    if (this.#world.strikes('crash')) this.#object.crash();
    if (!instance.alive) throw new PlatformError('the object restarted');
    return reply;
  }

  /** Later than everything that was sent before. */
  #arrival(): number {
    const { now } = this.#world.time;
    if (this.#overtaking) return now + this.#world.latency();
    this.#lastArrival = Math.max(this.#lastArrival + 0.001, now + this.#world.latency());
    return this.#lastArrival;
  }

  /** What is on its way goes no further; all who wait for it learn of it at the same time. */
  #breakSoon(): void {
    if (this.#breaking) return;
    this.#breaking = true;
    const retryable = this.#world.random.chance(0.5);
    const broken = new PlatformError('Network connection lost.', { retryable });
    this.#world.time.after(this.#world.random.delay(200), () => {
      this.#broken = broken;
      for (const each of [...this.#onTheirWay]) each.lost(broken);
    });
  }
}

/** What crosses is copied; a line of a watch is not data. */
function structuredCloneOf<T>(value: T): T {
  return value instanceof Pipe ? value : structuredClone(value);
}

interface Message {
  readonly data?: string | ArrayBuffer;
}

/** The client's end of a watch: as much of a WebSocket as the gateway uses. */
export interface SocketEnd {
  addEventListener(type: string, listener: (event: Message) => void): void;
  accept(): void;
  send(text: string): void;
  close(code?: number, why?: string): void;
}

/** One watch's line, from the object to the gateway. */
class Pipe implements Watcher {
  readonly #world: World;
  readonly #object: AnyObject;
  readonly #listeners = new Map<string, ((event: Message) => void)[]>();
  #accepted = false;
  #queued: (() => void)[] = [];
  #lastArrival = 0;
  #silent = false;
  #closed = false;
  readonly attachment: unknown;
  provenAt: number;

  constructor(world: World, object: AnyObject, attachment: unknown) {
    this.#world = world;
    this.#object = object;
    this.attachment = attachment;
    this.provenAt = object.now();
  }

  send(said: string | Uint8Array, gate: Promise<void>): void {
    const data = typeof said === 'string' ? said : said.slice().buffer;
    gate.then(
      () => this.#transmit('message', { data }),
      () => {},
    );
  }

  close(gate: Promise<void> = Promise.resolve()): void {
    this.#object.watchers.delete(this);
    gate.then(
      () => this.#transmit('close', {}),
      () => {},
    );
  }

  readonly clientEnd: SocketEnd = {
    addEventListener: (type, listener) => {
      this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    },
    accept: () => {
      this.#accepted = true;
      for (const event of this.#queued.splice(0)) event();
    },
    send: (text) => this.#toObject(() => this.#answer(text)),
    close: (_code, why = '') => {
      if (this.#closed) return;
      this.#closed = true;
      this.#toObject(() => void this.#object.watcherGone(this, why));
    },
  };

  /** The platform answers for the object, awake or asleep. */
  #answer(text: string): void {
    if (text !== 'ping' || !this.#object.watchers.has(this)) return;
    this.provenAt = this.#object.now();
    this.#transmit('message', { data: 'pong' });
  }

  #toObject(arrive: () => void): void {
    if (this.#world.strikes('silentWatch')) this.#silent = true;
    if (this.#silent) return;
    this.#world.time.after(this.#world.latency(), arrive);
  }

  #transmit(type: string, event: Message): void {
    if (this.#world.strikes('silentWatch')) this.#silent = true;
    if (this.#silent) return;
    const { time } = this.#world;
    const tell = () => {
      if (this.#closed) return;
      for (const listener of this.#listeners.get(type) ?? []) listener(event);
    };
    const at = Math.max(this.#lastArrival + 0.001, time.now + this.#world.latency());
    this.#lastArrival = at;
    time.after(at - time.now, () => {
      if (this.#accepted) tell();
      else this.#queued.push(tell);
    });
  }
}
