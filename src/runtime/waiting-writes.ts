/**
 * What waits to be written to a partition's log, in the order in which it came. The surprise: what
 * is counted are calls, however many appends a call brings along: so many callers wait.
 */
import { isAppend, type WriteCommand } from '../core/log/partition-log.ts';
import { bytesOf } from '../core/stream/stream-writes.ts';

/** One write takes no more than this, but for a single larger append. */
const mostBytes = 8 * 1024 * 1024;

export interface WaitingWrite {
  readonly command: WriteCommand;
  /** 0: it came in one call with the one before it. */
  readonly calls: 0 | 1;
  /** Of the kind that belongs to the command. */
  answer(reply: { readonly errorCode: number }): void;
  fail(errorCode: number): void;
}

export class WaitingWrites {
  #writes: WaitingWrite[] = [];
  #calls = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  /** Calls that brought along what waits. */
  get count(): number {
    return this.#calls;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(write: WaitingWrite): void {
    this.#writes.push(write);
    this.#calls += write.calls;
    this.#bytes += sizeOf(write.command);
  }

  /** Those that are written together, at least one. */
  take(): readonly WaitingWrite[] {
    let count = 0;
    let bytes = 0;
    for (const { command } of this.#writes) {
      const more = bytes + sizeOf(command);
      if (count > 0 && more > mostBytes) break;
      bytes = more;
      count++;
    }
    const taken = this.#writes.splice(0, count);
    this.#calls -= callsOf(taken);
    this.#bytes -= bytes;
    return taken;
  }

  takeAll(): readonly WaitingWrite[] {
    const taken = this.#writes;
    this.#writes = [];
    this.#calls = 0;
    this.#bytes = 0;
    return taken;
  }
}

export function callsOf(writes: readonly WaitingWrite[]): number {
  return writes.reduce((sum, { calls }) => sum + calls, 0);
}

function sizeOf(command: WriteCommand): number {
  if ('kind' in command) return bytesOf(command);
  return isAppend(command) ? command.records.length : 0;
}
