/**
 * The parts of the floor, each alone: a Worker that answers and does no more, one that hands over
 * by RPC what is dropped there, and an object that inserts rows from its own memory, each durable
 * before the next.
 */

import type { Bare } from '../bare/bare.ts';
import type { BareMode } from '../bare/dialect.ts';
import { lastsFor, put } from '../loads.ts';
import type { Running } from '../system.ts';
import type { Figure, Round, Workload } from '../workload.ts';
import { java, speedOf } from './produce.ts';

const modes: readonly (readonly [string, BareMode])[] = [
  ['TCP alone', 'sink'],
  ['TCP and RPC', 'rpc'],
];
const rows = [
  ['insert, 16 KB rows', 16 * 1024],
  ['insert, 256 KB rows', 256 * 1024],
  ['insert, 1 MB rows', 1024 * 1024],
] as const;
const insertedBytes = 32 * 1024 * 1024;

const figures: readonly Figure[] = [...modes, ...rows].map(([name]) => ({
  name,
  unit: 'MB/s',
  better: 'higher',
}));

function isBare(running: Running): running is Bare {
  return running.dialect === 'bare';
}

async function speedBy(bare: Bare, mode: BareMode, round: Round): Promise<number> {
  const topic = `floor-${mode}`;
  await bare.prepare(topic, mode);
  const report = await put(bare, {
    kind: 'produce',
    topic,
    partitions: 1,
    recordBytes: 1_000,
    codec: 'none',
    connections: 1,
    ...java,
    ...lastsFor(round),
  });
  return speedOf(report!, report!.bytes).throughput;
}

async function insertSpeed(bare: Bare, rowBytes: number, { records }: Round): Promise<number> {
  const count = Math.min(records ?? Number.POSITIVE_INFINITY, insertedBytes / rowBytes);
  const ms = await bare.fill('floor-insert', count, rowBytes);
  await bare.discard('floor-insert');
  return (count * rowBytes) / 1e3 / ms;
}

export const floor: Workload = {
  name: 'floor',
  title: 'the floor in parts, 1 KB, 1 partition',
  figures,
  async sample(running, round) {
    if (!isBare(running)) return undefined;
    const sample: Record<string, number> = {};
    for (const [name, mode] of modes) sample[name] = await speedBy(running, mode, round);
    for (const [name, rowBytes] of rows) sample[name] = await insertSpeed(running, rowBytes, round);
    return sample;
  },
};
