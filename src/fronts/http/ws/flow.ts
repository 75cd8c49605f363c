/**
 * Records on their way to a client: as many as it wants at a time, and as it wants them in frames.
 * The surprise: what was read and not sent yet is at most one look at the partitions, and nothing
 * more is read before it has gone.
 */

import { Bell } from '../../../broker/bell.ts';
import type { PartitionOffset } from '../../../core/rest-consumer/state.ts';
import type { Line } from './line.ts';

export interface ShownRecord extends PartitionOffset {
  readonly text: string;
}

export function lengthOf(records: readonly ShownRecord[]): number {
  return records.reduce((sum, { text }) => sum + text.length, 0);
}

export interface FlowOptions {
  /** Whether records go out only where the client has asked for them: `permit`. */
  readonly pullMode: boolean;
  /** How many records a frame may have; more than one: frames are arrays. */
  readonly batch: number;
}

export class Flow {
  readonly #line: Line;
  readonly #options: FlowOptions;
  readonly #bell = new Bell();
  #permits = 0;
  #waiting: readonly ShownRecord[] = [];

  constructor(line: Line, options: FlowOptions) {
    this.#line = line;
    this.#options = options;
    line.onClose(() => this.#bell.ring(true));
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** How many more records the client has asked for. */
  get permits(): number {
    return this.#options.pullMode ? this.#permits : Number.POSITIVE_INFINITY;
  }

  permit(count: number): void {
    this.#permits = Math.min(this.#permits + count, Number.MAX_SAFE_INTEGER);
    this.ring();
  }

  /** Something happened: who rests should look again. */
  ring(): void {
    this.#bell.ring();
  }

  /** Until somebody rings, the line closes or time is up. */
  async rest(ms: number): Promise<void> {
    if (this.#line.isClosed) return;
    const timer = setTimeout(() => this.#bell.ring(), ms);
    await this.#bell.rung();
    clearTimeout(timer);
  }

  /** Takes what was read; only while it is empty. */
  fill(records: readonly ShownRecord[]): void {
    this.#waiting = records;
  }

  clear(): void {
    this.#waiting = [];
  }

  /** Sends what may go, at most `room` records. `sending` hears of each before it goes. */
  async pour(room: number, sending: (record: ShownRecord) => void = () => {}): Promise<void> {
    let left = Math.min(room, this.permits);
    while (left > 0 && this.#waiting.length > 0 && !this.#line.isClosed) {
      const count = Math.min(left, this.#options.batch, this.#waiting.length);
      const records = this.#waiting.slice(0, count);
      this.#waiting = this.#waiting.slice(count);
      left -= count;
      if (this.#options.pullMode) this.#permits -= count;
      for (const record of records) sending(record);
      const texts = records.map(({ text }) => text);
      await this.#line.send(this.#options.batch > 1 ? `[${texts.join(',')}]` : texts[0]);
    }
  }
}
