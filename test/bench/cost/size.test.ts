import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { deployedWorker, mostBytes, startMs } from '../../../bench/cost/size.ts';

it('is no heavier than it may be, and starts', async () => {
  const worker = await deployedWorker();
  expect(gzipSync(worker).length).toBeLessThan(mostBytes);
  expect(await startMs(worker)).toBeGreaterThan(0);
});

it('evaluates what serves HTTP when the first request asks for it, and not before', async () => {
  const text = new TextDecoder().decode(await deployedWorker());
  // esbuild puts into such a function what is imported only when it is needed.
  expect(text.match(/\binit_app\(\)/g)).toHaveLength(1);
  expect(text).toMatch(/\.then\(\(\)\s*=>\s*\(init_app\(\),/);
});
