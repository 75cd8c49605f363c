import { describe, expect, it } from 'vitest';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { differences, told } from './compare.ts';
import { type Intended, isIntended } from './intended.ts';
import { Normaliser, type Step } from './transcript.ts';

const step = (answer: unknown): Step => ({ label: 'Fetch v11', answer });

describe('differences', () => {
  it('finds none where both say the same', () => {
    const answer = () => ({ errorCode: 0, list: [{ a: 1 }, null], text: '' });
    expect(differences([step(answer())], [step(answer())])).toEqual([]);
  });

  it('names the step, the field and both values', () => {
    const kafka = [step({ errorCode: 0 }), step({ topics: [{ partitions: [{ offset: 3 }] }] })];
    const kedge = [step({ errorCode: 0 }), step({ topics: [{ partitions: [{ offset: 4 }] }] })];
    const found = differences(kafka, kedge);
    expect(found).toEqual([
      { at: 'Fetch v11: topics[0].partitions[0].offset', step: 2, kafka: 3, kedge: 4 },
    ]);
    expect(told(found[0])).toBe(
      'step 2, Fetch v11: topics[0].partitions[0].offset: Kafka 3, Kedge 4',
    );
  });

  it.each([
    ['a longer list', { list: [1] }, { list: [1, 2] }],
    ['a field that is missing', { a: 1, b: 2 }, { a: 1 }],
    ['null instead of nothing in a list', { list: null }, { list: [] }],
    ['another type', { a: 1 }, { a: '1' }],
    ['a list instead of an object', { a: [] }, { a: {} }],
  ])('sees %s', (_what, one, other) => {
    expect(differences([step(one)], [step(other)])).toHaveLength(1);
    expect(differences([step(other)], [step(one)])).toHaveLength(1);
  });

  it('sees a step that one of them never came to', () => {
    expect(differences([step(1), step(2)], [step(1)])).toHaveLength(1);
  });
});

describe('a transcript', () => {
  it('names ids by the order in which they come, and keeps what is none', () => {
    const normal = new Normaliser('script');
    const ids = [{ producerId: 70 }, { producerId: 99 }, { producerId: 70 }, { producerId: -1 }];
    expect(normal.of(ids)).toEqual([
      { producerId: 'producer id 1' },
      { producerId: 'producer id 2' },
      { producerId: 'producer id 1' },
      { producerId: -1 },
    ]);
  });

  it('calls the time of day now, and no other', () => {
    const normal = new Normaliser('script');
    expect(normal.of({ timestamp: Date.now(), logAppendTimeMs: -1 })).toEqual({
      timestamp: 'now',
      logAppendTimeMs: -1,
    });
    expect(normal.of({ timestamp: 5, offset: Date.now() })).not.toMatchObject({ offset: 'now' });
    expect(normal.of({ timestamp: Date.now() - 60_000 })).not.toEqual({ timestamp: 'now' });
  });

  it('keeps of an error message whether there is one', () => {
    const normal = new Normaliser('script');
    const messages = ['too large', '', null].map((errorMessage) => ({ errorMessage }));
    expect(normal.of(messages)).toEqual([
      { errorMessage: 'words' },
      { errorMessage: null },
      { errorMessage: null },
    ]);
  });

  it('keeps the order of lists, but where a broker chooses it', () => {
    const normal = new Normaliser('script');
    const partitionResponses = [{ index: 2 }, { index: 1 }];
    expect(normal.of({ partitionResponses }, 'Produce')).toEqual({
      partitionResponses: [{ index: 1 }, { index: 2 }],
    });
    expect(normal.of({ partitionResponses }, 'Fetch')).toEqual({ partitionResponses });
  });

  it('opens record batches', () => {
    const utf8 = new TextEncoder();
    const records = [buildBatch([{ value: utf8.encode('tea'), timestamp: 5 }])];
    const [batch] = (new Normaliser('script').of({ records }) as { records: object[] }).records;
    expect(batch).toMatchObject({
      isValid: true,
      baseTimestamp: 5,
      decoded: [{ offset: 0, timestamp: 5, key: null, value: 'tea', headers: [] }],
    });
  });
});

describe('an intended difference', () => {
  const entry: Intended = { script: 'fetch-*', at: 'Fetch v*: a[*].b', kafka: 1, why: '' };
  const difference = { at: 'Fetch v11: a[0].b', step: 1, kafka: 1, kedge: 2 };

  it('is one of these scripts, fields and values', () => {
    expect(isIntended(entry, 'fetch-all', difference)).toBe(true);
    expect(isIntended(entry, 'produce-all', difference)).toBe(false);
    expect(isIntended(entry, 'fetch-all', { ...difference, at: 'Fetch v11: a[0].bc' })).toBe(false);
    expect(isIntended(entry, 'fetch-all', { ...difference, kafka: 3 })).toBe(false);
    expect(isIntended({ ...entry, kedge: 3 }, 'fetch-all', difference)).toBe(false);
  });
});
