import { describe, expect, it } from 'vitest';
import { shareSettingsFrom } from '../../../../src/core/group/share-partition/settings.ts';
import { defaultBrokerConfig } from '../../../../src/runtime/config.ts';

const from = (set: Record<string, string>) => shareSettingsFrom(set, defaultBrokerConfig);

describe('what a share group is set to', () => {
  it('is Kafka’s default where nobody says otherwise', () => {
    expect(from({})).toEqual({
      offsetReset: { from: 'latest' },
      isolationLevel: 0,
      recordLockDurationMs: 30_000,
      maxRecordLocks: 2_000,
      deliveryCountLimit: 5,
      renewAcknowledgeEnable: true,
    });
  });

  it('do not mind the blanks that a config may have around it', () => {
    const set = {
      'share.auto.offset.reset': ' earliest ',
      'share.isolation.level': ' read_committed',
      'share.record.lock.duration.ms': ' 15000 ',
      'share.renew.acknowledge.enable': ' FALSE ',
    };
    expect(from(set)).toMatchObject({
      offsetReset: { from: 'earliest' },
      isolationLevel: 1,
      recordLockDurationMs: 15_000,
      renewAcknowledgeEnable: false,
    });
  });

  it('is what the broker says where the group does not', () => {
    const broker = { ...defaultBrokerConfig, groupShareRecordLockDurationMs: 1_000 };
    expect(shareSettingsFrom({}, broker).recordLockDurationMs).toBe(1_000);
    const set = { 'share.record.lock.duration.ms': '20000' };
    expect(shareSettingsFrom(set, broker).recordLockDurationMs).toBe(20_000);
  });

  it.each([
    ['by_duration:P1D', 86_400_000],
    ['by_duration:PT1H', 3_600_000],
    ['by_duration:PT2M', 120_000],
    ['by_duration:PT1.5S', 1_500],
    ['by_duration:P2DT3H4M5.006S', 183_845_006],
    ['BY_DURATION:p1dt1m', 86_460_000],
    ['by_duration:PT0S', 0],
  ])('reads %s', (value, durationMs) => {
    expect(from({ 'share.auto.offset.reset': value }).offsetReset).toEqual({
      from: 'duration',
      durationMs,
    });
  });
});
