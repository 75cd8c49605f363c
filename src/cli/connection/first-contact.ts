/**
 * A cluster that was never reached is not waited for. The surprise: the SDK tries again what was
 * not answered, as it should where a broker is only away for a moment; but whoever typed a wrong
 * address wants to hear of it at once.
 */
import type { Channel, Transport } from '../../client/channel.ts';
import { within } from '../../client/waiting.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { Refused } from '../usage.ts';

/** What a person may do about it. */
export interface Advice {
  /** Where nothing answers. */
  readonly nowhere: string;
  /** Where it is not known who asks. */
  readonly nobody: string;
  /** How long an answer may take. */
  readonly requestTimeoutMs: number;
}

const absent: ReadonlySet<number> = new Set([
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.REQUEST_TIMED_OUT,
]);

/** The same, refused for good where it is never reached. */
export function decisive(transport: Transport, name: string, advice: Advice): Transport {
  let isReached = false;
  // Less than the whole may take: whoever waits for that would ask again.
  const firstMs = Math.ceil(advice.requestTimeoutMs / 2);
  const explained = (error: unknown): unknown => {
    if (!(error instanceof KafkaError)) return error;
    if (error.code === ErrorCode.SASL_AUTHENTICATION_FAILED) {
      return new Refused(`${error.message.replace(/^HTTP 401: /, '')} (${advice.nobody})`);
    }
    if (isReached || !absent.has(error.code)) return error;
    return new Refused(`nothing answers at ${name} (${error.message}); ${advice.nowhere}`);
  };
  const watched = (channel: Channel): Channel => ({
    get isOpen() {
      return channel.isOpen;
    },
    async request(frame, isAnswered) {
      try {
        const asked = channel.request(frame, isAnswered);
        const answer = await (isReached ? asked : within(asked, { timeoutMs: firstMs }));
        isReached = true;
        return answer;
      } catch (error) {
        throw explained(error);
      }
    },
    close: () => channel.close(),
  });
  return {
    ...transport,
    async open() {
      try {
        return watched(await transport.open());
      } catch (error) {
        throw explained(error);
      }
    },
  };
}
