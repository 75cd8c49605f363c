import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root, run } from '../cli/processes.ts';
import { startWranglerDev } from '../cli/tunnel/wrangler-dev.ts';
import { startBound } from '../clients/bound-workers.ts';
import { createTopic, produceTo, readFrom, Wire } from '../kafka/wire.ts';
import { type Packed, type Project, pack } from '../package/installed.ts';
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
let packed: Packed;
let project: Project;
beforeAll(async () => {
  if (existsSync(tokenFile)) mine = readFileSync(tokenFile, 'utf8');
  [cloudflare, packed] = await Promise.all([startFakeCloudflare(), pack()]);
  project = await packed.install();
  symlinkSync(join(root, 'node_modules/wrangler'), project.file('node_modules/wrangler'));
}, 120_000);
afterAll(async () => {
  if (mine === undefined) rmSync(tokenFile, { force: true });
  else writeFileSync(tokenFile, mine);
  packed?.remove();
  await cloudflare?.stop();
});

const profilesFile = () => join(docs.scratch, 'kedge/profiles.json');
/** A command of the page, in the project that the package is installed in. */
const inProject = (block: string, code = docs.code(block)) =>
  run('bash', ['-e', '-o', 'pipefail', '-c', code], {
    cwd: project.path,
    detached: true,
    env: { ...cloudflare.env, XDG_CONFIG_HOME: docs.scratch },
  });
const sent = (what: RegExp) => cloudflare.requests.filter((request) => what.test(request.what));

it('makes a Kedge of an empty folder, with the package alone', async () => {
  // Nothing runs at that address, so nobody waits for it.
  const program = inProject('deploy', `${docs.code('deploy').trim()} --wait 0s`);
  expect(await program.ended, program.stdout() + program.stderr()).toBe(0);
  expect(program.stdout()).toContain('Kedge is deployed: https://kedge.example.workers.dev');
  const config = readFileSync(project.file('wrangler.toml'), 'utf8');
  expect(config).toContain('main = "node_modules/kedge/dist/worker.js"');
  const upload = String(sent(/^PUT .*\/scripts\/kedge$/).at(-1)!.body);
  for (const name of ['Partition', 'ClusterController', 'new_sqlite_classes']) {
    expect(upload).toContain(name);
  }
  const { profiles } = JSON.parse(readFileSync(profilesFile(), 'utf8'));
  const secret = JSON.parse(String(sent(/^PUT .*\/scripts\/kedge\/secrets$/).at(-1)!.body));
  expect(profiles.kedge).toEqual({
    url: 'https://kedge.example.workers.dev',
    token: secret.text,
  });
}, 120_000);

it('brings its Worker along where the package is not to stay', async () => {
  // As npx runs it that has it in a folder of its own.
  const elsewhere = join(docs.scratch, 'elsewhere');
  const kedge = project.file('node_modules/kedge/bin/kedge.cjs');
  const args = [kedge, 'deploy', elsewhere, '--dry-run', '--json'];
  const program = run(process.execPath, args, { env: { XDG_CONFIG_HOME: docs.scratch } });
  expect(await program.ended, program.stderr()).toBe(0);
  expect(JSON.parse(program.stdout()).text).toContain('main = "kedge-worker.js"');
});

/** As if the address led to the Kedge of this page. */
function keepProfile(): void {
  const kedge = { url: docs.kedge.url, token: owner };
  mkdirSync(join(docs.scratch, 'kedge'), { recursive: true });
  const profiles = JSON.stringify({ current: 'kedge', profiles: { kedge } });
  writeFileSync(profilesFile(), profiles, { mode: 0o600 });
}

it('is used from the command line then', async () => {
  keepProfile();
  const program = inProject('first-record');
  expect(await program.ended, program.stdout() + program.stderr()).toBe(0);
  expect(program.stdout()).toContain('orders');
});

it('leads Kafka clients through the tunnel', async () => {
  keepProfile();
  const local = `--listen ${docs.kedge.bootstrapServers}`;
  const command = docs.code('tunnel').replace(local, '--listen 127.0.0.1:0');
  const tunnel = inProject('tunnel', command);
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

it('is deployed by hand', async () => {
  const before = cloudflare.requests.length;
  const program = run('bash', ['-e', '-o', 'pipefail', '-c', docs.code('by-hand')], {
    cwd: root,
    env: { ...cloudflare.env },
  });
  expect(await program.ended, program.stdout() + program.stderr()).toBe(0);
  const now = cloudflare.requests.slice(before);
  const put = (what: RegExp) => now.findLast((request) => what.test(request.what))!;
  const secret = JSON.parse(String(put(/^PUT .*\/scripts\/kedge\/secrets$/).body));
  expect(secret.name).toBe('KEDGE_TOKEN');
  expect(secret.text.trim()).toBe(readFileSync(tokenFile, 'utf8').trim());
  expect(secret.text.length).toBeGreaterThan(40);
  expect(String(put(/^PUT .*\/scripts\/kedge$/).body)).toContain('new_sqlite_classes');
  expect(program.stdout()).toContain('https://kedge.example.workers.dev');
}, 120_000);

it('lets its owner in, and nobody else', async () => {
  writeFileSync(tokenFile, `${owner}\n`);
  const [produced, topics] = await docs.answers('curl');
  expect(produced.offsets).toMatchObject([{ partition: 0, error_code: null }]);
  expect(topics).toEqual(['orders']);
  expect((await fetch(`${docs.kedge.url}/rest/topics`)).status).toBe(401);
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
