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
  /** What to say by SASL on each channel, where the way there has no words for it. */
  readonly sasl?: Credentials | undefined;
  open(): Promise<Channel>;
}

/** The line broke: nobody knows whether what was sent on it arrived. */
export function disconnected(message?: string, cause?: unknown): KafkaError {
  return new KafkaError(ErrorCode.NETWORK_EXCEPTION, message, { cause });
}
