import { describe, expect, it } from 'vitest';
import { Admin, Consumer, Producer } from '../../src/client/index.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { RecordBatch } from '../../src/protocol/records/index.ts';
import { MemoryKedge, type Seen } from './memory-kedge.ts';

function batchesOf(kedge: MemoryKedge): RecordBatch[] {
  return kedge
    .asked('Produce')
    .flatMap(({ topicData }) => topicData)
    .flatMap(({ partitionData }) => partitionData)
    .map(({ records }) => new RecordBatch(records));
}

async function valuesIn(kedge: MemoryKedge, topic: string): Promise<(string | null)[]> {
  await using consumer = new Consumer(kedge);
  const { records } = await consumer.fetch({ topic, partition: 0, offset: 'earliest' });
  return records.map(({ value }) => value);
}

/** The first so many requests of an API meet with this. */
function first(count: number, api: string, fate: 'lost' | 'unanswered') {
  let left = count;
  return (seen: Seen) => (seen.api === api && left-- > 0 ? fate : undefined);
}

describe('a producer', () => {
  it('sends in one batch what is sent in one turn, and in the next what comes meanwhile', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge);
    await producer.partitionsFor('t');
    const turn = ['a', 'b', 'c'].map((value) => producer.send('t', { value }));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    const later = ['d', 'e'].map((value) => producer.send('t', { value }));
    await Promise.all([...turn, ...later]);
    const counts = batchesOf(kedge).map(({ recordCount }) => recordCount);
    expect(counts.reduce((sum, count) => sum + count)).toBe(5);
    expect(counts.length).toBeLessThanOrEqual(2);
    expect(await valuesIn(kedge, 't')).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each(['lost', 'unanswered'] as const)(
    'sends the same batch again that was %s, and stores it once',
    async (fate) => {
      using kedge = new MemoryKedge();
      kedge.fate = first(2, 'Produce', fate);
      await using producer = new Producer(kedge);
      expect(await producer.send('t', { value: 'a' })).toMatchObject({ offset: 0 });
      const [one, two, three] = batchesOf(kedge);
      expect(two.bytes).toEqual(one.bytes);
      expect(three.bytes).toEqual(one.bytes);
      expect(one.producerId).toBeGreaterThanOrEqual(0);
      expect(await producer.send('t', { value: 'b' })).toMatchObject({ offset: 1 });
      expect(await valuesIn(kedge, 't')).toEqual(['a', 'b']);
      expect(kedge.opened).toBeGreaterThan(2);
    },
  );

  it('goes on under another identity after a batch that nobody answers for', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge, { deliveryTimeoutMs: 150, requestTimeoutMs: 50 });
    await producer.send('t', { value: 'a' });
    kedge.fate = ({ api }) => (api === 'Produce' ? 'unanswered' : undefined);
    await expect(producer.send('t', { value: 'b' })).rejects.toMatchObject({
      code: ErrorCode.REQUEST_TIMED_OUT,
    });
    kedge.fate = () => undefined;
    await producer.send('t', { value: 'c' });
    // With its numbers the last one would have been taken for the lost one.
    expect(await valuesIn(kedge, 't')).toEqual(['a', 'b', 'c']);
    const ids = batchesOf(kedge).map(({ producerId }) => producerId);
    expect(ids.at(-1)).not.toBe(ids[0]);
    expect(batchesOf(kedge).at(-1)!.baseSequence).toBe(0);
  });

  it('leaves the numbers of what was refused to what comes after', async () => {
    using kedge = new MemoryKedge({ messageMaxBytes: 500 });
    await using producer = new Producer(kedge);
    await producer.send('t', { value: 'a' });
    await expect(producer.send('t', { value: 'x'.repeat(600) })).rejects.toMatchObject({
      name: 'MESSAGE_TOO_LARGE',
    });
    expect(await producer.send('t', { value: 'b' })).toMatchObject({ offset: 1 });
    expect(batchesOf(kedge).map(({ baseSequence }) => baseSequence)).toEqual([0, 1, 1]);
  });

  it('is nobody where idempotence is off', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge, { idempotent: false });
    await producer.send('t', { value: 'a' });
    expect(kedge.asked('InitProducerId')).toEqual([]);
    expect(batchesOf(kedge)[0].producerId).toBe(-1);
  });

  it('lets records linger, unless they are flushed', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge, { lingerMs: 60_000 });
    const sent = producer.send('t', { value: 'a' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(kedge.asked('Produce')).toEqual([]);
    await producer.flush();
    expect(await sent).toMatchObject({ offset: 0 });
  });

  it('makes room before it takes more, in turn', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge, { bufferBytes: 1_000, batchBytes: 400 });
    const values = Array.from({ length: 50 }, (_, n) => `${n} ${'x'.repeat(n % 2 ? 300 : 3)}`);
    await Promise.all(values.map((value) => producer.send('t', { value })));
    expect(await valuesIn(kedge, 't')).toEqual(values);
  });

  it('keeps lists apart that wait for room together', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge, { bufferBytes: 1_000, batchBytes: 400 });
    const lists = Array.from({ length: 10 }, (_, list) =>
      Array.from({ length: list % 3 === 0 ? 1 : 12 }, (_, n) => `${list} ${n} ${'x'.repeat(100)}`),
    );
    const sent = lists.map((values) =>
      producer.send(
        't',
        values.map((value) => ({ value })),
      ),
    );
    await Promise.all(sent);
    expect(await valuesIn(kedge, 't')).toEqual(lists.flat());
  });

  it('takes up a topic that was made anew', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge);
    await producer.send('t', { value: 'old' });
    // Of another address, so that the producer does not hear of it.
    await using admin = new Admin({ address: {}, open: () => kedge.open() });
    await admin.deleteTopics(['t']);
    await producer.send('t', { value: 'new' });
    expect(await valuesIn(kedge, 't')).toEqual(['new']);
  });

  describe('whose topic was made anew with fewer partitions', () => {
    /** Makes the topic anew with one partition; of another address, so that nobody hears of it. */
    async function shrink(kedge: MemoryKedge): Promise<void> {
      await using admin = new Admin({ address: {}, open: () => kedge.open() });
      await admin.deleteTopics(['t']);
      await admin.createTopics([{ name: 't', partitions: 1 }]);
    }

    it('gives what it placed itself another place, in order', async () => {
      using kedge = new MemoryKedge({ numPartitions: 8 });
      // Each record a batch, so that some wait while one is found to have no place.
      await using producer = new Producer(kedge, { batchBytes: 100, deliveryTimeoutMs: 5_000 });
      await producer.partitionsFor('t');
      await shrink(kedge);
      // Of eight partitions the last one.
      const keyed = ['a', 'b', 'c'].map((value) => producer.send('t', { key: 'key 0', value }));
      const places = [0, 1, 2].map((offset) => ({ partition: 0, offset }));
      expect(await Promise.all(keyed)).toMatchObject(places);
      expect(await producer.send('t', { value: 'd' })).toMatchObject({ partition: 0, offset: 3 });
      expect(await valuesIn(kedge, 't')).toEqual(['a', 'b', 'c', 'd']);
    });

    it('refuses what its caller placed where there is nothing now', async () => {
      using kedge = new MemoryKedge({ numPartitions: 8 });
      await using producer = new Producer(kedge, { deliveryTimeoutMs: 5_000 });
      await producer.send('t', { partition: 7, value: 'a' });
      await shrink(kedge);
      await expect(producer.send('t', { partition: 7, value: 'b' })).rejects.toMatchObject({
        code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      });
      expect(await producer.send('t', { value: 'c' })).toMatchObject({ partition: 0, offset: 0 });
    });
  });

  it('takes back what its caller gives up before it is sent', async () => {
    using kedge = new MemoryKedge();
    await using producer = new Producer(kedge, { lingerMs: 60_000 });
    const giveUp = new AbortController();
    const one = producer.send('t', { value: 'one' }, { signal: giveUp.signal });
    const two = producer.send('t', { value: 'two' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    giveUp.abort(new Error('enough'));
    await expect(one).rejects.toThrow('enough');
    await producer.flush();
    await two;
    expect(await valuesIn(kedge, 't')).toEqual(['two']);
  });

  it('refuses to be used after it was closed', async () => {
    using kedge = new MemoryKedge();
    const producer = new Producer(kedge);
    const last = producer.send('t', { value: 'a' });
    await producer.close();
    expect(await last).toMatchObject({ offset: 0 });
    await expect(producer.send('t', { value: 'b' })).rejects.toThrow('closed');
  });
});
