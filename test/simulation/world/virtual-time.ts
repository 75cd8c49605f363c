/**
 * Time that passes only when nothing else is left to do: a queue of events, each run by itself
 * until all it set off has settled. The surprise: while it runs, the timers, clock and chance of
 * the whole process are its own, so that code which never heard of a simulation obeys it too.
 */
import type { Random } from './random.ts';

interface Event {
  readonly at: number;
  /** Decides between events of the same moment. */
  readonly tie: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** When the simulated world begins. */
const epoch = Date.UTC(2026, 0, 1);

export class VirtualTime {
  readonly #random: Random;
  readonly #queue: Event[] = [];
  #now = 0;
  #order = 0;
  /** How many events have happened. */
  events = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds since the beginning, with fractions. */
  get now(): number {
    return this.#now;
  }

  /** Milliseconds since 1970, as a clock without faults shows them. */
  get clock(): number {
    return epoch + Math.floor(this.#now);
  }

  /** Runs something later; returns the way to call it off. Throws where that is no time. */
  after(ms: number, run: () => void): () => void {
    // A runtime takes this for no time at all, and whoever waits so turns in circles.
    if (Number.isNaN(ms)) throw new Error('somebody waits for NaN milliseconds');
    const at = this.#now + Math.max(0, ms);
    const event: Event = { at, tie: this.#random.next(), order: this.#order++, run };
    push(this.#queue, event);
    return () => {
      event.run = undefined;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Lets time pass until the work is done. Throws when nothing is left that could finish it. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const restore = this.#install();
    try {
      let result: { value: T } | undefined;
      let failure: { error: unknown } | undefined;
      work().then(
        (value) => {
          result = { value };
        },
        (error) => {
          failure = { error };
        },
      );
      await settled();
      while (result === undefined && failure === undefined) {
        const event = pop(this.#queue);
        if (event === undefined) throw new Error('the simulated world stands still');
        if (event.run === undefined) continue;
        this.#now = event.at;
        this.events++;
        event.run();
        await settled();
      }
      if (failure !== undefined) throw failure.error;
      return result!.value;
    } finally {
      restore();
    }
  }

  #install(): () => void {
    const { setTimeout, clearTimeout } = globalThis;
    const dateNow = Date.now;
    const timers = new Map<number, () => void>();
    let lastTimer = 0;
    const fakeSetTimeout = (run: () => void, ms = 0) => {
      const id = ++lastTimer;
      const cancel = this.after(ms, () => {
        timers.delete(id);
        run();
      });
      timers.set(id, cancel);
      return id;
    };
    const fakeClearTimeout = (id: number) => {
      timers.get(id)?.();
      timers.delete(id);
    };
    const chance = this.#random.fork('crypto');
    Object.assign(globalThis, { setTimeout: fakeSetTimeout, clearTimeout: fakeClearTimeout });
    Date.now = () => this.clock;
    define(crypto, 'getRandomValues', (array: Uint8Array) => chance.bytes(array));
    define(crypto, 'randomUUID', () => uuidOf(chance.bytes(new Uint8Array(16))));
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = dateNow;
      Reflect.deleteProperty(crypto, 'getRandomValues');
      Reflect.deleteProperty(crypto, 'randomUUID');
    };
  }
}

/** Taken before anybody can replace it. */
const { setImmediate } = globalThis;

/** Everything that could run without time passing has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

function uuidOf(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function isBefore(a: Event, b: Event): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.tie === b.tie ? a.order < b.order : a.tie < b.tie;
}

/** A binary heap, the earliest first. */
function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(event, heap[parent])) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (child >= heap.length || !isBefore(heap[child], last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}
