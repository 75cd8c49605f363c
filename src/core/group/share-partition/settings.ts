/**
 * The configs of a share group as its partitions go by them. The surprise: only what is set on the
 * group itself is handed in; the rest is Kafka's default.
 */
import { groupConfigs } from '../../cluster/group-configs.ts';
import type { ShareOffsetReset, ShareSettings } from './calls.ts';

/** `set`: by Kafka name, as they were set, blanks and all. */
export function shareSettingsFrom(set: Readonly<Record<string, string>>): ShareSettings {
  const value = (name: string) => (set[name] ?? groupConfigs.get(name)!.default).trim();
  return {
    offsetReset: offsetResetOf(value('share.auto.offset.reset')),
    isolationLevel: value('share.isolation.level') === 'read_committed' ? 1 : 0,
    recordLockDurationMs: Number(value('share.record.lock.duration.ms')),
    maxRecordLocks: Number(value('share.partition.max.record.locks')),
    deliveryCountLimit: Number(value('share.delivery.count.limit')),
    renewAcknowledgeEnable: value('share.renew.acknowledge.enable').toLowerCase() === 'true',
  };
}

function offsetResetOf(value: string): ShareOffsetReset {
  if (value === 'earliest' || value === 'latest') return { from: value };
  const parts = /^by_duration:P(?:([\d.]+)D)?T?(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?$/i;
  const [days, hours, minutes, seconds] = (parts.exec(value) ?? []).slice(1).map(numberOf);
  const durationMs = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
  return { from: 'duration', durationMs: Math.floor(durationMs) };
}

function numberOf(text: string | undefined): number {
  return Number(text ?? 0);
}
