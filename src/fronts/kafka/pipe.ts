/**
 * What carries a client's bytes, whichever way it came in: a TCP socket, or a WebSocket that stands
 * for one.
 */

export interface Pipe {
  /** The next bytes, in a buffer of this size if that can be chosen; undefined: no more come. */
  read(size: number): Promise<Uint8Array | undefined>;
  /** Sends and waits for room; rejects when the client is gone. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Ends the reading: nobody will ask for more. */
  stopReading(): void;
  /** Hangs up without sending what waits to be sent. */
  abort(): void;
  /**
   * Hangs up behind what was sent. `goOnAt`: the client may go on elsewhere with what it sent from
   * this byte on, as though nothing had happened. `refusal`: why it is not served, for who can be
   * told so outside of Kafka's bytes.
   */
  close(goOnAt?: number, refusal?: string): Promise<void>;
  /** What was sent before this byte is being served: the client need not keep it. */
  began?(to: number): void;
  /** Whether the client keeps what it sent from this byte on. If so it is not told otherwise. */
  keepsFrom?(at: number): boolean;
  /** Settles when the client is gone: true when it was lost, false when it left in order. */
  readonly gone: Promise<boolean>;
}
