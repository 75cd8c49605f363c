import { describe, expect, it } from 'vitest';
import { isListenedOn, runs } from '../../../bench/processes.ts';
import { queues } from '../../../bench/speed/systems/queues.ts';
import { report } from '../../push/report.ts';
import { until } from '../../until.ts';

describe('Cloudflare Queues, to measure Kedge by', () => {
  it('takes records over HTTP, tells of them, and leaves nothing behind', async () => {
    const told: { body: { number: number } }[] = [];
    await using consumer = await report((body, _, response) => {
      told.push(...JSON.parse(body).messages);
      response.end();
    });
    const running = await queues.start();
    const pids = running.pids();
    try {
      const post = async (path: string, records: readonly unknown[]) => {
        const body = JSON.stringify({ records: records.map((value) => ({ value })) });
        const response = await fetch(`${running.url}${path}`, { method: 'POST', body });
        return [response.status, await response.json()];
      };
      const offset = { partition: 0, offset: 0, error_code: null, error: null };
      expect(await post('/', [{ text: 'one' }])).toEqual([200, { offsets: [offset] }]);
      const many = Array.from({ length: 100 }, (_, number) => ({ number, to: consumer.url }));
      expect(await post('/told', many)).toEqual([200, { offsets: many.map(() => offset) }]);
      await until(() => expect(told).toHaveLength(100));
      expect(told.map(({ body }) => body.number).sort((a, b) => a - b)).toEqual(
        many.map(({ number }) => number),
      );
      expect(running.version).toMatch(/^miniflare \d/);
      expect(pids.length).toBeGreaterThan(1);
    } finally {
      await running.stop();
    }
    await until(() => expect(pids.filter(runs)).toEqual([]));
    expect(isListenedOn(running.port)).toBe(false);
  });
});
