/** What a burst costs that wakes a subscription: the figures of docs/push.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { ObjectMeter } from '../../src/runtime/meters.ts';
import { PushCluster } from '../runtime/push/push-cluster.ts';
import { until } from '../until.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/push.md'), 'utf8');

function counted(meters: ReadonlyMap<string, ObjectMeter>) {
  const kinds = new Map<string, { requests: number; rowsWritten: number }>();
  for (const [name, meter] of meters) {
    const [kind] = name.split(' ');
    const { requests, rowsWritten } = meter.usage;
    const sum = kinds.get(kind) ?? { requests: 0, rowsWritten: 0 };
    sum.requests += Object.values(requests).reduce((all, one) => all + one, 0);
    sum.rowsWritten += rowsWritten;
    kinds.set(kind, sum);
  }
  return kinds;
}

/** Until nothing has happened for a while. */
async function quiet(cluster: PushCluster): Promise<void> {
  let before = '';
  await vi.waitFor(
    () => {
      const now = JSON.stringify([...counted(cluster.objects.meters)]);
      const isQuiet = now === before;
      before = now;
      expect(isQuiet).toBe(true);
    },
    { interval: 300, timeout: 20_000 },
  );
}

async function burst(maxBatchTimeoutMs: number) {
  using cluster = new PushCluster();
  await cluster.makeTopic();
  await cluster.put({ maxBatchTimeoutMs });
  await cluster.send(['first']);
  await until(async () => expect(await cluster.committed()).toBe(1));
  await quiet(cluster);
  const before = counted(cluster.objects.meters);
  await cluster.send(Array.from({ length: 5 }, (_, index) => `${index}`));
  await until(() => expect(cluster.bodies()).toHaveLength(6));
  await quiet(cluster);
  const after = counted(cluster.objects.meters);
  const names = { subscription: 'subscription', partition: 'its partition', group: 'group' };
  return Object.entries(names).map(([kind, name]) => {
    const { requests, rowsWritten } = after.get(kind)!;
    const was = before.get(kind)!;
    // The append itself is the producer's: a request, and a row.
    const own = kind === 'partition' ? 1 : 0;
    return [name, requests - was.requests - own, rowsWritten - was.rowsWritten - own] as const;
  });
}

it('is what docs/push.md says of a burst', async () => {
  // Be it delivered at once, or when it has waited for more to come.
  for (const line of [...(await burst(0)), ...(await burst(200))]) {
    const cells = line.map((cell) => `${cell} +`).join('\\| ');
    expect(page, line.join(', ')).toMatch(new RegExp(`^\\| ${cells}\\|$`, 'm'));
  }
});
