import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overHttp } from '../../../src/cli/doctor/cluster.ts';
import { type Finding, within } from '../../../src/cli/doctor/finding.ts';
import { workerd } from '../../../src/cli/doctor/machine.ts';
import { freePort } from '../../../src/local/ports.ts';
import { type Kedge, spawnKedge } from '../../kedge-process.ts';
import { endAll, root, run } from '../processes.ts';

let home: string;
let kedge: Kedge;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'kedge-doctor-'));
  kedge = await spawnKedge({ env: { KEDGE_TOKEN: 'sesame-open' } });
});
afterAll(async () => {
  endAll();
  await kedge.stop();
  rmSync(home, { recursive: true, force: true });
});

/** On ports that nobody has, unless the arguments say otherwise. */
async function doctor(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const [kafka, http] = await Promise.all([freePort('127.0.0.1'), freePort('127.0.0.1')]);
  const ports = ['--kafka-port', `${kafka}`, '--http-port', `${http}`];
  const all = [join(root, 'src/cli/kedge.ts'), 'doctor', '--json', ...ports, ...args];
  const own = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), CLOUDFLARE_API_TOKEN: '' };
  const program = run(process.execPath, all, { cwd: home, env: { ...own, ...env } });
  const code = await program.ended;
  const findings: readonly Finding[] = JSON.parse(program.stdout());
  const of = (check: string) => findings.filter((finding) => finding.check === check);
  return { code, findings, of };
}

const unwell = (findings: readonly Finding[]) => findings.filter(({ health }) => health !== 'ok');

describe('kedge doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const { code, findings, of } = await doctor();
    expect(unwell(findings)).toEqual([]);
    expect(code).toBe(0);
    expect(of('Node.js')[0].says).toContain(process.version);
    expect(of('workerd')[0].says).toMatch(/^\d{4}-/);
    expect(of('cluster')[0].says).toContain('no Kedge runs on this machine');
  });

  it('knows a cluster, who may do what there, and whether its address is right', async () => {
    const token = { KEDGE_TOKEN: 'sesame-open' };
    const { code, of } = await doctor(['--bootstrap', kedge.bootstrapServers], token);
    expect(code).toBe(0);
    expect(of('cluster')[0].says).toMatch(/ answers, cluster [\w-]{22}$/);
    expect(of('rights')[0].says).toContain('ALTER');
    expect(of('advertised')[0].says).toBe(
      `broker 1 sends clients to ${kedge.bootstrapServers}, which can be reached`,
    );
  });

  it('says who is a stranger to it', async () => {
    const { code, of } = await doctor(['--url', kedge.url], { KEDGE_TOKEN: 'wrong' });
    expect(code).toBe(1);
    expect(of('cluster')).toMatchObject([
      { health: 'fail', says: expect.stringMatching(/KEDGE_TOKEN/) },
    ]);
    // That much everybody may ask.
    expect(of('version')).toMatchObject([{ health: 'ok' }]);
  });

  it('follows a client to the address that it is told', async () => {
    await using astray = await spawnKedge({ advertise: 'no-such-host.invalid:29092' });
    const { code, of } = await doctor(['--bootstrap', astray.bootstrapServers]);
    expect(code).toBe(1);
    expect(of('advertised')).toMatchObject([
      {
        health: 'fail',
        says: expect.stringContaining('no-such-host.invalid:29092, and there is no such host'),
        advice: expect.stringContaining('KAFKA_ADVERTISED_LISTENERS'),
      },
    ]);
    await using nowhere = await spawnKedge({
      advertise: `127.0.0.1:${await freePort('127.0.0.1')}`,
    });
    const second = await doctor(['--bootstrap', nowhere.bootstrapServers]);
    expect(second.of('advertised')).toMatchObject([
      { health: 'fail', says: expect.stringContaining('where nothing answers (ECONNREFUSED)') },
    ]);
  });

  it('says where nothing answers', async () => {
    const nowhere = `localhost:${await freePort('127.0.0.1')}`;
    const { code, of } = await doctor(['--bootstrap', `no-such-host.invalid:1,${nowhere}`]);
    expect(code).toBe(1);
    expect(of('name')).toMatchObject([{ health: 'fail' }, { health: 'ok' }]);
    expect(of('cluster')).toMatchObject([{ health: 'fail' }]);
  });

  it('tells a Kedge at a port from another program', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { of } = await doctor(['--kafka-port', `${port}`]);
    expect(of(`port ${port}`)).toMatchObject([
      { health: 'warn', says: expect.stringMatching(/^taken by /) },
    ]);
    const beside = ['--kafka-port', `${port}`, '--http-port', `${kedge.httpPort}`];
    expect((await doctor(beside)).of(`port ${port}`)[0].says).toMatch(/^taken by /);
    other.close();
    const args = ['--kafka-port', `${kedge.kafkaPort}`, '--http-port', `${kedge.httpPort}`];
    const known = await doctor([...args, '--data-dir', kedge.dataDir]);
    expect(known.of(`port ${kedge.kafkaPort}`)[0].says).toMatch(/^a Kedge is there/);
    expect(known.of('data')[0].says).toContain(`in use by Kedge (process ${kedge.pid})`);
  });

  it('looks at the environment, the profiles and the place for data', async () => {
    const config = join(home, 'config/kedge');
    mkdirSync(config, { recursive: true });
    const file = join(config, 'profiles.json');
    writeFileSync(file, '{ "current": null, "profiles": {} }');
    chmodSync(file, 0o644);
    writeFileSync(join(home, 'a-file'), '');
    const { code, of } = await doctor(['--data-dir', 'a-file'], { KAFKA_NUM_PARTITONS: '3' });
    expect(code).toBe(1);
    expect(of('profiles')).toMatchObject([{ health: 'fail', advice: `chmod 600 ${file}` }]);
    expect(of('data')).toMatchObject([
      { health: 'fail', says: expect.stringMatching(/is a file$/) },
    ]);
    expect(of('environment')).toMatchObject([
      { health: 'warn', says: expect.stringContaining('did you mean KAFKA_NUM_PARTITIONS?') },
    ]);
    rmSync(file);
    const broken = await doctor([], { KAFKA_LISTENERS: 'SSL://localhost:9093' });
    expect(broken.of('environment')).toMatchObject([
      { health: 'fail', says: expect.stringContaining('speaks no TLS') },
    ]);
  });
});

describe('the checks', () => {
  it('compare versions and clocks', async () => {
    let ahead = 0;
    const server = createServer((_, response) => {
      response.setHeader('date', new Date(Date.now() + ahead).toUTCString());
      response.end(JSON.stringify({ info: { title: 'Kedge', version: '9.9.9' } }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const url = `http://127.0.0.1:${port}`;
    expect(await overHttp(url, '0.1.0')).toMatchObject([
      { check: 'version', health: 'warn', says: '0.1.0 here, 9.9.9 there' },
      { check: 'clock', health: 'ok' },
    ]);
    ahead = 60_000;
    const [, clock] = await overHttp(url, '9.9.9');
    expect(clock).toMatchObject({ health: 'warn', says: expect.stringMatching(/s behind that/) });
    ahead = -3_600_000;
    expect((await overHttp(url, '9.9.9'))[1].health).toBe('fail');
    server.close();
  });

  it('say what is wrong with a workerd that does not run', async () => {
    expect(await workerd('/no/such/workerd')).toMatchObject([
      { health: 'fail', says: expect.stringContaining('ENOENT'), advice: expect.any(String) },
    ]);
    const advice = expect.stringContaining('--omit=optional');
    expect(await workerd('')).toMatchObject([{ health: 'fail', advice }]);
  });

  it('come to an end', async () => {
    const never = () => new Promise<never>(() => {});
    expect(await within('it', 10, never)).toMatchObject([{ check: 'it', health: 'fail' }]);
  });
});
