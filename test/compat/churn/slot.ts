/**
 * One place in the group: a program of one client, started again whenever its process has ended.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Running, type SpawnOptions } from '../processes.ts';
import { type Event, heldAfter, type Life, microseconds, parseLine } from './log.ts';

const LEAVE_MS = 30_000;
/** The exit code of a member whose name another still has, its life before; it is to be patient. */
const NAME_TAKEN = 3;
const PATIENCE_MS = 1_000;

/** How a member of some client is started; it is given what member.ts says besides. */
export interface Program {
  readonly client: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: SpawnOptions;
  /** `classic`, `cooperative` or `consumer`. */
  readonly protocol: string;
  /** It is known to its group by a name of its own, in all its lives. */
  readonly isStatic?: boolean;
}

interface Living extends Life {
  readonly process: Running;
  readonly events: Event[];
  readonly stalls: { from: number; to: number }[];
}

export class Member {
  readonly lives: Living[] = [];
  readonly #index: number;
  readonly #args: readonly string[];
  readonly #signal: AbortSignal;
  program: Program;
  #busy = true;

  constructor(program: Program, index: number, args: readonly string[], signal: AbortSignal) {
    this.program = program;
    this.#index = index;
    this.#args = args;
    this.#signal = signal;
  }

  get name(): string {
    return this.lives.at(-1)?.name ?? `${this.program.client} ${this.#index}`;
  }

  /** What it has said in its present life; nothing while something is done to it. */
  get events(): readonly Event[] {
    return this.#busy ? [] : (this.lives.at(-1)?.events ?? []);
  }

  /** It takes part, and nothing is being done to it. */
  get steady(): boolean {
    const events = this.events;
    return heldAfter(events).size > 0 || events.some(({ what }) => what === 'acquired');
  }

  /** What it has of the topic, for the failure message. */
  get part(): string {
    return `${this.events.length} events, holds ${[...heldAfter(this.events)].join(' ')}`;
  }

  get readCount(): number {
    const events = this.lives.flatMap((life) => life.events);
    return events.reduce((sum, event) => {
      if (event.what === 'acquired') return sum + event.records.length;
      return event.what === 'read' ? sum + event.last - event.first + 1 : sum;
    }, 0);
  }

  /** Begins the next life, as another program if there is one. */
  start(program: Program = this.program): void {
    this.program = program;
    if (this.#signal.aborted) return;
    const { client, command, args, options, protocol, isStatic } = program;
    const instance = isStatic ? `member-${this.#index}` : '';
    const events: Event[] = [];
    const process = new Running(command, [...args, ...this.#args, protocol, instance], options);
    const name = `${client} ${this.#index}.${this.lives.length}`;
    this.lives.push({ name, process, events, stalls: [] });
    let taken = 0;
    process.onOutput = () => {
      for (let end = process.stdout.indexOf('\n', taken); end >= 0; ) {
        const event = parseLine(process.stdout.slice(taken, end));
        if (event !== null) events.push(event);
        taken = end + 1;
        end = process.stdout.indexOf('\n', taken);
      }
    };
    this.#busy = false;
    void process.exited.then((code) => {
      if (code === NAME_TAKEN) setTimeout(() => this.#again(process), PATIENCE_MS);
    });
  }

  #again(process: Running): void {
    if (!this.#busy && this.#process === process) this.start();
  }

  /** Throws if it has ended by itself. */
  mustLive(): void {
    const process = this.lives.at(-1)?.process;
    if (this.#busy || !process || process.exitCode === null) return;
    if (process.exitCode === NAME_TAKEN) return;
    throw new Error(`${this.name} ended with exit code ${process.exitCode}\n${this.words}`);
  }

  async leave(): Promise<void> {
    this.mustLive();
    this.#busy = true;
    const process = this.#process;
    process.closeInput();
    const gone = process.exited.then(() => true);
    if (!(await Promise.race([gone, delay(LEAVE_MS, false, { ref: false })]))) {
      throw new Error(`${this.name} does not leave\n${this.words}`);
    }
    if (process.exitCode !== 0 && process.exitCode !== NAME_TAKEN) {
      throw new Error(`${this.name} left with exit code ${process.exitCode}\n${this.words}`);
    }
  }

  async kill(): Promise<void> {
    this.#busy = true;
    await this.lives.at(-1)?.process.stop('SIGKILL');
  }

  /** It stands still for as long; to the group it is gone. */
  async stall(milliseconds: number): Promise<void> {
    this.mustLive();
    this.#busy = true;
    const stall = { from: microseconds(), to: Number.POSITIVE_INFINITY };
    this.lives.at(-1)!.stalls.push(stall);
    this.#process.signal('SIGSTOP');
    await delay(milliseconds, null, { signal: this.#signal });
    this.#process.signal('SIGCONT');
    stall.to = microseconds();
    this.#busy = false;
  }

  /** The end of what it has said, for the failure message. */
  get words(): string {
    const process = this.lives.at(-1)?.process;
    return `${process?.stdout.slice(-500)}\n${process?.stderr.slice(-1500)}`;
  }

  /** All that it has said in all its lives. */
  get log(): string {
    const told = this.lives.map(({ name, stalls, process }) => {
      const still = stalls.map(({ from, to }) => `stood still from ${from} to ${to}`);
      return [`== ${name}`, ...still, process.stdout, process.stderr].join('\n');
    });
    return told.join('\n');
  }

  get #process(): Running {
    return this.lives.at(-1)!.process;
  }
}
