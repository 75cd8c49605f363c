/**
 * Compressed batches of random and damaged bytes: each gets a verdict that Kafka has, soon, and
 * never more memory than the bound. The same seed every time.
 */
import { expect, it } from 'vitest';
import { Codec, compress, decompress } from '../../../src/bytes/compression.ts';
import { CompressionError } from '../../../src/bytes/compression-error.ts';
import { logConfigFrom } from '../../../src/core/log/log-config.ts';
import { validateBatches } from '../../../src/core/log/validate.ts';
import { ErrorCode, KafkaError } from '../../../src/protocol/errors.ts';
import { rawBatch, rawRecords } from './record-cases.ts';
import { startOfTime as now } from './samples.ts';

const codecs = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD];
const verdicts = [
  ErrorCode.NONE,
  ErrorCode.INVALID_RECORD,
  ErrorCode.INVALID_TIMESTAMP,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.UNKNOWN_SERVER_ERROR,
];
const config = logConfigFrom({}, 1_000_000);
const recompressing = logConfigFrom({ 'compression.type': 'uncompressed' }, 1_000_000);

function seeded(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function verdict(codec: number, payload: Uint8Array): number {
  const bytes = rawBatch(payload, 40, { baseTimestamp: now, attributes: codec });
  let code: number = ErrorCode.NONE;
  for (const each of [config, recompressing]) {
    try {
      validateBatches(bytes, each, now);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      code = error.code;
    }
  }
  return code;
}

const plain = rawRecords(Array.from({ length: 40 }, (_, i) => ({ headers: [[`h${i}`, 'v']] })));

it.each(codecs)('codec %d: random bytes', (codec) => {
  const random = seeded(codec);
  const start = compress(codec, plain);
  for (let round = 0; round < 400; round++) {
    const bytes = Uint8Array.from({ length: random(300) }, () => random(256));
    // Half of them begin as the codec does.
    if (round % 2) bytes.set(start.subarray(0, Math.min(bytes.length, 4 + random(30))));
    expect(verdicts).toContain(verdict(codec, bytes));
  }
});

it.each(codecs)('codec %d: damaged bytes', (codec) => {
  const random = seeded(codec + 10);
  const whole = compress(codec, plain);
  for (let round = 0; round < 600; round++) {
    const bytes = whole.slice(0, round % 3 ? whole.length : random(whole.length));
    for (let hits = 1 + random(4); hits > 0 && bytes.length > 0; hits--) {
      bytes[random(bytes.length)] = random(256);
    }
    expect(verdicts).toContain(verdict(codec, bytes));
  }
});

it.each(codecs)('codec %d: damaged records, well packed', (codec) => {
  const random = seeded(codec + 20);
  for (let round = 0; round < 400; round++) {
    const bytes = plain.slice();
    for (let hits = 1 + random(6); hits > 0; hits--) bytes[random(bytes.length)] = random(256);
    expect(verdicts).toContain(verdict(codec, compress(codec, bytes)));
  }
});

it.each(codecs)('codec %d: nothing comes out beyond the bound', (codec) => {
  const random = seeded(codec + 30);
  const whole = compress(codec, new Uint8Array(200_000));
  for (let round = 0; round < 300; round++) {
    const bytes = whole.slice();
    bytes[random(bytes.length)] = random(256);
    try {
      expect(decompress(codec, bytes, 100_000).length).toBeLessThanOrEqual(100_000);
    } catch (error) {
      expect(error).toBeInstanceOf(CompressionError);
    }
  }
});
