import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root, run } from '../cli/processes.ts';
import { startWranglerDev } from '../cli/tunnel/wrangler-dev.ts';
import { startBound } from '../clients/bound-workers.ts';
import { createTopic, produceTo, readFrom, Wire } from '../kafka/wire.ts';
import { type FakeCloudflare, startFakeCloudflare } from './fake-cloudflare.ts';
import { page } from './page.ts';

const owner = 'the-owners-secret';
const docs = page('docs/deploy.md', {
  kedge: { env: { KEDGE_TOKEN: owner, KEDGE_OPEN: 'false' } },
});
/** Where the commands of the page keep the secret. */
const tokenFile = join(root, 'kedge.token');

let cloudflare: FakeCloudflare;
let mine: string | undefined;
beforeAll(async () => {
  if (existsSync(tokenFile)) mine = readFileSync(tokenFile, 'utf8');
  cloudflare = await startFakeCloudflare();
});
afterAll(async () => {
  if (mine === undefined) rmSync(tokenFile, { force: true });
  else writeFileSync(tokenFile, mine);
  await cloudflare?.stop();
});

it('sets the secret and deploys, with nothing else', async () => {
  const program = run('bash', ['-e', '-o', 'pipefail', '-c', docs.code('deploy')], {
    cwd: root,
    env: { ...cloudflare.env },
  });
  expect(await program.ended, program.stdout() + program.stderr()).toBe(0);
  const sent = (what: RegExp) => cloudflare.requests.find((request) => what.test(request.what));
  const secret = JSON.parse(String(sent(/^PUT .*\/scripts\/kedge\/secrets$/)!.body));
  expect(secret.name).toBe('KEDGE_TOKEN');
  expect(secret.text.trim()).toBe(readFileSync(tokenFile, 'utf8').trim());
  expect(secret.text.length).toBeGreaterThan(40);
  const upload = String(sent(/^PUT .*\/scripts\/kedge$/)!.body);
  for (const name of ['Partition', 'ClusterController', 'new_sqlite_classes']) {
    expect(upload).toContain(name);
  }
  expect(program.stdout()).toContain('https://kedge.example.workers.dev');
}, 120_000);

it('lets its owner in, and nobody else', async () => {
  writeFileSync(tokenFile, `${owner}\n`);
  const [produced, topics] = await docs.answers('first-record');
  expect(produced.offsets).toMatchObject([{ partition: 0, error_code: null }]);
  expect(topics).toEqual(['orders']);
  expect((await fetch(`${docs.kedge.url}/rest/topics`)).status).toBe(401);
});

it('leads Kafka clients through the tunnel', async () => {
  writeFileSync(tokenFile, `${owner}\n`);
  const local = `--listen ${docs.kedge.bootstrapServers}`;
  const command = docs.code('tunnel').replace(local, '--listen 127.0.0.1:0');
  const tunnel = run('bash', ['-e', '-c', command], { cwd: root, detached: true });
  await tunnel.until('Ctrl-C ends it');
  const [, address] = / at (\S+)\. Ctrl-C/.exec(tunnel.stdout())!;
  const program = docs.node(
    'tunnelled',
    docs.code('tunnelled').replace(docs.kedge.bootstrapServers, address),
  );
  expect(await program.ended, program.stderr()).toBe(0);
  expect(program.stdout()).toContain("baseOffset: '1'");
  process.kill(-tunnel.child.pid!, 'SIGTERM');
  await tunnel.ended;
});

it('passes connections on', async () => {
  await using bound = await startBound({ worker: { text: docs.code('forward') }, takesTcp: true });
  const wire = await Wire.open({ host: '127.0.0.1', kafkaPort: bound.tcpPort! });
  await createTopic(wire, 'passed-on');
  await produceTo(wire, 'passed-on', 'a');
  expect(await readFrom(wire, 'passed-on', 0)).toEqual(['a']);
  wire.close();
});

it('is rehearsed with wrangler dev', async () => {
  const [, variable] = /^npx wrangler dev --port 8788 --var (\S+)$/m.exec(docs.code('rehearse'))!;
  const [name, value] = variable.split(':');
  const wrangler = await startWranglerDev({ [name]: value });
  expect((await fetch(`${wrangler.url}/rest/topics`)).status).toBe(200);
  await wrangler.stop();
});
