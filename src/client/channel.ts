/**
 * What carries Kafka's frames to Kedge: a line that requests go out on in order, and answers come
 * back. The surprise: a line may end at any time between two requests, since whoever is at its
 * other end may only do so much; the next request then goes out on another.
 */
import { ErrorCode, KafkaError } from '../protocol/errors.ts';

/** Who asks. In a binding's place the Worker's configuration says so. */
export interface Credentials {
  /** A bearer token. */
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** The header that says so; empty when nothing is known. */
export function authorization({ token, username, password }: Credentials): {
  authorization?: string;
} {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  const pair = new TextEncoder().encode(`${username}:${password ?? ''}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...pair))}` };
}

/** One line to Kedge. What is sent on it arrives in the order it was sent. */
export interface Channel {
  /** Whether it takes another request. When not, another channel is to be opened. */
  readonly isOpen: boolean;
  /**
   * The response to one request, neither with its length; null when none is to come (`isAnswered`
   * false). Rejects with a KafkaError, NETWORK_EXCEPTION when nobody knows whether it arrived.
   */
  request(frame: readonly Uint8Array[], isAnswered: boolean): Promise<Uint8Array | null>;
  /** What is under way fails. */
  close(): void;
}

export interface Transport {
  /** What is learned of a Kedge is remembered by this. */
  readonly address: string | object;
  open(): Promise<Channel>;
}

/** The line broke: nobody knows whether what was sent on it arrived. */
export function disconnected(message?: string, cause?: unknown): KafkaError {
  return new KafkaError(ErrorCode.NETWORK_EXCEPTION, message, { cause });
}
