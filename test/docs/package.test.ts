/** The page is about a project that Kedge is installed in, so its code runs in one. */
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../src/local/ports.ts';
import { readWorkerConfig } from '../../src/local/worker-config.ts';
import { endAll, root } from '../cli/processes.ts';
import { runWranglerDev } from '../cli/tunnel/wrangler-dev.ts';
import { readFrom, Wire } from '../kafka/wire.ts';
import { type Packed, type Project, pack } from '../package/installed.ts';
import { page } from './page.ts';

const docs = page('docs/package.md');
let packed: Packed;
let shop: Project;
beforeAll(async () => {
  packed = await pack();
  shop = await packed.install();
  shop.write('worker.ts', docs.code('shop-worker'));
  shop.write('wrangler.toml', docs.code('shop-config'));
  shop.write('kedge/worker.ts', docs.code('kedge-worker'));
  shop.write('kedge/wrangler.toml', docs.code('kedge-config'));
  for (const name of ['miniflare', 'wrangler']) {
    symlinkSync(join(root, 'node_modules', name), shop.file(`node_modules/${name}`));
  }
});
afterAll(() => {
  endAll();
  packed?.remove();
});

it('describes the Worker as the repository does', () => {
  const { main: _, vars: __, ...own } = readWorkerConfig(join(root, 'wrangler.toml'));
  expect(docs.code('kedge-config')).toContain('main = "worker.ts"');
  for (const [name, { className }] of Object.entries(own.durableObjects)) {
    const binding = `{ name = "${name}", class_name = "${className}" },`;
    expect(docs.code('kedge-config')).toContain(binding);
    expect(docs.code('miniflare')).toContain(`${name}: sqlite('${className}'),`);
  }
  const { compatibilityDate, compatibilityFlags } = own;
  for (const said of [compatibilityDate, ...compatibilityFlags]) {
    expect(docs.code('kedge-config')).toContain(`"${said}"`);
    expect(docs.code('miniflare')).toContain(`'${said}'`);
  }
  const migrations = readFileSync(join(root, 'wrangler.toml'), 'utf8').split('[[migrations]]');
  const shown = docs.code('kedge-config').split('[[migrations]]');
  expect(shown.slice(1).map((one) => one.trim())).toEqual(
    migrations.slice(1).map((one) => one.trim()),
  );
});

it('runs beside a Worker in wrangler dev', async () => {
  const kafkaPort = await freePort('127.0.0.1');
  const config = docs.code('kedge-config').replace('port = 9092', `port = ${kafkaPort}`);
  shop.write('kedge/wrangler.toml', config);
  const [, program, command, ...options] = docs.code('wrangler-dev').trim().split(' ');
  expect([program, command]).toEqual(['wrangler', 'dev']);
  const dev = await runWranglerDev(shop.path, options);
  try {
    for (const offset of [0, 1]) {
      const response = await fetch(`${dev.url}/tea`);
      expect([response.status, await response.text()]).toEqual([200, JSON.stringify({ offset })]);
    }
    const wire = await Wire.open({ host: '127.0.0.1', kafkaPort });
    expect(await readFrom(wire, 'visits', 0)).toEqual(['{"path":"/tea"}', '{"path":"/tea"}']);
    wire.socket.destroy();
  } finally {
    await dev.stop();
  }
});

it('is deployed from the two lines as from the bundle', async () => {
  const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
  for (const config of ['kedge/wrangler.toml', 'node_modules/kedge/dist/wrangler.toml']) {
    const args = ['deploy', '--dry-run', '--config', config];
    const said = await shop.run(process.execPath, wrangler, ...args);
    expect(said).toContain('env.STREAM_SUBSCRIPTION (StreamSubscription)');
    expect(said).toContain('--dry-run: exiting now.');
    expect(said).not.toMatch(/warning|additional modules/i);
  }
});

it('runs in a Miniflare', async () => {
  shop.write('miniflare.mjs', docs.code('miniflare'));
  const said = await shop.run(process.execPath, 'miniflare.mjs');
  expect(said).toMatch(/partition: 0, offset: 0/);
});
