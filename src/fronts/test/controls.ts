/**
 * What a test can do to its Kedge. The surprise: it is all in this isolate's memory, which every
 * connection and every object of a Kedge on one machine share; only what must outlive a crash is
 * given to the host.
 */
import { type Access, accessFrom } from '../../broker/access.ts';
import { owner } from '../../broker/authorizer.ts';
import type { ClientContext, ClientOrigin, Gateway } from '../../broker/gateway.ts';
import { sameText } from '../../bytes/same-bytes.ts';
import { clockAheadMs, setClockAhead, timeNow } from '../../runtime/clock.ts';
import type { Objects } from '../../runtime/stubs.ts';
import { type Env, workerObjects } from '../../runtime/worker-objects.ts';
import { Kafka } from '../http/kafka.ts';
import type { ObjectControls } from './controlled-object.ts';
import { type Fault, Faults } from './faults.ts';
import { Generation } from './generation.ts';
import { Host, type TestEnv } from './host.ts';
import { type Leader, leadClient } from './led-client.ts';
import { Moment } from './moment.ts';
import { ControlledObjects } from './objects.ts';

/** In the place of a secret. */
const forEverybody = 'open';
/** What is under way at a reset may go on for so long. */
const graceMs = 1_000;
const lookEveryMs = 5;

interface State {
  readonly starts: number;
  readonly now: number;
  readonly clockOffsetMs: number;
  readonly faults: readonly Fault[];
}

type ConnectGateway = (env: Env, access: Access) => Gateway;

export class TestControls implements Leader, ObjectControls {
  readonly #env: Env & TestEnv;
  readonly #connect: ConnectGateway;
  readonly host: Host;
  readonly faults = new Faults();
  readonly heard = new Map<string, number>();
  readonly objects: ControlledObjects;
  readonly #generations = new Map<number, Generation>();
  readonly #byEnv = new WeakMap<Env, Generation>();
  /** One reset, or one move of the clock, at a time. */
  #isBusy = false;
  generation: Generation;
  moved = new Moment();

  /** @param connect makes the gateway to the objects that bindings lead to */
  constructor(env: Env & TestEnv, connect: ConnectGateway) {
    this.#env = env;
    this.#connect = connect;
    this.host = new Host(env);
    this.objects = new ControlledObjects(env, this.host);
    this.generation = this.#generationNumbered(Number(env.KEDGE_TEST_GENERATION ?? 0));
    const clockOffsetMs = Number(env.KEDGE_TEST_CLOCK_OFFSET_MS ?? 0);
    if (clockOffsetMs !== 0) setClockAhead(clockOffsetMs);
  }

  /** What everybody may be told who may use the controls. */
  get state(): State {
    return {
      starts: Number(this.#env.KEDGE_TEST_STARTS ?? 1),
      now: timeNow(),
      clockOffsetMs: clockAheadMs(),
      faults: this.faults.all,
    };
  }

  /** Whether whoever sends this request may use the controls. */
  admits({ headers }: Request): boolean {
    const { KEDGE_TEST_SECRET: secret } = this.#env;
    if (secret === undefined || secret === '') return false;
    if (secret === forEverybody) return true;
    const [, shown] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
    return shown !== undefined && sameText(shown, secret);
  }

  /** The objects there are, behind everybody's back. */
  get objectsNow(): Objects {
    return workerObjects(this.generation.env);
  }

  /** The cluster as its owner has it, whom no fault strikes. Close it. */
  insider(request: Request, { gateway } = this.generation): Kafka {
    const kafka = new Kafka(gateway!, request, { principal: owner });
    kafka.context = { ...kafka.context, between: undefined };
    return kafka;
  }

  envOf(generation: number): Env {
    return this.#generationNumbered(generation).env;
  }

  met(className: string, id: string): void {
    this.objects.met(className, id);
  }

  /** The one of the generation with these bindings. */
  gatewayOf(env: Env, access: Access): Gateway {
    const generation = this.#byEnv.get(env)!;
    generation.gateway ??= this.#newGateway(generation, access);
    return generation.gateway;
  }

  /**
   * Empties the cluster. `begin` makes what is there before anybody else comes; `later`: what goes
   * on when everybody may go on.
   */
  reset(
    begin: (next: Generation) => Promise<void>,
    later: (work: Promise<void>) => void,
  ): Promise<void> {
    return this.#alone(async () => {
      const old = this.generation;
      const next = this.#generationNumbered(old.number + 1);
      next.gateway = this.#newGateway(next, accessFrom({ ...this.#env }), old.gateway);
      await this.host.keep({ generation: next.number, clockOffsetMs: 0 });
      if (clockAheadMs() !== 0) setClockAhead(0);
      try {
        await begin(next);
      } finally {
        this.#enter(next);
        later(this.#wipe(old));
      }
    });
  }

  #enter(next: Generation): void {
    const { ended } = this.generation;
    this.generation = next;
    this.faults.clear();
    this.heard.clear();
    ended.come();
  }

  /** Moves the clock forward. Settles when what became due was done. */
  advance(byMs: number): Promise<void> {
    return this.#alone(async () => {
      const clockOffsetMs = clockAheadMs() + byMs;
      await this.host.keep({ generation: this.generation.number, clockOffsetMs });
      setClockAhead(clockOffsetMs);
      const { moved } = this;
      this.moved = new Moment();
      await this.objects.leap(byMs);
      moved.come();
    });
  }

  #generationNumbered(number: number): Generation {
    const known = this.#generations.get(number);
    if (known !== undefined) return known;
    const generation = new Generation(number, this.#env);
    // Of an object that woke although it is to be wiped.
    if (number < (this.generation?.number ?? 0)) generation.close();
    this.#generations.set(number, generation);
    this.#byEnv.set(generation.env, generation);
    return generation;
  }

  /** Connections outlive a reset, so they are counted together, as are answers under way. */
  #newGateway(generation: Generation, access: Access, before?: Gateway): Gateway {
    const gateway = this.#connect(generation.env, access);
    const { connections, answers } = before ?? gateway;
    const admit = (origin: ClientOrigin): ClientContext => leadClient(this, generation, origin);
    return { ...gateway, connections, answers, admit };
  }

  /** Behind everybody's back: what is under way has a moment to end in the old generation. */
  async #wipe(old: Generation): Promise<void> {
    const until = machineTimeIn(graceMs);
    while (old.underWay > 0 && !until()) await pause();
    old.close();
    await this.objects.wipe(old.number + 1).catch((error) => console.warn(`reset: ${error}`));
    this.#generations.delete(old.number);
  }

  /** A promise of another request is not to be awaited, so one looks whether it is one's turn. */
  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#isBusy) await pause();
    this.#isBusy = true;
    try {
      await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, lookEveryMs));
}

/** Whether so much time has passed. */
function machineTimeIn(ms: number): () => boolean {
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, ms);
  return () => isOver;
}
