import { describe, expect, it } from 'vitest';
import { untilSilent, Window } from '../../../bench/load/window.ts';

const target = { host: '', port: 0, dialect: 'bare', topic: '', partitions: 1 } as const;

describe('what is measured', () => {
  it('has exact percentiles', () => {
    const window = new Window({ ...target, records: 1_000 });
    window.open();
    const now = performance.now();
    for (let i = 1; i <= 1_000; i++) window.count(now + i, 1, 10, (i * 7_919) % 1_000);
    expect(window.isOver).toBe(true);
    const { records, bytes, latencyMs } = window.report();
    expect({ records, bytes }).toEqual({ records: 1_000, bytes: 10_000 });
    expect(latencyMs).toEqual({ p50: 499, p99: 989, p999: 998, max: 999, count: 1_000 });
  });

  it('keeps as many latencies as there are', () => {
    const window = new Window({ ...target, seconds: 1_000 });
    window.open();
    for (let i = 0; i < 10_000; i++) window.count(performance.now(), 1, 1, i);
    window.end();
    expect(window.report().latencyMs).toMatchObject({ max: 9_999, count: 10_000 });
  });

  it('begins when it has warmed up, and lasts as long as it should', () => {
    const window = new Window({ ...target, seconds: 2, warmUpSeconds: 1 });
    window.open(1_000);
    for (let ms = 1_000; ms <= 5_000; ms += 100) window.count(ms + 50, 5, 50);
    const { seconds, records } = window.report();
    expect(seconds).toBeCloseTo(2);
    expect(records).toBe(100);
  });

  it('begins when enough has been moved before, however long that took', () => {
    const window = new Window({ ...target, records: 30, warmUpSeconds: 1, warmUpRecords: 100 });
    window.open(0);
    for (let i = 1; i <= 13; i++) window.count(1_000 * i, 10, 100, i);
    const { records, seconds, latencyMs } = window.report();
    expect(records).toBe(30);
    expect(seconds).toBeCloseTo(3);
    expect(latencyMs?.count).toBe(3);
  });

  it('is full when as many are under way as are wanted', () => {
    const window = new Window({ ...target, records: 10 });
    window.open();
    window.start(9);
    expect(window.isFull).toBe(false);
    window.start(5);
    expect([window.isFull, window.isOver]).toEqual([true, false]);
  });

  it('knows what other processes took of the processor, if it is told of them', () => {
    const window = new Window({ ...target, seconds: 1, pids: [process.pid] });
    window.open();
    for (const end = performance.now() + 100; performance.now() < end; );
    window.end();
    const { cpuSeconds, systemCpuSeconds } = window.report();
    expect(cpuSeconds).toBeGreaterThan(0.05);
    expect(systemCpuSeconds).toBeGreaterThan(0.05);
  });

  it('has nothing to say before it began', () => {
    const window = new Window({ ...target, seconds: 1, warmUpSeconds: 1 });
    window.open();
    window.end();
    expect(() => window.report()).toThrow('nothing was measured');
  });

  it('passes on what becomes of the work', async () => {
    const window = new Window(target);
    expect(await untilSilent(window, Promise.resolve(3))).toBe(3);
    await expect(untilSilent(window, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
