/** What was written when Kedge still ran in Miniflare is there: that laid its files out so. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { expect, it, onTestFinished } from 'vitest';
import { workerScript } from '../../src/local/worker-script.ts';
import { start, valuesIn } from './kedges.ts';

it('reads the data directory of an earlier Kedge', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-earlier-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { text, config } = await workerScript('worker');
  const earlier = new Miniflare(
    convertV4MiniflareOptions({
      name: config.name,
      modules: [{ type: 'ESModule', path: 'worker.js', contents: String(text) }],
      compatibilityDate: config.compatibilityDate,
      compatibilityFlags: [...config.compatibilityFlags],
      bindings: { KEDGE_OPEN: 'true' },
      durableObjects: config.durableObjects,
      resourcePersistencePath: folder,
      host: '127.0.0.1',
      port: 0,
      cf: false,
    }),
  );
  onTestFinished(() => earlier.dispose());
  const answer = await fetch(new URL('/rest/topics/orders', await earlier.ready), {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: '{"records": [{"value": "tea"}, {"value": "milk"}]}',
  });
  expect(answer.status).toBe(200);
  await earlier.dispose();

  const kedge = await start({ dataDir: folder });
  expect(await valuesIn(kedge, 'orders')).toEqual(['tea', 'milk']);
});
