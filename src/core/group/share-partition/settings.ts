/**
 * The configs of a share group as its partitions go by them. The surprise: some have their
 * defaults from the broker, others have their own.
 */
import { groupConfigs } from '../../cluster/group-configs.ts';
import type { ShareOffsetReset, ShareSettings } from './calls.ts';

/** What the broker's configs say of groups that say nothing. */
export interface ShareDefaults {
  readonly groupShareDeliveryCountLimit: number;
  readonly groupShareRecordLockDurationMs: number;
  readonly groupSharePartitionMaxRecordLocks: number;
}

/** `set`: by Kafka name, as they were set, blanks and all. */
export function shareSettingsFrom(
  set: Readonly<Record<string, string>>,
  defaults: ShareDefaults,
): ShareSettings {
  const value = (name: string) => (set[name] ?? groupConfigs.get(name)!.default).trim();
  return {
    offsetReset: offsetResetOf(value('share.auto.offset.reset')),
    isolationLevel: value('share.isolation.level') === 'read_committed' ? 1 : 0,
    recordLockDurationMs: Number(
      set['share.record.lock.duration.ms'] ?? defaults.groupShareRecordLockDurationMs,
    ),
    maxRecordLocks: Number(
      set['share.partition.max.record.locks'] ?? defaults.groupSharePartitionMaxRecordLocks,
    ),
    deliveryCountLimit: Number(
      set['share.delivery.count.limit'] ?? defaults.groupShareDeliveryCountLimit,
    ),
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
