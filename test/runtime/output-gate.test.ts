import { describe, expect, it, vi } from 'vitest';
import { ObjectMeter, oneWritten } from '../../src/runtime/meters.ts';
import { OutputGate } from '../../src/runtime/output-gate.ts';

describe('OutputGate', () => {
  it('lets an answer out once all that was written before it is confirmed', async () => {
    vi.useFakeTimers({ now: 0 });
    try {
      const gate = new OutputGate(12, Date.now);
      const meter = new ObjectMeter(Date.now);
      const behind = gate.behind(meter);
      const passed: string[] = [];
      const pass = (name: string) => gate.passed().then(() => passed.push(name));
      behind.rows({ rowsRead: 1 });
      await pass('read');
      behind.rows(oneWritten);
      void pass('first');
      await vi.advanceTimersByTimeAsync(6);
      behind.rows(oneWritten);
      void pass('second');
      await vi.advanceTimersByTimeAsync(6);
      expect(passed).toEqual(['read', 'first']);
      await vi.advanceTimersByTimeAsync(6);
      expect(passed).toEqual(['read', 'first', 'second']);
      expect(meter.usage).toMatchObject({ rowsRead: 1, rowsWritten: 2 });
    } finally {
      vi.useRealTimers();
    }
  });
});
