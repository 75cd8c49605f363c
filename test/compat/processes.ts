/**
 * Child processes that cannot outlive the run. Each is the leader of its own process group, so
 * ending one ends what it started; every wait has a limit; output is kept for the failure message.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const running = new Set<Running>();

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; absent: standard input stays open. */
  readonly input?: string | Uint8Array;
  /** Ends the process when it aborts. */
  readonly signal?: AbortSignal;
}

/** A started process and what it has printed so far. */
export class Running {
  readonly #child: ChildProcess;
  readonly exited: Promise<number>;
  readonly command: string;
  stdout = '';
  stderr = '';
  /** Set by whoever wants lines as they come; what was printed before is in `stdout`. */
  onOutput: () => void = () => {};
  exitCode: number | null = null;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.command = [command, ...args].join(' ').slice(0, 300);
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(this);
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.onOutput();
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.onOutput();
    });
    this.#child.stdin!.on('error', () => {}); // it may exit before it has read everything
    if (options.input !== undefined) this.#child.stdin!.end(options.input);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.stderr += error.message;
        this.#ended(127, resolve);
      });
      this.#child.once('close', (code) => this.#ended(code ?? 128, resolve));
    });
    options.signal?.addEventListener('abort', () => this.signal('SIGKILL'));
  }

  #ended(code: number, resolve: (code: number) => void): void {
    this.exitCode ??= code;
    running.delete(this);
    this.onOutput();
    resolve(this.exitCode);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  write(text: string): void {
    this.#child.stdin!.write(text);
  }

  closeInput(): void {
    this.#child.stdin!.end();
  }

  /** Sends a signal to the process and everything it started. */
  signal(name: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, name);
    } catch {
      // already gone
    }
  }

  /** Asks it to stop, and makes it stop when it does not within `graceMs`. */
  async stop(name: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<void> {
    this.signal(name);
    const gone = this.exited.then(() => true);
    if (!(await Promise.race([gone, delay(graceMs, false, { ref: false })]))) {
      this.signal('SIGKILL');
      await this.exited;
    }
  }

  /** Resolves once `done` holds of what was printed; fails if the process ends or time runs out. */
  async until(
    done: (printed: Running) => boolean,
    what: string,
    timeoutMs = 30_000,
  ): Promise<void> {
    const limit = Date.now() + timeoutMs;
    while (!done(this)) {
      if (this.exitCode !== null) throw new Error(`ended before ${what}\n${this.#tail()}`);
      if (Date.now() > limit) throw new Error(`waited in vain for ${what}\n${this.#tail()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.onOutput = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits for the end and fails unless the exit code is 0. */
  async finished(timeoutMs = 60_000): Promise<string> {
    const late = Symbol();
    const code = await Promise.race([this.exited, delay(timeoutMs, late, { ref: false })]);
    if (code === late) {
      await this.stop('SIGKILL');
      throw new Error(`did not end within ${timeoutMs} ms\n${this.#tail()}`);
    }
    if (code !== 0) throw new Error(`exit code ${String(code)}\n${this.#tail()}`);
    return this.stdout;
  }

  #tail(): string {
    const printed = `${this.stdout.slice(-1500)}\n${this.stderr.slice(-1500)}`.trim();
    return `$ ${this.command}\n${printed}`;
  }
}

/** Runs a command to its end and returns what it printed. */
export function runToEnd(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { timeoutMs?: number } = {},
): Promise<string> {
  const process = new Running(command, args, options);
  if (options.input === undefined) process.closeInput();
  return process.finished(options.timeoutMs);
}

/** Ends whatever is still running; for the way out. */
export function killEverything(): void {
  for (const process of running) process.signal('SIGKILL');
}
