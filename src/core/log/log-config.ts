/**
 * The topic configs the log obeys, by Kafka's names and with Kafka's defaults. The surprise:
 * `max.message.bytes` has a ceiling here, because a batch crosses an RPC whole and shares the
 * memory of an isolate with everything else.
 */
import { Codec } from '../../bytes/compression.ts';

/** No batch is larger, whatever a topic says: an RPC carries 32 MiB with all that is around it. */
export const largestBatchBytes = 30 * 1024 * 1024;
/** What the records of a batch may come to decompressed: a quarter of an isolate's memory. */
export const largestInflatedBytes = 32 * 1024 * 1024;

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
  /** `max.decompressed.message.bytes`: the largest record in a batch that comes compressed. */
  readonly maxRecordBytes: number;
  /** `compression.type`: what batches are stored with; undefined: as the producer sent them. */
  readonly codec: number | undefined;
  /** `compression.gzip.level` or `compression.zstd.level`; undefined: the codec's own. */
  readonly compressionLevel: number | undefined;
}

const codecs: Readonly<Record<string, number>> = {
  uncompressed: Codec.NONE,
  gzip: Codec.GZIP,
  snappy: Codec.SNAPPY,
  lz4: Codec.LZ4,
  zstd: Codec.ZSTD,
};
/** zlib's and zstd's own defaults are Kafka's too. */
const levels: Readonly<Record<number, string>> = {
  [Codec.GZIP]: 'compression.gzip.level',
  [Codec.ZSTD]: 'compression.zstd.level',
};

/**
 * Reads the configs that hold for a topic; `messageMaxBytes` is the broker's default of
 * `max.message.bytes`.
 */
export function logConfigFrom(
  configs: Readonly<Record<string, string>>,
  messageMaxBytes: number,
): LogConfig {
  const number = (name: string, initial: number): number => {
    const value = Number(configs[name] ?? initial);
    return Number.isFinite(value) ? value : initial;
  };
  const codec = codecs[configs['compression.type']?.trim() ?? 'producer'];
  const level = codec === undefined ? undefined : configs[levels[codec]];
  return {
    maxMessageBytes: Math.min(number('max.message.bytes', messageMaxBytes), largestBatchBytes),
    logAppendTime: configs['message.timestamp.type']?.trim() === 'LogAppendTime',
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms', Number.MAX_VALUE),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms', 3_600_000),
    compacted: (configs['cleanup.policy'] ?? '').split(',').some((p) => p.trim() === 'compact'),
    maxRecordBytes: number('max.decompressed.message.bytes', Number.MAX_VALUE),
    codec,
    compressionLevel: level === undefined ? undefined : Number(level),
  };
}
