/**
 * The stream that a partition is: created, written, hidden, ended. The surprise: every partition is
 * one, with the content type of plain bytes, before anybody says so; then it costs nothing.
 */
import type { StreamAbsence, StreamCalls } from './calls.ts';
import { StreamDraft } from './stream-draft.ts';
import {
  endOf,
  plainState,
  type StreamState,
  type StreamStore,
  streamKey,
} from './stream-state.ts';

/** Use that prolongs a stream's life by less than this part of it is not written down. */
const worthWriting = 1 / 100;

type Command<K extends keyof StreamCalls> = StreamCalls[K]['command'];

export class PartitionStream {
  readonly #store: StreamStore;
  #state: StreamState | undefined;
  /** Milliseconds since the epoch. */
  #usedAt: number;

  /** @param appendedAt when the log was last written to; -1: never */
  constructor(store: StreamStore, appendedAt: number) {
    this.#store = store;
    const row = store.streamRow(streamKey);
    this.#state = row === undefined ? undefined : (JSON.parse(row) as StreamState);
    this.#usedAt = Math.max(this.#state?.usedAt ?? -1, appendedAt);
  }

  get state(): StreamState | undefined {
    return this.#state;
  }

  get closed(): boolean {
    return this.#state?.closed ?? false;
  }

  /** When it ends if nobody uses it any more; undefined: never, or it is of no use already. */
  get endsAt(): number | undefined {
    const { state } = this;
    return state === undefined || state.hidden ? undefined : endOf(state, this.#usedAt);
  }

  /** Why nobody may read or write it; undefined: it is there. */
  absence(now: number): StreamAbsence | undefined {
    const { state } = this;
    if (state === undefined) return undefined;
    if (state.hidden) return 'gone';
    const endsAt = endOf(state, this.#usedAt);
    if (endsAt !== undefined && endsAt <= now) return state.forks.length > 0 ? 'gone' : 'unknown';
    return state.unfinished ? 'unfinished' : undefined;
  }

  draft(): StreamDraft {
    return new StreamDraft(this.#store, this.#state);
  }

  /** What was drafted is stored, or records were. */
  stored({ state }: StreamDraft, now: number): void {
    this.#state = state;
    this.#usedAt = Math.max(this.#usedAt, now);
  }

  /** It was read, or written in vain. */
  used(now: number): void {
    const state = this.#state;
    this.#usedAt = Math.max(this.#usedAt, now);
    if (state?.ttlSeconds === undefined) return;
    const gained = this.#usedAt - state.usedAt;
    if (gained >= state.ttlSeconds * 1_000 * worthWriting) {
      this.#keep({ ...state, usedAt: this.#usedAt });
    }
  }

  /** Remembers a fork, and forgets others. */
  forks({ add, remove }: Command<'streamForks'>, now: number): void {
    const state = this.#state ?? plainState(now);
    const kept = state.forks.filter((fork) => fork !== add && !remove.includes(fork));
    this.#keep({ ...state, forks: add === undefined ? kept : [...kept, add] });
  }

  hide(now: number): void {
    this.#keep({ ...(this.#state ?? plainState(now)), hidden: true });
  }

  #keep(state: StreamState): void {
    this.#store.keepStreamRows([{ key: streamKey, value: JSON.stringify(state) }]);
    this.#state = state;
  }
}
