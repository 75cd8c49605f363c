import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Results } from '../../../bench/speed/results.ts';

it('measures Kedge beside the bare Worker, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-bench-test-'));
  try {
    const out = join(folder, 'results.json');
    const program = join(import.meta.dirname, '../../../bench/run.ts');
    const few = ['--only', 'produce-1k-1', '--rounds', '1', '--records', '200', '--out', out];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...few], {
      env: { ...process.env, TMPDIR: folder },
    });
    expect(stdout).toContain('produce 1 KB, 1 partition');
    const { rows, failures }: Results = JSON.parse(readFileSync(out, 'utf8'));
    expect(failures).toEqual([]);
    const [throughput] = rows;
    expect(throughput.systems.kedge.samples).toHaveLength(1);
    expect(throughput.systems.bare.median).toBeGreaterThan(0);
    expect(throughput.ratios.bare.ratio).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual(['results.json']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
