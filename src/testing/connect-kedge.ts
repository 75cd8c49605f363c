/**
 * A Kedge that was started elsewhere with controls for tests, by `kedge dev --test-controls` or in
 * a global setup. The surprise: that it was crashed or restarted is seen by its count of starts,
 * since whoever does it cannot answer.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlledKedge, type Host } from './controlled-kedge.ts';
import { Controls, Unanswered } from './controls.ts';
import type { Kedge, KedgeAddress } from './kedge.ts';
import { type BeginOptions, seedsOf } from './options.ts';

/** How long it may be away. */
const patienceMs = 15_000;

/** Controls a Kedge that runs already. `stop()` leaves it running. */
export function connectKedge(address: KedgeAddress, begin: BeginOptions = {}): Kedge {
  const at = { ...address, url: address.url.replace(/\/$/, '') };
  const beginning = { seeds: seedsOf(begin), snapshot: begin.snapshot };
  return new ControlledKedge(at, new HostElsewhere(new Controls(at)), beginning);
}

class HostElsewhere implements Host {
  readonly #controls: Controls;

  constructor(controls: Controls) {
    this.#controls = controls;
  }

  async crash(restart: boolean): Promise<void> {
    if (!restart) {
      throw new Error(
        'Only a Kedge that this process has started, by startKedge(), can stay away after a crash.',
      );
    }
    await this.#startedAgain(() => this.#controls.post('/crash'));
  }

  restart(): Promise<void> {
    return this.#startedAgain(() => this.#controls.post('/restart'));
  }

  async snapshot(file: string): Promise<void> {
    await writeFile(file, await this.#controls.download('/snapshot'));
  }

  async restore(file: string): Promise<void> {
    const bytes = await readFile(file);
    await this.#startedAgain(() => this.#controls.upload('/restore', new Uint8Array(bytes)));
  }

  async stop(): Promise<void> {}

  async #startedAgain(ask: () => Promise<void>): Promise<void> {
    const before = await this.#starts();
    let lost: Unanswered | undefined;
    try {
      await ask();
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      // On a busy machine it may be gone before its answer is on its way.
      lost = error;
    }
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const starts = await this.#starts().catch(() => 0);
      if (starts > before) return;
      if (Date.now() > deadline) {
        throw new Error(`Kedge is not back after ${patienceMs} ms.`, { cause: lost });
      }
      await delay(10);
    }
  }

  async #starts(): Promise<number> {
    return (await this.#controls.get<{ starts: number }>('')).starts;
  }
}
