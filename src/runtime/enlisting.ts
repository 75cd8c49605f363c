/**
 * Appends of transactions on their way into a log: the first of a transaction waits for the
 * coordinator's word, and the others of its producer wait behind it. The surprise: nobody else
 * does, not even who names the same transactional id; and when the word is no, those behind get the
 * same answer, for they must not go first.
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

export class Enlisting {
  readonly #around: EnlistingSurroundings;
  /** Questions on their way, until what they are about is written: by producer and epoch. */
  readonly #underWay = new Map<string, Promise<Enlisted>>();

  constructor(surroundings: EnlistingSurroundings) {
    this.#around = surroundings;
  }

  async append(command: AppendCommand): Promise<AppendReply> {
    const question = this.#around.question(command);
    if (question === undefined) return this.#around.write(command);
    if ('errorCode' in question) return question;
    const key = keyOf(question);
    const ahead = this.#underWay.get(key);
    if (ahead !== undefined) return this.#follow(command, ahead);
    const answer = this.#ask(question, command);
    this.#underWay.set(key, answer);
    try {
      return await this.#follow(command, answer);
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** Those that wait for the same answer are written in the order in which they came. */
  async #follow(command: AppendCommand, answer: Promise<Enlisted>): Promise<AppendReply> {
    const { errorCode, transactionNumber } = await answer;
    return errorCode === ErrorCode.NONE
      ? this.#around.write({ ...command, transactionNumber })
      : enlistRefused(errorCode);
  }

  async #ask(question: EnlistQuestion, command: AppendCommand): Promise<Enlisted> {
    try {
      return await this.#around.ask(question, command);
    } catch {
      return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, transactionNumber: -1 };
    }
  }
}

/**
 * Who asks: not the transactional id alone, which zombies and strangers may name too. What is said
 * of one of them, be it yes or no, holds for no other.
 */
function keyOf({ transactionalId, producerId, producerEpoch }: EnlistQuestion): string {
  return `${producerId} ${producerEpoch} ${transactionalId}`;
}

/** Kafka says nothing of the log then. */
function enlistRefused(errorCode: number): AppendReply {
  return refused(enlistRefusal(errorCode), -1);
}
