import { describe, expect, it } from 'vitest';
import { consumedPerSecond, producedPerSecond } from '../../../bench/speed/workloads/java-tools.ts';

const interim =
  '136769 records sent, 27353.8 records/sec (26.09 MB/sec), 958.2 ms avg latency, 1062.0 ms max.\n';
const whole =
  '300000 records sent, 30950.170226 records/sec (29.52 MB/sec), 970.97 ms avg latency.\n';

describe('what kafka-producer-perf-test says', () => {
  it('is the speed of the whole where nothing was for warming up', () => {
    expect(producedPerSecond(`${interim}${whole}`)).toBe(30_950.170226);
  });

  it('is the speed of the steady state where there is one', () => {
    const steady = '200000 steady state records sent, 29603.315571 records/sec (28.23 MB/sec).\n';
    expect(producedPerSecond(`Warmup first 100000 records.\n${interim}${whole}${steady}`)).toBe(
      29_603.315571,
    );
  });

  it('is nothing where it failed', () => {
    expect(() => producedPerSecond('it did not work\n')).toThrow('it did not work');
  });
});

describe('what kafka-consumer-perf-test says', () => {
  it('is the speed of fetching', () => {
    const names =
      'start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, ' +
      'rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n';
    const values =
      '2026-11-23 08:46:51:592, 2026-11-23 08:46:52:975, 286.1023, 206.8708, 300000, 216919.7397, ' +
      '230, 1153, 248.1373, 260190.8066\n';
    expect(consumedPerSecond(`${names}${values}`)).toBe(260_190.8066);
  });

  it('is nothing where it failed', () => {
    expect(() => consumedPerSecond('WARNING: Exiting\nbefore all was read\n')).toThrow('WARNING');
  });
});
