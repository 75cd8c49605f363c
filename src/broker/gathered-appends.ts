/**
 * The appends of one connection on their way to one partition: those that are made in the same
 * breath, as when several requests came in one read, travel in one call. The surprise: nobody waits
 * for company, since a call leaves at the end of the turn in which its first append was made.
 */
import type { AppendPart, AppendReply, PartitionCalls, PartitionSpec } from '../core/log/calls.ts';

/** What one call carries at most, unless a single append is larger. */
const mostBytes = 4 * 1024 * 1024;
const mostAppends = 100;

type AppendCommand = PartitionCalls['append']['command'];

/** The way to the partition. */
export interface AppendCalls {
  append(command: AppendCommand): Promise<AppendReply>;
  appendAll(
    command: PartitionCalls['appendAll']['command'],
  ): Promise<PartitionCalls['appendAll']['reply']>;
}

interface Waiting {
  readonly command: AppendCommand;
  readonly reply: PromiseWithResolvers<AppendReply>;
}

export class GatheredAppends {
  readonly #calls: AppendCalls;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(calls: AppendCalls) {
    this.#calls = calls;
  }

  /** The records may be a view of something larger: they travel alone. */
  append(command: AppendCommand): Promise<AppendReply> {
    const reply = Promise.withResolvers<AppendReply>();
    const bytes = command.records.byteLength;
    const isFull = this.#bytes + bytes > mostBytes || this.#waiting.length === mostAppends;
    if (isFull) this.#send();
    if (this.#waiting.length === 0) void Promise.resolve().then(() => this.#send());
    this.#waiting.push({ command, reply });
    this.#bytes += bytes;
    return reply.promise;
  }

  #send(): void {
    const sent = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    if (sent.length === 1) this.#sendOne(sent[0]);
    else if (sent.length > 1) void this.#sendAll(sent);
  }

  #sendOne({ command, reply }: Waiting): void {
    const { records } = command;
    const isAlone = records.byteLength === records.buffer.byteLength;
    reply.resolve(this.#calls.append(isAlone ? command : { ...command, records: records.slice() }));
  }

  async #sendAll(sent: readonly Waiting[]): Promise<void> {
    try {
      const { replies } = await this.#calls.appendAll(together(sent.map(({ command }) => command)));
      for (const [i, { reply }] of sent.entries()) reply.resolve(replies[i]);
    } catch (error) {
      for (const { reply } of sent) reply.reject(error);
    }
  }
}

/**
 * All of these in one command. A call carries the whole buffer of a view: theirs has nothing else
 * in it, and is one view, since each more takes its time.
 */
function together(commands: readonly AppendCommand[]): PartitionCalls['appendAll']['command'] {
  const all = new Uint8Array(commands.reduce((sum, { records }) => sum + records.byteLength, 0));
  let at = 0;
  const appends = commands.map(({ spec: _, records, ...append }): AppendPart => {
    all.set(records, at);
    at += records.byteLength;
    return { ...append, byteCount: records.byteLength };
  });
  // What was learned of the topic last.
  const { spec }: { spec: PartitionSpec } = commands[commands.length - 1];
  return { spec, records: all, appends };
}
