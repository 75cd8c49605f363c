/**
 * Appends of transactions on their way into a log: the first of a transaction waits for the
 * coordinator's word, and the others of its producer wait behind it. The surprise: nobody else
 * does; and when the word is no, those behind get the same answer, for they must not go first.
 */
import type { AppendReply } from '../core/log/calls.ts';
import { type EnlistQuestion, enlistRefusal } from '../core/log/enlistments.ts';
import { type AppendCommand, refused } from '../core/log/flush.ts';
import type { Enlisted } from '../core/transaction-marker.ts';
import { ErrorCode } from '../protocol/errors.ts';

export interface EnlistingSurroundings {
  /** What to ask before the append may be written, or why it may not; undefined: nothing. */
  question(command: AppendCommand): EnlistQuestion | AppendReply | undefined;
  /** Asks the coordinator; may throw. */
  ask(question: EnlistQuestion, command: AppendCommand): Promise<Enlisted>;
  /** Writes behind everything that was given to it before. */
  write(command: AppendCommand): Promise<AppendReply>;
}

/** A question on its way, until what it is about is written. */
interface Asked {
  readonly producerEpoch: number;
  readonly answer: Promise<Enlisted>;
}

export class Enlisting {
  readonly #around: EnlistingSurroundings;
  /** By transactional id. */
  readonly #underWay = new Map<string, Asked>();

  constructor(surroundings: EnlistingSurroundings) {
    this.#around = surroundings;
  }

  async append(command: AppendCommand, transactionalId: string): Promise<AppendReply> {
    let before: Asked | undefined;
    let answer: Enlisted | undefined;
    let ahead = this.#underWay.get(transactionalId);
    while (ahead !== undefined && ahead !== before) {
      before = ahead;
      answer = await ahead.answer;
      if (answer.errorCode !== ErrorCode.NONE) return enlistRefused(answer.errorCode);
      ahead = this.#underWay.get(transactionalId);
    }
    const question = this.#around.question(command);
    if (question === undefined) return this.#around.write(command);
    if ('errorCode' in question) return question;
    const { producerEpoch } = question;
    return answer !== undefined && before?.producerEpoch === producerEpoch
      ? this.#around.write({ ...command, transactionNumber: answer.transactionNumber })
      : this.#begin(command, question);
  }

  async #begin(command: AppendCommand, question: EnlistQuestion): Promise<AppendReply> {
    const { transactionalId, producerEpoch } = question;
    const asked = { producerEpoch, answer: this.#ask(question, command) };
    this.#underWay.set(transactionalId, asked);
    try {
      const { errorCode, transactionNumber } = await asked.answer;
      if (errorCode !== ErrorCode.NONE) return enlistRefused(errorCode);
      return await this.#around.write({ ...command, transactionNumber });
    } finally {
      if (this.#underWay.get(transactionalId) === asked) this.#underWay.delete(transactionalId);
    }
  }

  async #ask(question: EnlistQuestion, command: AppendCommand): Promise<Enlisted> {
    try {
      return await this.#around.ask(question, command);
    } catch {
      return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, transactionNumber: -1 };
    }
  }
}

/** Kafka says nothing of the log then. */
function enlistRefused(errorCode: number): AppendReply {
  return refused(enlistRefusal(errorCode), -1);
}
