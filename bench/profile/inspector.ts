/**
 * workerd's inspector: the Chrome DevTools protocol over a WebSocket, as much of it as a profile
 * needs. The surprise: Worker and objects share one isolate, and so one profile.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** A node of the call tree, as V8 writes it; lines count from 0. */
export interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

export interface CallFrame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** What a `.cpuprofile` holds; times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** What a `.heapprofile` holds: bytes allocated, by where. */
export interface AllocationNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data))));
    socket.addEventListener('close', () => this.#closed());
  }

  /** `address`: host and port, as workerd was given them. */
  static async open(address: string): Promise<Inspector> {
    const socket = new WebSocket(await socketOf(address));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
    });
    return new Inspector(socket);
  }

  close(): void {
    this.#socket.close();
  }

  /** @param intervalUs microseconds between two samples */
  async startCpuProfile(intervalUs: number): Promise<void> {
    await this.#ask('Profiler.enable');
    await this.#ask('Profiler.setSamplingInterval', { interval: intervalUs });
    await this.#ask('Profiler.start');
  }

  async stopCpuProfile(): Promise<CpuProfile> {
    const { profile } = await this.#ask<{ profile: CpuProfile }>('Profiler.stop');
    return profile;
  }

  /** What is thrown away before the end counts as well. */
  async startAllocationProfile(everyBytes: number): Promise<void> {
    await this.#ask('HeapProfiler.enable');
    await this.#ask('HeapProfiler.startSampling', {
      samplingInterval: everyBytes,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  }

  async stopAllocationProfile(): Promise<{ readonly head: AllocationNode }> {
    const { profile } = await this.#ask<{ profile: { head: AllocationNode } }>(
      'HeapProfiler.stopSampling',
    );
    return profile;
  }

  /** The text of a script that a call frame names. Afterwards code runs slower. */
  async sourceOf(scriptId: string): Promise<string> {
    await this.#ask('Debugger.enable');
    const { scriptSource } = await this.#ask<{ scriptSource: string }>('Debugger.getScriptSource', {
      scriptId,
    });
    return scriptSource;
  }

  #ask<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #receive(message: { id?: number; result?: unknown; error?: { message: string } }): void {
    const waiting = this.#waiting.get(message.id ?? 0);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id!);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result);
  }

  #closed(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('the inspector hung up'));
    this.#waiting.clear();
  }
}

/** Where the isolate of the Worker is inspected; workerd lists it when it has been loaded. */
async function socketOf(address: string): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const answer = await fetch(`http://${address}/json`).catch(() => undefined);
    const targets = (await answer?.json()) as { id: string; webSocketDebuggerUrl: string }[];
    const worker = targets?.find(({ id }) => id.includes('kedge'));
    if (worker !== undefined) return worker.webSocketDebuggerUrl;
    await delay(100);
  }
  throw new Error(`nobody is inspected at ${address}`);
}
