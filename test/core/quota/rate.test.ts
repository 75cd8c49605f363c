import { describe, expect, it } from 'vitest';
import { mostInWindow, Rate } from '../../../src/core/quota/rate.ts';

const start = 1_000_000;

describe('a rate', () => {
  it('lets pass what stays within the limit', () => {
    const rate = new Rate();
    for (let second = 0; second < 60; second++) {
      rate.record(999, start + second * 1_000);
      expect(rate.throttleMs(1_000, start + second * 1_000 + 999)).toBe(0);
    }
  });

  it('takes a first burst of what may come in ten seconds', () => {
    const rate = new Rate();
    rate.record(10_000, start);
    expect(rate.throttleMs(1_000, start)).toBe(0);
    rate.record(1, start);
    expect(rate.throttleMs(1_000, start)).toBe(1);
    expect(mostInWindow(1_000)).toBe(10_000);
  });

  it('asks for as long as the rest takes: Kafka says (rate - limit) / limit of the window', () => {
    const rate = new Rate();
    rate.record(30_000, start);
    // 3,000 a second over ten seconds, where 1,000 may come: 20 seconds more.
    expect(rate.throttleMs(1_000, start)).toBe(20_000);
    // Half a second on, the window is half a second longer.
    expect(rate.throttleMs(1_000, start + 500)).toBe(19_500);
  });

  it('forgets what is older than the window', () => {
    const rate = new Rate();
    rate.record(100_000, start);
    expect(rate.throttleMs(1_000, start + 10_999)).toBeGreaterThan(0);
    expect(rate.throttleMs(1_000, start + 11_000)).toBe(0);
  });

  it('brings whoever keeps quiet as told to the limit, in the long run', () => {
    const rate = new Rate();
    let now = start;
    let sent = 0;
    while (now < start + 600_000) {
      rate.record(5_000, now);
      sent += 5_000;
      now += Math.max(1, rate.throttleMs(1_000, now));
    }
    expect(sent / ((now - start) / 1_000)).toBeGreaterThan(900);
    expect(sent / ((now - start) / 1_000)).toBeLessThan(1_100);
  });
});
