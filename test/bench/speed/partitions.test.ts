import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { latest, offsetsOf } from '../../../bench/load/setup.ts';
import type { Running } from '../../../bench/speed/system.ts';
import { partitions } from '../../../bench/speed/workloads/partitions.ts';
import { type Kedge, spawnKedge } from '../../kedge-process.ts';

const [awake, asleep] = partitions;
const timeout = 60_000;

describe('what a record costs among a thousand partitions', () => {
  let kedge: Kedge;
  let running: Running;
  /** Records in each. */
  const written = async (): Promise<number[]> => {
    const topic = { topic: 'partitions-1000', partitions: 1_000, dialect: 'kafka' } as const;
    const ends = await offsetsOf({ ...topic, host: running.host, port: running.port }, latest);
    return [...ends.values()];
  };

  beforeAll(async () => {
    kedge = await spawnKedge();
    running = {
      dialect: 'kafka',
      host: kedge.host,
      port: kedge.kafkaPort,
      version: 'kedge',
      pids: () => [kedge.workerdPid()],
      stop: () => kedge.stop(),
    };
  });
  afterAll(() => kedge.stop());

  it('is measured when each has been written to in the same look', { timeout }, async () => {
    const sample = await awake.sample(running, { number: 0, seconds: 1, records: 300 });
    expect(Object.keys(sample!)).toEqual(awake.figures.map(({ name }) => name));
    const each = await written();
    // 16 when the topic was made, 16 before the clock ran, and what was measured.
    expect(Math.min(...each)).toBe(32);
    expect(each.reduce((sum, records) => sum + records)).toBeGreaterThanOrEqual(32_300);
  });

  it('is measured of the first record, of as many as there are', { timeout }, async () => {
    const before = await written();
    const sample = await asleep.sample(running, { number: 0, seconds: 30 });
    expect(Object.keys(sample!)).toEqual(asleep.figures.map(({ name }) => name));
    expect(await written()).toEqual(before.map((records) => records + 1));
    await asleep.sample(running, { number: 0, seconds: 30, records: 10 });
    const few = (await written()).filter((records, i) => records > before[i] + 1);
    expect(few).toHaveLength(10);
  });

  it('is nothing that the bare Worker has', async () => {
    const bare: Running = { ...running, dialect: 'bare' };
    for (const workload of partitions) {
      expect(await workload.sample(bare, { number: 0, seconds: 1 })).toBeUndefined();
    }
  });
});
