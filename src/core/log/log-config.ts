/**
 * The topic configs the log obeys, by Kafka's names and with Kafka's defaults. The surprise:
 * `max.message.bytes` has a ceiling here, because a batch crosses an RPC whole and shares the
 * memory of an isolate with everything else.
 */

/** No batch is larger, whatever a topic says. */
export const largestBatchBytes = 8 * 1024 * 1024;

export interface LogConfig {
  /** `max.message.bytes`: the largest record batch, header included. */
  readonly maxMessageBytes: number;
  /** `message.timestamp.type` is LogAppendTime. */
  readonly logAppendTime: boolean;
  /** `message.timestamp.before.max.ms`: how far in the past a record may claim to be. */
  readonly timestampBeforeMaxMs: number;
  /** `message.timestamp.after.max.ms`: how far in the future. */
  readonly timestampAfterMaxMs: number;
  /** `cleanup.policy` names compact: every record needs a key. */
  readonly compacted: boolean;
}

/**
 * Reads a topic's own configs; `messageMaxBytes` is the broker's default of `max.message.bytes`.
 */
export function logConfigFrom(
  configs: Readonly<Record<string, string>>,
  messageMaxBytes: number,
): LogConfig {
  const number = (name: string, initial: number): number => {
    const value = Number(configs[name] ?? initial);
    return Number.isFinite(value) ? value : initial;
  };
  return {
    maxMessageBytes: Math.min(number('max.message.bytes', messageMaxBytes), largestBatchBytes),
    logAppendTime: configs['message.timestamp.type'] === 'LogAppendTime',
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms', Number.MAX_VALUE),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms', 3_600_000),
    compacted: (configs['cleanup.policy'] ?? '').split(',').some((p) => p.trim() === 'compact'),
  };
}
