import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  endAll,
  gone,
  isRunning,
  root,
  run,
  startFrom,
  startProgram,
  workerdOf,
} from './processes.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kedge-start-'));
});
afterEach(() => {
  endAll();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Whether somebody listens on a port of this machine. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Whether an address is one of this machine. */
function isOurs(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, host, () => server.close(() => resolve(true)));
  });
}

/** Linux answers at all of 127.0.0.0/8, macOS only where an address was added. */
const otherHosts = process.platform === 'linux' ? ['127.0.0.2'] : [];
if (await isOurs('::1')) otherHosts.push('::1');

/** The processes that a process has started, on Linux. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

async function takenPort(): Promise<{ port: number; free(): void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: (server.address() as AddressInfo).port, free: () => server.close() };
}

describe('npm start', () => {
  it('says where it listens, and says nothing else', async () => {
    const kedge = await startFrom(dataDir);
    expect(kedge.kafkaPort).toBeGreaterThan(0);
    expect(await answers(kedge.kafkaPort)).toBe(true);
    expect((await fetch(`http://127.0.0.1:${kedge.httpPort}/healthz`)).status).toBe(200);
    expect(kedge.stdout()).toContain(`127.0.0.1:${kedge.kafkaPort}`);
    expect(kedge.stdout()).toContain(dataDir);
    expect(kedge.stdout().match(/^ {4}curl /gm)).toHaveLength(2);
    expect(kedge.stderr()).toBe('');
    expect(kedge.stdout().split('\n').length).toBeLessThan(25);
    kedge.child.kill('SIGTERM');
    await kedge.ended;
  });

  it('lets in only who has the token, where there is one, and does not print it', async () => {
    const kedge = await startFrom(dataDir, { env: { KEDGE_TOKEN: 'the-owners-secret' } });
    const topics = `http://127.0.0.1:${kedge.httpPort}/rest/topics`;
    expect((await fetch(topics)).status).toBe(401);
    const headers = { authorization: 'Bearer the-owners-secret' };
    expect((await fetch(topics, { headers })).status).toBe(200);
    expect(kedge.stdout()).toContain('only with credentials');
    expect(kedge.stdout()).not.toContain('the-owners-secret');
    kedge.child.kill('SIGTERM');
    await kedge.ended;
    expect(kedge.stderr()).toBe('');
  });

  it('does not let other machines in where nothing says who may come', async () => {
    const args = ['--host', '0.0.0.0', '--advertise', '127.0.0.1:9092', '--data-dir', dataDir];
    const program = run(process.execPath, [...startProgram, ...args]);
    expect(await program.ended).toBe(2);
    expect(program.stderr()).toContain('KEDGE_TOKEN');
  });

  it('prints help that names every option', async () => {
    const program = run(process.execPath, [...startProgram, '--help']);
    expect(await program.ended).toBe(0);
    const options = [...program.stdout().matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)];
    expect(options.map(([, name]) => name).sort()).toEqual([
      '--advertise',
      '--connect-port',
      '--data-dir',
      '--help',
      '--host',
      '--http-port',
      '--kafka-port',
      '--memory',
      '--registry-port',
      '--rest-port',
      '--restore',
      '--seed',
      '--snapshot',
      '--test-controls',
      '--topics',
    ]);
    expect(program.stderr()).toBe('');
  });

  it('refuses an option it does not know', async () => {
    const program = run(process.execPath, [...startProgram, '--kafka-prot', '9092']);
    expect(await program.ended).toBe(2);
    expect(program.stderr()).toMatch(/kedge dev: .*--kafka-prot; did you mean '--kafka-port'/);
    expect(program.stderr()).toContain('--help');
  });

  it.each(['--kafka-port', '--http-port'])(
    'names the port and %s when it is taken',
    async (option) => {
      const taken = await takenPort();
      const other = option === '--kafka-port' ? '--http-port' : '--kafka-port';
      const program = run(process.execPath, [
        ...startProgram,
        ...[option, String(taken.port), other, '0', '--data-dir', dataDir],
      ]);
      expect(await program.ended).toBe(1);
      expect(program.stderr()).toContain(`Port ${taken.port} on 127.0.0.1 is taken`);
      expect(program.stderr()).toContain(option);
      expect(program.stdout()).toBe('');
      taken.free();
    },
  );

  it('lets one process at a time work in a data directory', async () => {
    const first = await startFrom(dataDir);
    const ports = ['--kafka-port', '0', '--http-port', '0'];
    const second = run(process.execPath, [...startProgram, ...ports, '--data-dir', dataDir]);
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toContain(`${dataDir} is in use by another Kedge`);
    expect(second.stderr()).toContain(`process ${first.child.pid}`);
    expect(await answers(first.kafkaPort)).toBe(true);
    first.child.kill('SIGTERM');
    await first.ended;
  });

  it('keeps nothing with --memory', async () => {
    const temporary = join(dataDir, 'tmp');
    const env = { TMPDIR: dataDir };
    const ports = ['--kafka-port', '0', '--http-port', '0'];
    const start = () =>
      run(process.execPath, [...startProgram, ...ports, '--memory'], { env, cwd: dataDir });
    const killed = start();
    await killed.until('Ctrl-C stops it');
    expect(existsSync(temporary)).toBe(false);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const next = start();
    await next.until('Ctrl-C stops it');
    // The one that could not tidy up has been tidied up after.
    expect(readdirSync(dataDir)).toHaveLength(1);
    next.child.kill('SIGTERM');
    expect(await next.ended).toBe(0);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('shows what the Worker is told by the environment is wrong before it starts', async () => {
    const program = run(process.execPath, [...startProgram, '--data-dir', dataDir], {
      env: { KAFKA_NUM_PARTITIONS: 'many' },
    });
    expect(await program.ended).toBe(2);
    expect(program.stderr()).toContain('KAFKA_NUM_PARTITIONS must be a whole number');
  });
});

describe('--data-dir', () => {
  const ports = ['--kafka-port', '0', '--http-port', '0'];

  it('is a directory where npm was started, and is shown as a person there would write it', async () => {
    const started = realpathSync(dataDir);
    const program = run('npm', ['--prefix', root, 'start', '--', ...ports, '--data-dir', 'mine'], {
      cwd: started,
      detached: true,
    });
    await program.until('Ctrl-C stops it');
    expect(existsSync(join(started, 'mine/workerd.pid'))).toBe(true);
    expect(program.stdout()).toMatch(/^ {4}Data {4}mine$/m);
    const workerd = workerdOf(join(started, 'mine'));
    program.child.kill('SIGTERM');
    await program.ended;
    await gone(workerd);
  });

  it.each(['file', 'file/below/it'])('says so when it is %s', async (name) => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    const path = join(dataDir, name);
    const program = run(process.execPath, [...startProgram, ...ports, '--data-dir', path]);
    expect(await program.ended).toBe(1);
    expect(program.stderr()).toBe(`kedge: --data-dir: ${file} is a file, not a directory.\n`);
  });

  it('says so when it cannot be created', async () => {
    // Node.js itself tries for ever to create a directory in /proc.
    const path = process.platform === 'linux' ? '/proc/kedge/data' : '/dev/null/kedge';
    const program = run(process.execPath, [...startProgram, ...ports, '--data-dir', path]);
    expect(await program.ended).toBe(1);
    expect(program.stderr()).toMatch(/^kedge: --data-dir: \/\S+ (cannot be created|is a file)/);
  });
});

it('names a setting it does not know, and starts', async () => {
  const env = { KAFKA_NUM_PARTITONS: '3', KAFKA_HEAP_OPTS: '-Xmx1G' };
  const kedge = await startFrom(dataDir, { env });
  expect(kedge.stderr()).toBe(
    'kedge: KAFKA_NUM_PARTITONS is no setting Kedge knows; did you mean KAFKA_NUM_PARTITIONS?\n',
  );
  kedge.child.kill('SIGTERM');
  expect(await kedge.ended).toBe(0);
});

describe('--host', () => {
  it.each(otherHosts)('listens at %s and nowhere else, on the ports it names', async (host) => {
    const kedge = await startFrom(dataDir, { args: ['--host', host] });
    const dialled = host.includes(':') ? `[${host}]` : host;
    expect(kedge.stdout()).toContain(`Kafka   ${dialled}:${kedge.kafkaPort}\n`);
    expect((await fetch(`http://${dialled}:${kedge.httpPort}/healthz`)).status).toBe(200);
    expect(await answers(kedge.httpPort)).toBe(false);
    expect(kedge.stdout()).toContain('open: anybody on this machine may come in');
    kedge.child.kill('SIGTERM');
    await kedge.ended;
    const again = await startFrom(dataDir, {
      args: ['--host', host, '--http-port', String(kedge.httpPort)],
    });
    expect(again.httpPort).toBe(kedge.httpPort);
    expect((await fetch(`http://${dialled}:${kedge.httpPort}/healthz`)).status).toBe(200);
    again.child.kill('SIGTERM');
    await again.ended;
  });

  it('says who may come in when others can reach it', async () => {
    const args = ['--host', '0.0.0.0', '--advertise', '127.0.0.1:9092'];
    const kedge = await startFrom(dataDir, { args, env: { KEDGE_OPEN: 'true' } });
    expect(kedge.stdout()).toContain('anybody who reaches this host may come in');
    kedge.child.kill('SIGTERM');
    await kedge.ended;
  });
});

describe.each([{ npm: false }, { npm: true }])('the end of it (through npm: $npm)', ({ npm }) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops at %s and leaves no process', async (signal) => {
    const kedge = await startFrom(dataDir, { npm });
    kedge.child.kill(signal);
    await kedge.ended;
    await gone(kedge.workerdPid);
    expect(await answers(kedge.kafkaPort)).toBe(false);
    expect(await answers(kedge.httpPort)).toBe(false);
  });

  it('leaves no process when it is killed, and starts again at once on its ports', async () => {
    const kedge = await startFrom(dataDir, { npm });
    kedge.child.kill('SIGKILL');
    await kedge.ended;
    if (npm) await gone(kedge.workerdPid);
    const again = await startFrom(dataDir, {
      args: ['--kafka-port', `${kedge.kafkaPort}`, '--http-port', `${kedge.httpPort}`],
    });
    expect(isRunning(kedge.workerdPid)).toBe(false);
    expect(await answers(again.kafkaPort)).toBe(true);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });
});

it.runIf(process.platform === 'linux')(
  'starts again on its ports although the workerd of the one that was killed is still there',
  async () => {
    const kedge = await startFrom(dataDir);
    const [guard] = childrenOf(kedge.workerdPid);
    process.kill(guard, 'SIGSTOP');
    try {
      kedge.child.kill('SIGKILL');
      await kedge.ended;
      expect(isRunning(kedge.workerdPid)).toBe(true);
      const again = await startFrom(dataDir, {
        args: ['--kafka-port', `${kedge.kafkaPort}`, '--http-port', `${kedge.httpPort}`],
      });
      expect(isRunning(kedge.workerdPid)).toBe(false);
      expect(await answers(again.kafkaPort)).toBe(true);
      again.child.kill('SIGTERM');
      expect(await again.ended).toBe(0);
    } finally {
      process.kill(guard, 'SIGCONT');
    }
  },
);

it('stops at Ctrl-C in a terminal, where npm and Kedge hear it both', async () => {
  const kedge = await startFrom(dataDir, { npm: true });
  process.kill(-kedge.child.pid!, 'SIGINT');
  await kedge.ended;
  await gone(kedge.workerdPid);
  expect(kedge.stderr()).not.toContain('npm error');
  expect(await answers(kedge.kafkaPort)).toBe(false);
});

it('starts workerd again when that dies, and goes on at the same ports', async () => {
  const kedge = await startFrom(dataDir);
  process.kill(kedge.workerdPid, 'SIGKILL');
  await gone(kedge.workerdPid);
  while (!kedge.stderr().includes('started again')) await new Promise((r) => setTimeout(r, 10));
  expect(await answers(kedge.kafkaPort)).toBe(true);
  expect((await fetch(`http://127.0.0.1:${kedge.httpPort}/healthz`)).status).toBe(200);
  const second = workerdOf(dataDir);
  expect(second).not.toBe(kedge.workerdPid);
  kedge.child.kill('SIGTERM');
  expect(await kedge.ended).toBe(0);
  await gone(second);
});

it('gives up when workerd dies over and over', async () => {
  const kedge = await startFrom(dataDir);
  for (let deaths = 1; deaths <= 6; deaths++) {
    const pid = workerdOf(dataDir);
    process.kill(pid, 'SIGKILL');
    while (isRunning(pid)) await new Promise((r) => setTimeout(r, 10));
    const seen = () => kedge.stderr().split('unexpectedly').length > deaths;
    while (!seen() && kedge.child.exitCode === null) await new Promise((r) => setTimeout(r, 10));
  }
  expect(await kedge.ended).toBe(1);
  expect(kedge.stderr()).toContain('giving up');
});

afterAll(endAll);
