import { describe, expect, it } from 'vitest';
import { AnswerMemory } from '../../src/broker/answer-memory.ts';
import { handleFetch } from '../../src/broker/handlers/fetch.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { TestCluster } from './test-cluster.ts';

const MiB = 1024 * 1024;

describe('the memory of answers', () => {
  it('gives what is wanted while there is plenty, and less the less is left', () => {
    const memory = new AnswerMemory();
    expect(memory.claim().extend(8 * MiB)).toBe(8 * MiB);
    memory.sending(24 * MiB);
    expect(memory.claim().extend(8 * MiB)).toBe(4 * MiB);
    expect(memory.claim().extend(8 * MiB)).toBe(3 * MiB);
    expect(memory.claim().extend(1 * MiB)).toBe(1 * MiB);
  });

  it('never lets a crowd that asks and does not read take more than there is', () => {
    const memory = new AnswerMemory();
    for (let i = 0; i < 1_000; i++) {
      const claim = memory.claim();
      const granted = claim.extend(8 * MiB);
      claim.release();
      memory.sending(granted);
    }
    expect(memory.used).toBeLessThanOrEqual(48 * MiB);
    expect(memory.claim().extend(8 * MiB)).toBe(0);
  });

  it('counts what an answer became in truth, and nothing when it is gone', () => {
    const memory = new AnswerMemory();
    const claim = memory.claim();
    claim.extend(8 * MiB);
    claim.settle(1_000);
    expect(memory.used).toBe(1_000);
    claim.release();
    const sent = memory.sending(500);
    expect(memory.used).toBe(500);
    sent.done();
    sent.done();
    expect(memory.used).toBe(0);
  });

  it('says who must go: who left an answer lying for long, while there is no room for others', () => {
    let now = 0;
    const memory = new AnswerMemory(() => now);
    const first = memory.sending(24 * MiB);
    now = 1_000;
    const second = memory.sending(24 * MiB);
    const others = [first, second];
    now = 9_999;
    expect(memory.claim().extend(MiB)).toBe(0);
    expect(others.map(({ mustGo }) => mustGo)).toEqual([false, false]);
    now = 10_000;
    expect(others.map(({ mustGo }) => mustGo)).toEqual([true, false]);
    first.done();
    now = 20_000;
    expect(second.mustGo).toBe(false);
    expect(memory.claim().extend(MiB)).toBe(MiB);
  });
});

describe('Fetch while memory is short', () => {
  async function clusterWith(value: string) {
    const cluster = new TestCluster();
    const { topicId } = cluster.create('orders');
    await cluster.append('orders', 0, value);
    const { context, answers } = cluster.client();
    const partition = {
      partition: 0,
      currentLeaderEpoch: -1,
      fetchOffset: 0,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: MiB,
      replicaDirectoryId: '',
    };
    const topics = [{ topic: 'orders', topicId, partitions: [partition] }];
    const bytesWithin = async (maxWaitMs: number) => {
      const request = { ...defaultsOf(fetch.request.fields), minBytes: 1, maxWaitMs, topics };
      const { responses } = await handleFetch(request, context(12));
      const [{ errorCode, highWatermark, records }] = responses[0].partitions;
      expect([errorCode, highWatermark]).toEqual([0, 1]);
      return records!.reduce((sum, { byteLength }) => sum + byteLength, 0);
    };
    return { cluster, answers, bytesWithin };
  }

  it('answers without records, and with them once there is room', async () => {
    const { answers, bytesWithin } = await clusterWith('a');
    const sent = answers.sending(48 * MiB);
    expect(await bytesWithin(10)).toBe(0);
    sent.done();
    expect(await bytesWithin(10)).toBeGreaterThan(0);
    expect(answers.used).toBe(0);
  });

  it('waits for room as for records, and reads no more than once in vain', async () => {
    const { cluster, answers, bytesWithin } = await clusterWith('a');
    const sent = answers.sending(48 * MiB);
    const answer = bytesWithin(60_000);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    sent.done();
    expect(await answer).toBeGreaterThan(0);
    const reads = cluster.takeCalls().filter((call) => call.startsWith('read'));
    expect(reads).toHaveLength(2);
    expect(answers.used).toBe(0);
  });
});
