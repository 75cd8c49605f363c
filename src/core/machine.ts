/**
 * The contract of a coordinator: it decides and never acts. A machine is pure and synchronous; its
 * host stores the rows it returns, replays them, sets the alarm and answers. The surprise: `decide`
 * never changes state, only `replay` does.
 */

/** Names one held caller (a parked JoinGroup, SyncGroup, …) until its reply is known. */
export type Ticket = number;

/** A reply that is not known yet: the host holds the caller under this ticket. */
export interface Parked {
  readonly parked: Ticket;
}

/** What a machine wants done: rows stored atomically, then replayed, then callers answered. */
export interface Outcome<Reply, Row> {
  /** Stored in one transaction, then replayed in order. Empty when nothing durable changes. */
  readonly rows: readonly Row[];
  /** The answer to this caller, now or under a ticket. */
  readonly reply: Reply | Parked;
  /** Held callers whose answer is now known. */
  readonly wake: ReadonlyMap<Ticket, Reply>;
}

/** A deterministic coordinator. `now` is in milliseconds since the epoch. */
export interface Machine<Command, Reply, Row> {
  /**
   * Reads state only, apart from memory that is rebuilt on load (heartbeat deadlines, parked
   * callers).
   */
  decide(command: Command, now: number): Outcome<Reply, Row>;
  /** The only place durable state changes. Loading an object is replaying its rows. */
  replay(row: Row): void;
  /** Handles the deadlines that have passed at `now`. The reply is ignored. */
  expire(now: number): Outcome<Reply | undefined, Row>;
  /** When `expire` must next be called; undefined when nothing is pending. */
  readonly deadline: number | undefined;
}

export function isParked(reply: unknown): reply is Parked {
  return typeof reply === 'object' && reply !== null && 'parked' in reply;
}

/**
 * One entry of a machine's compacted key/value table. Keys are unique; the last value stands; null
 * deletes. Values are plain data: objects, arrays, strings, finite numbers, booleans, null,
 * undefined properties left out, and Uint8Array.
 */
export interface Row<Key extends string = string, Value = unknown> {
  readonly key: Key;
  readonly value: Value | null;
}

/** A table of calls as one union, which is the Command of a machine: `{ kind, command }`. */
export type CallOf<Calls extends { [K in keyof Calls]: { command: unknown } }> = {
  [K in keyof Calls & string]: { readonly kind: K; readonly command: Calls[K]['command'] };
}[keyof Calls & string];

/** Every reply of a table of calls as one union, which is the Reply of a machine. */
export type ReplyOf<Calls extends { [K in keyof Calls]: { reply: unknown } }> = {
  [K in keyof Calls & string]: Calls[K]['reply'];
}[keyof Calls & string];
