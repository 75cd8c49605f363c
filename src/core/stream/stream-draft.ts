/**
 * What a stream becomes by requests that are carried out together. The surprise: nothing of the
 * stream changes here, as nothing of the log does in a flush: what is drafted counts once it is
 * stored, in one stroke with the records.
 */
import type { AppendVerdict, ProducerClaim, StreamCalls } from './calls.ts';
import {
  mediaType,
  type ProducerState,
  plainContentType,
  plainState,
  producerKey,
  type StreamRow,
  type StreamState,
  type StreamStore,
  streamKey,
} from './stream-state.ts';

type AppendCommand = StreamCalls['streamAppend']['command'];

export interface Checked {
  readonly verdict: AppendVerdict;
  readonly producer?: ProducerState | undefined;
}

export class StreamDraft {
  readonly #store: Pick<StreamStore, 'streamRow'>;
  readonly #before: StreamState | undefined;
  readonly #producers = new Map<string, ProducerState>();
  state: StreamState | undefined;

  constructor(store: Pick<StreamStore, 'streamRow'>, state: StreamState | undefined) {
    this.#store = store;
    this.#before = state;
    this.state = state;
  }

  get isChanged(): boolean {
    return this.state !== this.#before || this.#producers.size > 0;
  }

  /** Whether this may be written, and is something new. */
  check({ contentType, seq, producer }: AppendCommand): Checked {
    const { state } = this;
    if (state?.closed) return this.#checkClosed(producer);
    const type = state?.contentType ?? plainContentType;
    if (contentType !== null && mediaType(contentType) !== mediaType(type)) {
      return { verdict: 'otherType' };
    }
    const claimed = producer === undefined ? undefined : this.#checkClaim(producer);
    if (claimed !== undefined) return claimed;
    const lastSeq = state?.lastSeq;
    const grows = seq === undefined || lastSeq === undefined || seq > lastSeq;
    return { verdict: grows ? 'appended' : 'seqRegression' };
  }

  /** It is written: what is to be known of it from now on. */
  written({ seq, producer, close }: AppendCommand, now: number): void {
    if (producer !== undefined) {
      const { producerId, epoch, seq: number } = producer;
      this.#producers.set(producerId, { epoch, seq: number });
    }
    if (seq === undefined && !close) return;
    const state = this.state ?? plainState(now);
    this.state = {
      ...state,
      declared: true,
      lastSeq: seq ?? state.lastSeq,
      closed: close,
      closedBy: close ? producer : undefined,
      usedAt: now,
    };
  }

  rows(): StreamRow[] {
    const rows = [...this.#producers].map(([id, state]) => ({
      key: producerKey(id),
      value: JSON.stringify(state),
    }));
    if (this.state === this.#before) return rows;
    return [...rows, { key: streamKey, value: JSON.stringify(this.state) }];
  }

  /** The request that closed the stream may be repeated; any other comes too late. */
  #checkClosed(producer: ProducerClaim | undefined): Checked {
    if (producer === undefined) return { verdict: 'closed' };
    const known = this.#producer(producer.producerId);
    if (known !== undefined && producer.epoch < known.epoch) {
      return { verdict: 'staleEpoch', producer: known };
    }
    const by = this.state?.closedBy;
    const isTheSame =
      by?.producerId === producer.producerId &&
      by.epoch === producer.epoch &&
      by.seq === producer.seq;
    return { verdict: isTheSame ? 'duplicate' : 'closed', producer: known };
  }

  #checkClaim({ producerId, epoch, seq }: ProducerClaim): Checked | undefined {
    const known = this.#producer(producerId);
    if (known === undefined) {
      return seq === 0 ? undefined : { verdict: 'gap', producer: { epoch, seq: -1 } };
    }
    if (epoch < known.epoch) return { verdict: 'staleEpoch', producer: known };
    if (epoch > known.epoch) return seq === 0 ? undefined : { verdict: 'epochBegins' };
    if (seq <= known.seq) return { verdict: 'duplicate', producer: known };
    return seq === known.seq + 1 ? undefined : { verdict: 'gap', producer: known };
  }

  #producer(producerId: string): ProducerState | undefined {
    const drafted = this.#producers.get(producerId);
    if (drafted !== undefined) return drafted;
    const row = this.#store.streamRow(producerKey(producerId));
    return row === undefined ? undefined : JSON.parse(row);
  }
}
