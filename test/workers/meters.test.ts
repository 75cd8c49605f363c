/** What SQLite itself says of rows, by the meter of each object; memory must count the same. */
import { evictDurableObject, reset, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';
import type { GroupCalls } from '../../src/core/group/commands.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { MemoryObjects } from '../../src/runtime/memory-objects.ts';
import type { ObjectMeter, Usage } from '../../src/runtime/meters.ts';
import type { Objects } from '../../src/runtime/stubs.ts';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { workerObjects } from '../../src/runtime/worker-objects.ts';
import { append, batch, read } from '../core/log/samples.ts';

const bindings = env as unknown as Env;

afterEach(() => reset());

const metered = (namespace: DurableObjectNamespace, name: string): Promise<Usage> =>
  runInDurableObject(
    namespace.get(namespace.idFromName(name)),
    (object) => (object as unknown as { meter: ObjectMeter }).meter.usage,
  );

/** Both forms of the objects, and the rows that one of them has touched since it was asked last. */
function forms() {
  const memory = new MemoryObjects({ config: defaultBrokerConfig });
  const worker = workerObjects(bindings);
  const inWorker = (name: string): Promise<Usage> => {
    const [kind, id] = name.split(' ');
    const { PARTITION, GROUP_COORDINATOR } = bindings;
    return metered(kind === 'partition' ? PARTITION : GROUP_COORDINATOR, id);
  };
  const inMemory = async (name: string) => memory.meters.get(name)!.usage;
  return [counting(worker, inWorker), counting(memory, inMemory)];
}

function counting(objects: Objects, usageOf: (name: string) => Promise<Usage>) {
  const before = new Map<string, Usage>();
  /** Rows read and written. */
  const touched = async (name: string): Promise<readonly [number, number]> => {
    const usage = await usageOf(name);
    const { rowsRead = 0, rowsWritten = 0 } = before.get(name) ?? {};
    before.set(name, usage);
    return [usage.rowsRead - rowsRead, usage.rowsWritten - rowsWritten];
  };
  return { objects, touched, written: async (name: string) => (await touched(name))[1] };
}

describe('rows written', () => {
  const partition = 'partition AAAAAAAAAAAAAAAAAAAAAA:0';

  it('by a partition: one for a flush', async () => {
    for (const { objects, written } of forms()) {
      const stub = objects.partition('AAAAAAAAAAAAAAAAAAAAAA', 0);
      await stub.call('append', append(batch(['a'])));
      await written(partition);
      for (let i = 0; i < 20; i++) {
        await stub.call('append', append(batch(['a'])));
        expect(await written(partition)).toBe(1);
      }
      await stub.call('read', read(0));
      expect(await written(partition)).toBe(0);
      const together = Array.from({ length: 10 }, () => stub.call('append', append(batch(['a']))));
      await Promise.all(together);
      // Those that came while the first was written are one flush.
      expect(await written(partition)).toBeLessThanOrEqual(3);
    }
  });

  it('by a partition: one for a flush that its last row takes in, which is read for it', async () => {
    for (const { objects, touched } of forms()) {
      const stub = objects.partition('AAAAAAAAAAAAAAAAAAAAAA', 0);
      await stub.call('append', append(batch(['x'.repeat(4_000)])));
      await stub.call('append', append(batch(['a'])));
      await touched(partition);
      for (let i = 0; i < 20; i++) {
        await stub.call('append', append(batch(['a'])));
        expect(await touched(partition)).toEqual([1, 1]);
      }
    }
  });

  it('by a group: one for a commit, none for one that repeats it, none for a heartbeat', async () => {
    for (const { objects, written } of forms()) {
      const group = objects.group('g');
      const commit = (offset: number) => {
        const partitions = [0, 1, 2].map((partitionIndex) => ({
          partitionIndex,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          metadata: null,
        }));
        const command: GroupCalls['commitOffsets']['command'] = {
          groupId: 'g',
          generationId: -1,
          memberId: '',
          groupInstanceId: null,
          retentionTimeMs: -1,
          namesMissingGroup: false,
          topics: [{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions }],
        };
        return group.call('commitOffsets', command);
      };
      await commit(1);
      await written('group g');
      await commit(2);
      expect(await written('group g')).toBe(1);
      await commit(2);
      expect(await written('group g')).toBe(0);
    }
  });
});

describe('rows read', () => {
  it('by a partition that wakes: those since its last snapshot, however long the log', async () => {
    const { PARTITION } = bindings;
    const name = 'AAAAAAAAAAAAAAAAAAAAAA:0';
    const stub = workerObjects(bindings).partition('AAAAAAAAAAAAAAAAAAAAAA', 0);
    for (let i = 0; i < 450; i++) await stub.call('append', append(batch(['a'])));
    await evictDurableObject(PARTITION.get(PARTITION.idFromName(name)));
    await stub.call('append', append(batch(['a'])));
    const { rowsRead, rowsWritten, requests } = await metered(PARTITION, name);
    expect(requests).toMatchObject({ call: 1, watchOpened: 0, alarm: 0 });
    expect(rowsWritten).toBe(1);
    expect(rowsRead).toBeGreaterThan(0);
    expect(rowsRead).toBeLessThan(310);
  });
});
