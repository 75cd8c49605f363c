/**
 * What a log of Kedge does with the record cases, said as Kafka's verdicts are, and where it is
 * meant to do otherwise.
 */
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import type { Case } from './record-cases.ts';
import { verdicts } from './record-verdicts.ts';
import { append, batchesOf, read, settings, startOfTime } from './samples.ts';

/** Where Kedge judges otherwise, always more strictly, and why. */
const intended: readonly (readonly [cases: RegExp, verdict: string])[] = [
  // Records at wrong offsets would be found by nobody. Kafka stores plain ones all the same, and
  // has an unknown error for compressed ones.
  [/^(skipped offset delta|same offset deltas|offset deltas backwards), /, 'refused 87'],
  // Where Kafka does not look at the length of a record it skips, readers do.
  [/^record too (short|long), (?!plain|to lz4, (plain|gzip|snappy|zstd))/, 'refused 87'],
  // Bytes after gzip's end are passed over, a single one is taken for the start of another member.
  [/^byte after the end, gzip$/, 'refused -1'],
  // Kafka leaves this checksum to the readers.
  [/^lz4, wrong content checksum$/, 'refused -1'],
];

/** What Kedge is to do with the case of this name. */
export function expectedVerdict(name: string): string {
  // Recompressed, records are put in order.
  const repaired = /, to gzip, (?!gzip)/.test(name);
  const ours = repaired ? undefined : intended.find(([pattern]) => pattern.test(name));
  return ours?.[1] ?? verdicts[name];
}

const codecNames = ['plain', 'gzip', 'snappy', 'lz4', 'zstd'];

export function verdictOf({ batch, configs }: Case): string {
  const log = new PartitionLog(new MemoryStore(), { ...settings, messageMaxBytes: 4_000_000 });
  const now = startOfTime;
  const [reply] = log.append([append(batch(now), configs)], now + 1);
  if (reply.errorCode !== 0) {
    const named = (reply.recordErrors ?? []).map(({ batchIndex }) => batchIndex);
    return `refused ${reply.errorCode}${named.length > 0 ? ` at ${named}` : ''}`;
  }
  const [stored] = batchesOf(log.read(read(0)).records);
  const time = (at: number) => (at < 0 ? `${at}` : at < now ? `now${at - now}` : `now+${at - now}`);
  const to = stored.timestampType === 1 ? 'stamped' : time(stored.maxTimestamp);
  const from = time(stored.baseTimestamp);
  return `${codecNames[stored.codec]} ${stored.recordCount} from ${from} to ${to}`;
}
