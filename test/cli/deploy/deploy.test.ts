import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { newConfig } from '../../../src/cli/deploy/config.ts';
import {
  type Account,
  type FakeCloudflare,
  startFakeCloudflare,
} from '../../docs/fake-cloudflare.ts';
import { spawnKedge } from '../../kedge-process.ts';
import { endAll, root, run } from '../processes.ts';

// Wrangler takes some seconds each time it runs.
vi.setConfig({ testTimeout: 120_000 });

let cloudflare: FakeCloudflare | undefined;
let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kedge-deploy-test-'));
  folder = join(home, 'project');
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  // The project has a wrangler of its own, so that none is downloaded.
  symlinkSync(join(root, 'node_modules/wrangler'), join(folder, 'node_modules/wrangler'));
});
afterEach(async () => {
  endAll();
  await cloudflare?.stop();
  cloudflare = undefined;
  rmSync(home, { recursive: true, force: true });
});

async function deploy(args: readonly string[], account: Account = {}, env: NodeJS.ProcessEnv = {}) {
  cloudflare ??= await startFakeCloudflare(account);
  const program = run(
    process.execPath,
    [join(root, 'src/cli/kedge.ts'), 'deploy', '--wait', '0s', ...args],
    { cwd: folder, env: { ...cloudflare.env, HOME: home, XDG_CONFIG_HOME: home, ...env } },
  );
  const code = await program.ended;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

const config = () => readFileSync(join(folder, 'wrangler.toml'), 'utf8');
/** As a `kedge deploy` of some time ago has written it. */
const writeFirst = () => {
  const template = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  const nothing = { name: 'kedge', domains: [], routes: [], vars: {} };
  const text = newConfig(template, relative(folder, join(root, 'src/worker.ts')), nothing);
  writeFileSync(join(folder, 'wrangler.toml'), text);
};
const profiles = () => JSON.parse(readFileSync(join(home, 'kedge/profiles.json'), 'utf8'));
const sent = () =>
  cloudflare!.requests.filter(({ what }) => /^PUT .*\/scripts\/[^/]+(\/secrets)?$/.test(what));
const secretsSent = () =>
  sent()
    .filter(({ what }) => what.endsWith('/secrets'))
    .map(({ body }) => JSON.parse(body.toString()));

describe('kedge deploy', () => {
  it('makes a Kedge of an empty folder', async () => {
    const { code, stdout, stderr } = await deploy(['--env', 'KAFKA_NUM_PARTITIONS=3']);
    expect(code, stderr).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['.wrangler', 'node_modules', 'wrangler.toml']);
    expect(config()).toContain('KAFKA_NUM_PARTITIONS = "3"');
    // The secret first, for which Wrangler makes an empty Worker; so no moment passes in which
    // Kedge is there and has no way in.
    const places = sent().map(({ what }) => what.replace(/^.*scripts\//, ''));
    expect(places).toEqual(['kedge/secrets', 'kedge', 'kedge/secrets', 'kedge']);
    const [secret] = secretsSent();
    expect(secret).toMatchObject({ name: 'KEDGE_TOKEN', type: 'secret_text' });
    expect(secret.text).toMatch(/^[\w-]{43}$/);
    const upload = String(sent().at(-1)!.body);
    for (const name of ['Partition', 'StreamSubscription', 'KAFKA_NUM_PARTITIONS']) {
      expect(upload).toContain(name);
    }
    expect(profiles()).toEqual({
      current: 'kedge',
      profiles: { kedge: { url: 'https://kedge.example.workers.dev', token: secret.text } },
    });
    expect(statSync(join(home, 'kedge/profiles.json')).mode & 0o077).toBe(0);
    expect(stdout).toContain('Kedge is deployed: https://kedge.example.workers.dev');
    expect(stdout).toContain('kedge tunnel --profile kedge, and then 127.0.0.1:9092');
    expect(`${stdout}${stderr}`).not.toContain(secret.text);
  });

  it('brings a newer Kedge, and leaves the rest alone', async () => {
    cloudflare = await startFakeCloudflare({ workers: { kedge: ['KEDGE_TOKEN'] } });
    writeFirst();
    const edited = config()
      .replace('\n[vars]', '\n[vars]\nKAFKA_NUM_PARTITIONS = "6"')
      .replace(/\[\[migrations\]\]\ntag = "v4"\n.*\n/, '');
    writeFileSync(join(folder, 'wrangler.toml'), edited);
    const { code, stderr } = await deploy([]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('wrangler.toml is renewed.');
    expect(config()).toContain('tag = "v4"');
    expect(config()).toContain('KAFKA_NUM_PARTITIONS = "6"');
    // The secret that was set stays.
    expect(secretsSent()).toEqual([]);
  });

  it('only says what would be done with --dry-run', async () => {
    const { code, stdout } = await deploy(['--dry-run', '--json', '--name', 'orders']);
    expect(code).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ name: 'orders', config: 'wrangler.toml', change: 'written' });
    expect(said.text).toContain('name = "orders"');
    expect(cloudflare!.requests).toEqual([]);
    expect(existsSync(join(folder, 'wrangler.toml'))).toBe(false);
  });

  it('waits until it answers, by its secret', async () => {
    cloudflare = await startFakeCloudflare();
    const token = 'a-secret-of-the-owners-own';
    await using kedge = await spawnKedge({ env: { KEDGE_TOKEN: token } });
    // The name leads here: all that is left out is Cloudflare.
    const there = join(home, 'there.mjs');
    writeFileSync(
      there,
      `const { fetch } = globalThis;
       globalThis.fetch = (input, init) =>
         fetch(String(input).replace('https://kedge.example.workers.dev', '${kedge.url}'), init);`,
    );
    const program = run(
      process.execPath,
      ['--import', there, join(root, 'src/cli/kedge.ts'), 'deploy', '--token-stdin', '--json'],
      {
        cwd: folder,
        env: { ...cloudflare.env, HOME: home, XDG_CONFIG_HOME: home },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    program.child.stdin!.end(`${token}\n`);
    expect(await program.ended, program.stderr()).toBe(0);
    expect(JSON.parse(program.stdout())).toEqual({
      name: 'kedge',
      url: 'https://kedge.example.workers.dev',
      profile: 'kedge',
      answers: 'ready',
    });
    expect(secretsSent()[0].text).toBe(token);
  });

  it('makes a new secret when asked, and shows it once where it is not to be kept', async () => {
    const there = { workers: { kedge: ['KEDGE_TOKEN'] } };
    const { code, stderr } = await deploy(['--new-token', '--show-token'], there);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`shown once: ${secretsSent()[0].text}\n`);
    expect(existsSync(join(home, 'kedge/profiles.json'))).toBe(false);
  });
});

describe('kedge deploy refuses', () => {
  it('to write over a file that is not its own', async () => {
    writeFileSync(join(folder, 'wrangler.toml'), 'name = "mine"\n');
    const { code, stderr } = await deploy([]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('did not write')]);
    expect(config()).toBe('name = "mine"\n');
    const forced = await deploy(['--force', '--dry-run', '--json']);
    expect(JSON.parse(forced.stdout)).toMatchObject({ change: 'replaced', name: 'kedge' });
  });

  it("to change what is the reader's own", async () => {
    writeFirst();
    const { code, stderr } = await deploy(['--env', 'KAFKA_NUM_PARTITIONS=9']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('  KAFKA_NUM_PARTITIONS = "9"\n')]);
  });

  it('to take the name of another Worker', async () => {
    const { code, stderr } = await deploy(['--name', 'shop'], { workers: { shop: ['API_KEY'] } });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("there is a Worker 'shop' in this"),
    ]);
    expect(sent()).toEqual([]);
  });

  it.each([
    [['--name', 'Not A Name'], 'must be small letters'],
    [['--env', 'KAFKA_NUM_PARTITIONS=many'], 'KAFKA_NUM_PARTITIONS must be a whole number'],
    [['--env', 'KEDGE_TOKEN=secret'], 'KEDGE_TOKEN is a secret, and made for you'],
    [['--env', 'nothing'], 'must be name=value'],
  ])('%j', async (args, why) => {
    const { code, stderr } = await deploy(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(cloudflare!.requests).toEqual([]);
  });
});

describe('what Wrangler cannot do', () => {
  it('for want of rights is said, with what to do', async () => {
    const { code, stderr } = await deploy([], { refuses: true });
    expect(code).toBe(1);
    expect(stderr).toContain('Authentication error');
    expect(stderr).toContain('an API token needs Workers Scripts: Edit');
  });

  it('because nobody is logged in', async () => {
    const nobody = { CLOUDFLARE_API_TOKEN: '', CLOUDFLARE_ACCOUNT_ID: '' };
    const { code, stderr } = await deploy([], {}, nobody);
    expect(code).toBe(1);
    expect(stderr).toContain('Log in once with: npx wrangler login');
  });

  it('because there is no subdomain', async () => {
    const { code, stderr } = await deploy([], { hasSubdomain: false });
    expect(code).toBe(1);
    expect(stderr).toContain('Choose a workers.dev subdomain, once');
    // The secret that was made is not lost: the next try goes on with it.
    expect(profiles().profiles.kedge.token).toBe(secretsSent()[0].text);
  });
});
