/**
 * From the moment a system is spawned to its first answer, and what all its processes take of the
 * memory once nothing has been asked of them for two seconds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { memoryOf } from '../../processes.ts';
import type { Workload } from '../workload.ts';

const idleMs = 2_000;

export const start: Workload = {
  name: 'start',
  title: 'start',
  figures: [
    { name: 'first answer', unit: 's', better: 'lower' },
    { name: 'memory, idle', unit: 'MB', better: 'lower' },
  ],
  fresh: true,
  installed: true,
  async sample({ startedAfterMs, pids }) {
    if (startedAfterMs === undefined) return undefined;
    await delay(idleMs);
    return { 'first answer': startedAfterMs / 1000, 'memory, idle': memoryOf(pids()) };
  },
};
