/**
 * What a thousand connections take that say nothing after hello, and what a record costs that comes
 * over one of a thousand. The surprise: the floor of the first is no floor of Kedge's making: a
 * connect() handler that reads a socket in the simplest way.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { memoryOf } from '../../processes.ts';
import { hold, lastsFor, putOnce } from '../loads.ts';
import type { Running } from '../system.ts';
import type { Round, Workload } from '../workload.ts';
import { cost, costOf } from './partitions.ts';

const many = 1_000;
const settlesMs = 500;

/** KB of memory for each. */
async function memoryEach(running: Running): Promise<number | undefined> {
  // One of each is made for the first that comes.
  const first = await hold(running, {
    kind: 'idle',
    topic: 'idle',
    partitions: 1,
    connections: 50,
  });
  if (first === undefined) return undefined;
  await delay(settlesMs);
  const before = memoryOf(running.pids());
  const rest = await hold(running, {
    kind: 'idle',
    topic: 'idle',
    partitions: 1,
    connections: many,
  });
  await delay(settlesMs);
  const after = memoryOf(running.pids());
  await Promise.all([first.letGo(), rest?.letGo()]);
  return ((after - before) * 1e3) / many;
}

async function costOver(
  running: Running,
  connections: number,
  round: Round,
): Promise<number | undefined> {
  const report = await putOnce(running, {
    kind: 'one',
    topic: `connections-${connections}-${round.number}`,
    partitions: 1,
    recordBytes: 1_000,
    connections,
    // A thousand producer ids would have to be asked for first.
    idempotent: false,
    ...lastsFor(round),
  });
  return report && costOf(report);
}

const memory: Workload = {
  name: 'connections-memory',
  title: `${many} idle connections`,
  figures: [{ name: 'memory each', unit: 'KB', better: 'lower' }],
  rounds: 3,
  // What was let go of before would be used again.
  fresh: true,
  async sample(running) {
    await running.prepare?.('idle', 'hold');
    const each = await memoryEach(running);
    return each === undefined ? undefined : { 'memory each': each };
  },
};

const producing: Workload = {
  name: 'connections-cost',
  title: `one record at a time over each of ${many} connections`,
  figures: [cost, { name: 'to one connection', unit: 'ratio', better: 'lower' }],
  async sample(running, round) {
    if (running.dialect !== 'kafka') return undefined;
    const among = await costOver(running, many, round);
    const alone = await costOver(running, 1, round);
    if (among === undefined || alone === undefined) return undefined;
    return { [cost.name]: among, 'to one connection': among / alone };
  },
};

export const connections: readonly Workload[] = [producing, memory];
