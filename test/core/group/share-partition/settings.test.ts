import { describe, expect, it } from 'vitest';
import { shareSettingsFrom } from '../../../../src/core/group/share-partition/settings.ts';

describe('the settings of a share group', () => {
  it("are Kafka's defaults where nothing is set", () => {
    expect(shareSettingsFrom({})).toEqual({
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
    expect(shareSettingsFrom(set)).toMatchObject({
      offsetReset: { from: 'earliest' },
      isolationLevel: 1,
      recordLockDurationMs: 15_000,
      renewAcknowledgeEnable: false,
    });
  });

  it('may begin some time ago', () => {
    const set = { 'share.auto.offset.reset': 'by_duration:P1DT2H3M4.5S' };
    const durationMs = (((24 + 2) * 60 + 3) * 60 + 4.5) * 1_000;
    expect(shareSettingsFrom(set).offsetReset).toEqual({ from: 'duration', durationMs });
  });
});
