import { describe, expect, it } from 'vitest';
import { shareSettingsFrom } from '../../../../src/core/group/share-partition/settings.ts';
import { ErrorCode } from '../../../../src/protocol/errors.ts';
import { recordBatches } from '../../../../src/protocol/records/index.ts';
import { defaultBrokerConfig } from '../../../../src/runtime/config.ts';
import { append, marker, startOfTime, transactional } from '../../log/samples.ts';
import { ack, groupId, Sharing, Type } from './sharing.ts';

const { ACCEPT, RELEASE, REJECT, GAP, RENEW } = Type;
const { INVALID_RECORD_STATE, INVALID_REQUEST, NONE, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;

const basesOf = (records: readonly Uint8Array[]) =>
  records.flatMap((piece) => [...recordBatches(piece)].map(({ baseOffset }) => baseOffset));

describe('where a share group begins', () => {
  it('is the start of the log, its end, or a moment', () => {
    const begins = (reset: string) => {
      const sharing = new Sharing({ 'share.auto.offset.reset': reset });
      sharing.produce(3);
      sharing.deleteRecords(1);
      sharing.now += 60_000;
      sharing.produce(2);
      sharing.fetched('a', { maxRecords: 0 });
      return sharing.described[0];
    };
    expect(begins('earliest')).toBe(1);
    expect(begins('latest')).toBe(5);
    expect(begins('by_duration:PT1H')).toBe(1);
  });

  it('is nowhere before the group is to begin, or after it was deleted', () => {
    const sharing = new Sharing();
    sharing.produce(3);
    sharing.begins = false;
    const refused = { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, acquired: [], records: [] };
    const isUnknown = () => {
      expect(sharing.fetched('a')).toMatchObject(refused);
      const acknowledgeErrorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const along = sharing.fetched('a', {}, [ack(0, 0, ACCEPT)]);
      expect(along).toMatchObject({ ...refused, acknowledgeErrorCode });
      expect(sharing.store.shareState(groupId)).toBeUndefined();
    };
    isUnknown();
    sharing.begins = true;
    expect(sharing.acquire('a')).toEqual(['0-2*1']);
    sharing.begins = false;
    sharing.release('a');
    expect(sharing.acquire('a')).toEqual(['0-2*2']);
    sharing.groups.delete({ groupId });
    isUnknown();
  });

  it('is remembered though nothing was there', () => {
    const sharing = new Sharing({ 'share.auto.offset.reset': 'latest' });
    sharing.produce(3);
    expect(sharing.described).toEqual([-1, -1]);
    expect(sharing.acquire('a')).toEqual([]);
    expect(sharing.described).toEqual([3, 0]);
    sharing.produce(2);
    expect(sharing.acquire('a')).toEqual(['3-4*1']);
  });

  it('is not known as long as there is no record of that time', () => {
    const sharing = new Sharing({ 'share.auto.offset.reset': 'by_duration:PT1M' });
    sharing.produce(1);
    sharing.now += 3_600_000;
    expect(sharing.fetched('a').errorCode).toBe(ErrorCode.OFFSET_NOT_AVAILABLE);
    expect(sharing.described).toEqual([-1, -1]);
  });

  it('may be set to any number', () => {
    const sharing = new Sharing();
    sharing.produce(2);
    const set = (startOffset: number) => sharing.groups.alter({ groupId, startOffset });
    for (const startOffset of [2 ** 63, Number.MAX_SAFE_INTEGER]) {
      expect(set(startOffset)).toEqual({ errorCode: 0 });
      expect(sharing.acquire('a')).toEqual([]);
    }
    for (const startOffset of [-(2 ** 63), -2]) {
      expect(set(startOffset)).toEqual({ errorCode: 0 });
      expect(sharing.described).toEqual([0, 0]);
    }
    expect(sharing.acquire('a')).toEqual(['0-1*1']);
  });

  it('is set anew, whatever is held', () => {
    const sharing = new Sharing();
    sharing.produce(5, 5);
    sharing.acquire('a');
    sharing.groups.alter({ groupId, startOffset: 5 });
    expect(sharing.described).toEqual([5, 0]);
    expect(sharing.acquire('b')).toEqual(['5-9*1']);
    expect(sharing.acknowledge('a', ack(0, 4, ACCEPT))).toBe(NONE);
    expect(sharing.acknowledge('a', ack(5, 9, ACCEPT))).toEqual([
      INVALID_RECORD_STATE,
      'Member is not the owner of batch record',
    ]);
    sharing.groups.delete({ groupId });
    expect(sharing.described).toEqual([-1, -1]);
  });
});

describe('what a member of a share group gets', () => {
  it('is whole batches of the log, in one entry as long as it is not too large', () => {
    const sharing = new Sharing();
    sharing.produce(4, 4, 4, 4);
    expect(sharing.acquire('a', { maxRecords: 5 })).toEqual(['0-7*1']);
    expect(sharing.acquire('b', { maxRecords: 8, batchSize: 3 })).toEqual(['8-11*1', '12-15*1']);
    expect(sharing.acquire('c')).toEqual([]);
  });

  it('comes with the batches that hold it and no others', () => {
    const sharing = new Sharing();
    sharing.produce(4, 4, 4);
    const { records, acquired } = sharing.fetched('a', { maxRecords: 5 });
    expect(acquired).toEqual([{ firstOffset: 0, lastOffset: 7, deliveryCount: 1 }]);
    expect(basesOf(records)).toEqual([0, 4]);
  });

  it('is no more than asked for in the strict mode', () => {
    const sharing = new Sharing();
    sharing.produce(4, 4);
    const strict = { maxRecords: 3, acquireMode: 1 };
    expect(sharing.acquire('a', strict)).toEqual(['0-2*1']);
    expect(sharing.acquire('b', strict)).toEqual(['3-3*1', '4-5*1']);
    expect(sharing.acquire('c', strict)).toEqual(['6-7*1']);
    sharing.release('a');
    expect(sharing.acquire('b', { ...strict, maxRecords: 2 })).toEqual(['0-1*2']);
  });

  it('begins in the middle of a batch where the group does', () => {
    const sharing = new Sharing();
    sharing.produce(10);
    sharing.groups.alter({ groupId, startOffset: 4 });
    expect(sharing.acquire('a')).toEqual(['4-9*1']);
  });

  it('is bounded by what may be held', () => {
    const sharing = new Sharing({ 'share.partition.max.record.locks': '100' });
    sharing.produce(60, 60, 60);
    expect(sharing.acquire('a')).toEqual(['0-119*1']);
    expect(sharing.fetched('b')).toMatchObject({ acquired: [], full: true });
    expect(sharing.acknowledge('a', ack(10, 20, RELEASE))).toBe(NONE);
    expect(sharing.announced).toEqual([groupId]);
    expect(sharing.acquire('b')).toEqual(['10-20*2']);
    sharing.acknowledge('a', ack(0, 9, ACCEPT));
    sharing.acknowledge('b', ack(10, 20, ACCEPT));
    expect(sharing.described).toEqual([21, 0]);
    expect(sharing.acquire('b', { maxRecords: 1 })).toEqual(['120-179*1']);
  });

  it('is nothing while there are too few bytes', () => {
    const sharing = new Sharing();
    sharing.produce(1);
    expect(sharing.acquire('a', { minBytes: 10_000 })).toEqual([]);
    expect(sharing.acquire('a', { minBytes: 10 })).toEqual(['0-0*1']);
  });

  it('is nothing of what was deleted', () => {
    const sharing = new Sharing();
    sharing.produce(5, 5, 5);
    sharing.acquire('a', { maxRecords: 5 });
    sharing.deleteRecords(7);
    expect(sharing.described).toEqual([7, 0]);
    expect(sharing.acknowledge('a', ack(0, 4, ACCEPT))).toBe(NONE);
    expect(sharing.acquire('b', { maxRecords: 3 })).toEqual(['7-9*1']);
    sharing.deleteRecords(9);
    sharing.release('b');
    expect(sharing.acquire('b')).toEqual(['9-9*2', '10-14*1']);
  });

  it('passes over what was aborted for those who read what is committed', () => {
    const sharing = new Sharing({ 'share.isolation.level': 'read_committed' });
    const end = (producer: number, committed: boolean) =>
      sharing.log.append([marker(producer, 0, 1, committed)], startOfTime);
    const write = (producer: number) => {
      const records = append(transactional(producer, 0, 0, ['x', 'y']));
      sharing.log.append([{ ...records, transactionNumber: 1 }], startOfTime);
    };
    write(1); // 0-1
    write(2); // 2-3
    expect(sharing.acquire('a')).toEqual([]);
    end(1, false); // 4
    expect(sharing.acquire('a')).toEqual([]);
    expect(sharing.described).toEqual([2, 0]);
    end(2, true); // 5
    expect(sharing.acquire('a')).toEqual(['2-5*1']);
  });

  it.each([
    [1, ['2-2*1', '5-5*1', '6-6*1', '7-7*1', '8-8*1']],
    [500, ['2-2*1', '5-8*1']],
  ])('leaves out what was aborted here and there, in entries of %i', (batchSize, acquired) => {
    const sharing = new Sharing({ 'share.isolation.level': 'read_committed' });
    const write = (producer: number, sequence: number) => {
      const records = append(transactional(producer, 0, sequence, ['x']));
      sharing.log.append([{ ...records, transactionNumber: 1 }], startOfTime);
    };
    for (const sequence of [0, 1]) write(1, sequence); // 0-1
    sharing.produce(1); // 2
    write(1, 2); // 3
    write(2, 0); // 4
    write(3, 0); // 5
    for (const producer of [1, 2, 3]) {
      sharing.log.append([marker(producer, 0, 1, producer === 3)], startOfTime); // 6-8
    }
    expect(sharing.acquire('a', { batchSize })).toEqual(acquired);
    expect(sharing.described).toEqual([2, 2]);
  });

  it('is all of it for those who read everything', () => {
    const sharing = new Sharing();
    const records = append(transactional(1, 0, 0, ['x', 'y']));
    sharing.log.append([{ ...records, transactionNumber: 1 }], startOfTime);
    sharing.log.append([marker(1, 0, 1, false)], startOfTime);
    expect(sharing.acquire('a')).toEqual(['0-2*1']);
  });
});

describe('what was delivered in vain', () => {
  it('comes again as it came, until its deliveries are used up', () => {
    const sharing = new Sharing({ 'share.delivery.count.limit': '2' });
    sharing.produce(3, 3);
    expect(sharing.acquire('a', { maxRecords: 3 })).toEqual(['0-2*1']);
    sharing.release('a');
    expect(sharing.acquire('b')).toEqual(['0-2*2', '3-5*1']);
    sharing.release('b');
    expect(sharing.described).toEqual([3, 0]);
    expect(sharing.acquire('b')).toEqual(['3-5*2']);
  });

  it('comes in smaller and smaller numbers, at last alone', () => {
    const sharing = new Sharing();
    sharing.produce(8, 4);
    const got: string[][] = [];
    for (let round = 0; round < 7; round++) {
      got.push(sharing.acquire('a'));
      sharing.release('a');
    }
    expect(got).toEqual([
      ['0-11*1'],
      ['0-11*2'],
      ['0-11*3'],
      ['0-5*4'],
      ['0-0*5'],
      ['1-1*5'],
      ['2-2*5'],
    ]);
  });

  it('is available when its lock has ended, also after a restart', () => {
    const sharing = new Sharing();
    sharing.produce(5);
    expect(sharing.acquire('a')).toEqual(['0-4*1']);
    const { availableAt } = sharing.fetched('b');
    expect(availableAt).toBe(startOfTime + 30_000);
    sharing.now = availableAt! - 1;
    expect(sharing.acquire('b')).toEqual([]);
    sharing.now = availableAt!;
    expect(sharing.acquire('b')).toEqual(['0-4*2']);
    expect(sharing.acknowledge('a', ack(0, 4, ACCEPT))).toEqual([
      INVALID_RECORD_STATE,
      'Member is not the owner of batch record',
    ]);
  });

  it('is announced once to those who wait', () => {
    const sharing = new Sharing();
    sharing.produce(5);
    sharing.acquire('a');
    sharing.announced.splice(0);
    sharing.release('a');
    sharing.release('a');
    expect(sharing.announced).toEqual([groupId]);
  });
});

describe('what is said of records', () => {
  it('takes effect for each of them', () => {
    const sharing = new Sharing();
    sharing.produce(6);
    sharing.acquire('a');
    expect(sharing.acknowledge('a', ack(0, 4, ACCEPT, RELEASE, REJECT, GAP, ACCEPT))).toBe(NONE);
    expect(sharing.described).toEqual([1, 3]);
    expect(sharing.acquire('b')).toEqual(['1-1*2']);
    expect(sharing.acknowledge('b', ack(1, 1, ACCEPT))).toBe(NONE);
    expect(sharing.described).toEqual([5, 0]);
    expect(sharing.acknowledge('a', ack(5, 5, REJECT))).toBe(NONE);
    expect(sharing.described).toEqual([6, 0]);
  });

  it('changes nothing when any of it is wrong', () => {
    const sharing = new Sharing();
    sharing.produce(3, 3);
    sharing.acquire('a', { maxRecords: 3 });
    sharing.acquire('b', { maxRecords: 3 });
    expect(sharing.acknowledge('a', ack(0, 2, ACCEPT), ack(3, 5, ACCEPT))).toEqual([
      INVALID_RECORD_STATE,
      'Member is not the owner of batch record',
    ]);
    expect(sharing.described).toEqual([0, 0]);
    expect(sharing.acknowledge('a', ack(0, 1, ACCEPT), ack(1, 2, ACCEPT))).toEqual([
      INVALID_RECORD_STATE,
      'The offset cannot be acknowledged. The offset is not acquired.',
    ]);
    expect(sharing.described).toEqual([0, 0]);
    expect(sharing.acknowledge('a', ack(0, 1, ACCEPT), ack(2, 2, ACCEPT))).toBe(NONE);
    expect(sharing.described).toEqual([3, 0]);
  });

  it('must be of records that were given out', () => {
    const sharing = new Sharing();
    const nothing = ack(0, 0, ACCEPT);
    expect(sharing.acknowledge('a', nothing)).toEqual([
      UNKNOWN_TOPIC_OR_PARTITION,
      expect.any(String),
    ]);
    sharing.produce(3, 3);
    sharing.fetched('a', { maxRecords: 0 });
    expect(sharing.acknowledge('a', nothing)).toEqual([
      INVALID_RECORD_STATE,
      'Batch record not found. The request batch offsets are not found in the cache.',
    ]);
    sharing.acquire('a', { maxRecords: 3 });
    expect(sharing.acknowledge('a', ack(0, 3, ACCEPT))).toEqual([
      INVALID_REQUEST,
      'Batch record not found. The last offset in request is past acquired records.',
    ]);
    expect(sharing.acknowledge('a', ack(4, 5, ACCEPT))).toEqual([
      INVALID_REQUEST,
      'Batch record not found. The first offset in request is past acquired records.',
    ]);
    expect(sharing.acknowledge('a', ack(0, 2, ACCEPT))).toBe(NONE);
    expect(sharing.acknowledge('a', ack(0, 2, ACCEPT))).toBe(NONE);
  });

  it('costs nothing however long the range is', () => {
    const sharing = new Sharing();
    sharing.produce(3);
    sharing.acquire('a');
    expect(sharing.acknowledge('a', ack(0, 2 ** 53 - 1, ACCEPT))).toEqual([
      INVALID_REQUEST,
      expect.any(String),
    ]);
    expect(sharing.described).toEqual([0, 0]);
    expect(sharing.acknowledge('a', ack(-(2 ** 52), 2, ACCEPT))).toBe(NONE);
    expect(sharing.described).toEqual([3, 0]);
  });

  it('may ask to hold them for longer', () => {
    const sharing = new Sharing();
    sharing.produce(4);
    sharing.acquire('a');
    sharing.now += 20_000;
    expect(sharing.acknowledge('a', ack(0, 3, RENEW, ACCEPT, RENEW, RELEASE))).toBe(NONE);
    sharing.now += 20_000;
    expect(sharing.acquire('b')).toEqual(['3-3*2']);
    expect(sharing.acknowledge('a', ack(0, 0, RENEW), ack(0, 0, ACCEPT))).toBe(NONE);
    sharing.now += 10_000;
    expect(sharing.acquire('b')).toEqual(['2-2*2']);
    sharing.settings = shareSettingsFrom(
      { 'share.renew.acknowledge.enable': 'false' },
      defaultBrokerConfig,
    );
    expect(sharing.acknowledge('b', ack(2, 2, RENEW))).toEqual([
      INVALID_RECORD_STATE,
      'Renewing acquisition locks is not enabled for the group.',
    ]);
  });

  it('may come along with a fetch, which goes on whatever becomes of it', () => {
    const sharing = new Sharing();
    sharing.produce(2, 2);
    sharing.acquire('a', { maxRecords: 2 });
    expect(sharing.fetched('a', { maxRecords: 1 }, [ack(0, 9, ACCEPT)])).toMatchObject({
      errorCode: NONE,
      acknowledgeErrorCode: INVALID_REQUEST,
      acquired: [{ firstOffset: 2, lastOffset: 3 }],
    });
    expect(sharing.fetched('a', {}, [ack(0, 3, ACCEPT)])).toMatchObject({
      acknowledgeErrorCode: NONE,
      acquired: [],
    });
    expect(sharing.described).toEqual([4, 0]);
  });
});

describe('share groups of a topic that is gone', () => {
  it('are told so, and leave nothing', () => {
    const sharing = new Sharing();
    sharing.produce(2);
    const { groups } = sharing;
    sharing.acquire('a');
    sharing.log.drop();
    expect(sharing.fetched('a').errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION);
    expect(sharing.acknowledge('a', ack(0, 1, ACCEPT))).toEqual([
      UNKNOWN_TOPIC_OR_PARTITION,
      expect.any(String),
    ]);
    expect(groups.release({ groupId, memberId: 'a' }, startOfTime)).toEqual({ errorCode: NONE });
    expect(groups.alter({ groupId, startOffset: 1 }).errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION);
    expect(groups.delete({ groupId })).toEqual({ errorCode: NONE });
    expect(sharing.store.shareState(groupId)).toBeUndefined();
  });
});
