/** Every kind of load on the program itself, by the generator's program. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job, Report } from '../../../bench/load/job.ts';
import { startBare } from '../../../bench/speed/bare/bare.ts';
import { type Kedge, spawnKedge } from '../../kedge-process.ts';

const program = join(import.meta.dirname, '../../../bench/load/main.ts');
const batching = { recordBytes: 500, batchBytes: 8_000, inFlight: 5 } as const;
const sizes = { maxBytes: 1 << 20, partitionMaxBytes: 100_000 };

function begin(...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [program, ...args]);
}

async function run(job: unknown): Promise<{ report?: Report; stderr: string; code: number }> {
  const child = begin();
  const ended = once(child, 'exit');
  child.stdin.end(JSON.stringify(job));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { report: stdout === '' ? undefined : JSON.parse(stdout), stderr, code };
}

async function reportOf(job: Job): Promise<Report> {
  const { report, stderr } = await run(job);
  if (report === undefined) throw new Error(stderr);
  return report;
}

describe('a load on Kedge', () => {
  let kedge: Kedge;
  const at = (topic: string, partitions = 1) => {
    const { host, kafkaPort: port } = kedge;
    return { host, port, dialect: 'kafka', topic, partitions } as const;
  };
  const filled = (topic: string, partitions: number): Promise<Report> => {
    const bounds = { ...at(topic, partitions), create: true, records: 2_000 };
    return reportOf({ kind: 'produce', ...bounds, ...batching, codec: 'lz4', connections: 2 });
  };

  beforeAll(async () => {
    kedge = await spawnKedge();
  });
  afterAll(() => kedge.stop());

  it('produces, and fetches the same again', async () => {
    const { records, bytes } = await filled('same', 3);
    expect(records).toBeGreaterThanOrEqual(2_000);
    const fetched = await reportOf({ kind: 'fetch', ...at('same', 3), ...sizes, connections: 2 });
    expect(fetched).toMatchObject({ records, bytes });
  });

  it('writes one record at a time', async () => {
    const bounds = { ...at('one'), create: true, records: 50, pids: [kedge.workerdPid()] };
    const report = await reportOf({ kind: 'one', ...bounds, recordBytes: 100 });
    expect(report).toMatchObject({ records: 50, latencyMs: { count: 50 } });
    expect(report.systemCpuSeconds).toBeGreaterThanOrEqual(0);
    const { p50, p99, p999, max } = report.latencyMs!;
    expect([p50, p99, p999, max].toSorted((a, b) => a - b)).toEqual([p50, p99, p999, max]);
    expect(await reportOf({ kind: 'fetch', ...at('one'), ...sizes })).toMatchObject({
      records: 50,
    });
  });

  it('sees records arrive', async () => {
    const bounds = { ...at('tail', 2), create: true, records: 40 };
    const report = await reportOf({ kind: 'tail', ...bounds, recordBytes: 100, everyMs: 2 });
    expect(report).toMatchObject({ records: 40, latencyMs: { count: 40 } });
    expect(report.latencyMs!.p50).toBeGreaterThan(0);
  });

  it('has a group read all, and begin where it has come to', async () => {
    const { records, bytes } = await filled('shared', 8);
    const job = { kind: 'group', ...at('shared', 8), members: 3, groupId: 'readers' } as const;
    const report = await reportOf({ ...job, commitEveryMs: 10 });
    expect(report).toMatchObject({ records, bytes });
    expect(report.joinSeconds).toBeGreaterThan(0);
    expect(await reportOf(job)).toMatchObject({ records: 0, bytes: 0 });
  });

  it('commits transactions', async () => {
    const bounds = { ...at('bills', 2), create: true, records: 12 };
    const load = { kind: 'transactions', recordBytes: 100, recordsPerPartition: 3 } as const;
    const report = await reportOf({ ...load, ...bounds });
    expect(report).toMatchObject({ records: 12, latencyMs: { count: 2 } });
    // Each transaction leaves a marker in each partition.
    const fetched = await reportOf({ kind: 'fetch', ...at('bills', 2), ...sizes });
    expect(fetched.records).toBe(12 + 2 * 2);
  });

  it('posts records', async () => {
    const url = `${kedge.url}/rest/topics/posted`;
    const bounds = { ...at('posted'), records: 30 };
    await reportOf({ kind: 'one', ...at('posted'), create: true, records: 1, recordBytes: 10 });
    const load = { kind: 'http', url, recordBytes: 50, recordsPerRequest: 10 } as const;
    const report = await reportOf({ ...load, ...bounds, connections: 1 });
    expect(report).toMatchObject({ records: 30, bytes: 1_500, latencyMs: { count: 3 } });
    expect(await reportOf({ kind: 'fetch', ...at('posted'), ...sizes })).toMatchObject({
      records: 31,
    });
  });

  it('holds connections until it is told to let go', async () => {
    const child = begin();
    const job: Job = { kind: 'idle', ...at(''), connections: 30 };
    child.stdin.write(`${JSON.stringify(job)}\n`);
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    expect(JSON.parse(line)).toMatchObject({ records: 30, latencyMs: { count: 30 } });
    expect(child.exitCode).toBeNull();
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('reports nothing when something is not right', async () => {
    const { report, stderr, code } = await run({ kind: 'fetch', ...at('nowhere'), ...sizes });
    expect(report).toBeUndefined();
    expect(stderr).toContain('UNKNOWN_TOPIC_OR_PARTITION');
    expect(code).toBe(1);
  });
});

describe('a load on the bare Worker', () => {
  it('writes rows and reads them back', async () => {
    const bare = await startBare();
    try {
      const { host, port } = bare;
      const at = { host, port, dialect: 'bare', topic: '', partitions: 1 } as const;
      const produce = { kind: 'produce', ...batching, codec: 'none', connections: 1 } as const;
      const { records, bytes } = await reportOf({ ...produce, ...at, records: 500 });
      expect(records).toBeGreaterThanOrEqual(500);
      const kept = (await reportOf({ kind: 'fetch', ...at, ...sizes })).bytes;
      expect(kept).toBeGreaterThan(bytes);
      expect(kept).toBeLessThan(1.02 * bytes);
    } finally {
      await bare.stop();
    }
  });
});

describe('the program', () => {
  it('says what it is for', async () => {
    const child = begin('--help');
    expect(await text(child.stdout)).toContain('Usage: node bench/load/main.ts');
  });

  it.each([
    ['nothing', ''],
    ['no job', '{"kind":"nothing"}'],
  ])('refuses %s', async (_, line) => {
    const child = begin();
    child.stdin.end(line);
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(stderr).toContain('load: ');
    expect(code).toBe(1);
  });
});
