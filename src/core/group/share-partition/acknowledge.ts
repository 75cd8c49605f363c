/**
 * What a member says of records that it holds: all of it takes effect or, when a word of it cannot
 * be, nothing. The surprise: acknowledgements come in order, so both they and the state are walked
 * through once, and a range of any length costs no more than what it meets.
 *
 * Behaviour
 * - What lies below the start offset is done; to acknowledge it again changes nothing.
 * - Records that are not held, or held by somebody else, are INVALID_RECORD_STATE; so are those of
 *   which nothing is known. Beyond the last record that was given out is INVALID_REQUEST.
 * - Gap (0) and reject (3) archive, accept (1) ends, release (2) gives back, renew (4) holds for
 *   longer (KIP-1222).
 */
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import type { AcknowledgementBatch, ShareSettings } from './calls.ts';
import {
  beginningBy,
  changed,
  type InFlightBatch,
  over,
  RecordState,
  type Run,
  released,
  type ShareState,
  settled,
} from './state.ts';

export const AcknowledgeType = { GAP: 0, ACCEPT: 1, RELEASE: 2, REJECT: 3, RENEW: 4 } as const;

export interface AcknowledgeQuestion {
  readonly memberId: string;
  readonly settings: ShareSettings;
  /** In order: each begins no earlier than the one before ends. */
  readonly acknowledgements: readonly AcknowledgementBatch[];
  readonly now: number;
}

/** Throws INVALID_RECORD_STATE or INVALID_REQUEST. */
export function acknowledge(state: ShareState, question: AcknowledgeQuestion): ShareState {
  const acknowledging = new Acknowledging(state, question);
  for (const acknowledgement of question.acknowledgements) acknowledging.take(acknowledgement);
  return settled(acknowledging.finish());
}

class Acknowledging {
  readonly #state: ShareState;
  readonly #question: AcknowledgeQuestion;
  /** The batches in flight that were passed, as they will be. */
  readonly #passed: InFlightBatch[] = [];
  /** The batch in flight that is spoken of, its next run, and what changes in it. */
  #index = 0;
  #run = 0;
  #changes: Run[] = [];
  /** Its records count alone from now on. */
  #apart = false;

  constructor(state: ShareState, question: AcknowledgeQuestion) {
    this.#state = state;
    this.#question = question;
  }

  take(acknowledgement: AcknowledgementBatch): void {
    if (acknowledgement.lastOffset < this.#state.startOffset) return;
    const { batches } = this.#state;
    this.#checkRange(acknowledgement);
    while (this.#index < batches.length) {
      const batch = batches[this.#index];
      if (batch.firstOffset > acknowledgement.lastOffset) return;
      if (batch.lastOffset >= acknowledgement.firstOffset) {
        this.#takeIn(batch, acknowledgement);
        // What comes next may begin where this one ends.
        if (batch.lastOffset >= acknowledgement.lastOffset) return;
      }
      this.#pass();
    }
  }

  finish(): ShareState {
    const { batches } = this.#state;
    if (this.#index < batches.length) this.#pass();
    return { ...this.#state, batches: [...this.#passed, ...batches.slice(this.#index)] };
  }

  #pass(): void {
    const batch = changed(this.#state.batches[this.#index++], this.#changes);
    this.#passed.push(this.#apart ? { ...batch, perRecord: true } : batch);
    this.#changes = [];
    this.#run = 0;
    this.#apart = false;
  }

  /** Something must be known of where the range begins, and of where it ends. */
  #checkRange({ firstOffset, lastOffset }: AcknowledgementBatch): void {
    const { startOffset, batches } = this.#state;
    const known = batches.at(0);
    const start = Math.max(firstOffset, startOffset);
    if (known === undefined || start < known.firstOffset) {
      throw invalidState(
        'Batch record not found. The request batch offsets are not found in the cache.',
      );
    }
    const reached = batches[beginningBy(batches, lastOffset) - 1].lastOffset;
    const past = (what: string) => {
      const message = `Batch record not found. The ${what} offset in request is past acquired records.`;
      return new KafkaError(ErrorCode.INVALID_REQUEST, message);
    };
    if (reached < start) throw past('first');
    if (reached < lastOffset) throw past('last');
  }

  #takeIn(batch: InFlightBatch, acknowledgement: AcknowledgementBatch): void {
    if (!batch.perRecord && !this.#apart) this.#checkWhole(batch);
    this.#apart ||= this.#isPart(batch, acknowledgement);
    const from = Math.max(acknowledgement.firstOffset, this.#state.startOffset);
    const to = acknowledgement.lastOffset;
    const { runs } = batch;
    while (this.#run < runs.length) {
      const run = runs[this.#run];
      if (run.firstOffset > to) return;
      if (run.lastOffset >= from) {
        this.#takeRun(
          {
            ...run,
            firstOffset: Math.max(run.firstOffset, from),
            lastOffset: Math.min(run.lastOffset, to),
          },
          acknowledgement,
        );
        if (run.lastOffset >= to) return;
      }
      this.#run++;
    }
  }

  #isPart(batch: InFlightBatch, acknowledgement: AcknowledgementBatch): boolean {
    const first = Math.max(acknowledgement.firstOffset, this.#state.startOffset);
    const part = first > batch.firstOffset || acknowledgement.lastOffset < batch.lastOffset;
    return part || acknowledgement.acknowledgeTypes.length > 1;
  }

  #checkWhole({ runs }: InFlightBatch): void {
    const [{ memberId }] = runs;
    const spokenOf = this.#changes.at(-1);
    if (memberId === '' || (spokenOf !== undefined && spokenOf.memberId === '')) {
      throw invalidState(
        'The batch cannot be acknowledged. The batch is not in the acquired state.',
      );
    }
    if (memberId !== this.#question.memberId) {
      throw invalidState('Member is not the owner of batch record');
    }
  }

  /** `held` is what is spoken of, of one run. */
  #takeRun(held: Run, { firstOffset, acknowledgeTypes }: AcknowledgementBatch): void {
    const last = this.#changes.at(-1);
    const again = last !== undefined && last.lastOffset >= held.firstOffset;
    if (held.state !== RecordState.ACQUIRED || (again && last.memberId === '')) {
      throw invalidState('The offset cannot be acknowledged. The offset is not acquired.');
    }
    if (held.memberId !== this.#question.memberId) {
      throw invalidState('Member is not the owner of offset');
    }
    if (again) this.#takeBack(last, held.firstOffset);
    if (acknowledgeTypes.length === 1) {
      this.#changes.push(this.#after(held, acknowledgeTypes[0]));
      return;
    }
    let from = held.firstOffset;
    while (from <= held.lastOffset) {
      const type = acknowledgeTypes[from - firstOffset];
      let to = from;
      while (to < held.lastOffset && acknowledgeTypes[to + 1 - firstOffset] === type) to++;
      this.#changes.push(this.#after({ ...held, firstOffset: from, lastOffset: to }, type));
      from = to + 1;
    }
  }

  /** What was renewed may be spoken of again. */
  #takeBack(last: Run, firstOffset: number): void {
    this.#changes.pop();
    if (last.firstOffset < firstOffset) {
      this.#changes.push({ ...last, lastOffset: firstOffset - 1 });
    }
  }

  #after(held: Run, type: number): Run {
    const { settings, now } = this.#question;
    switch (type) {
      case AcknowledgeType.ACCEPT:
        return over(held, RecordState.ACKNOWLEDGED);
      case AcknowledgeType.GAP:
      case AcknowledgeType.REJECT:
        return over(held, RecordState.ARCHIVED);
      case AcknowledgeType.RELEASE:
        return released(held, settings);
      case AcknowledgeType.RENEW:
        if (settings.renewAcknowledgeEnable) {
          return { ...held, lockedUntil: now + settings.recordLockDurationMs };
        }
        throw invalidState('Renewing acquisition locks is not enabled for the group.');
      default:
        throw new KafkaError(ErrorCode.INVALID_REQUEST, `Invalid acknowledge type: ${type}`);
    }
  }
}

function invalidState(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_RECORD_STATE, message);
}
