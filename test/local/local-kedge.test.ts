import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { PortUnavailable } from '../../src/local/ports.ts';
import { isRunning } from '../cli/processes.ts';
import { answers, produce, start, urlOf, valuesIn } from './kedges.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-local-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

describe('several in one process', () => {
  it('are independent, and change nothing of the process', async () => {
    const env = { ...process.env };
    const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    const kedges = await Promise.all([start(), start(), start()]);
    expect(new Set(kedges.flatMap((k) => [k.kafkaPort, k.httpPort])).size).toBe(6);
    await Promise.all(kedges.map((kedge, index) => produce(kedge, 'mine', `of ${index}`)));
    expect(await Promise.all(kedges.map((kedge) => valuesIn(kedge, 'mine')))).toEqual([
      ['of 0'],
      ['of 1'],
      ['of 2'],
    ]);
    await kedges[0].crash();
    expect(await valuesIn(kedges[1], 'mine')).toEqual(['of 1']);
    expect({ ...process.env }).toEqual(env);
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(
      listeners,
    );
  });

  it('come and go without leaving a process, a port or a file', async () => {
    for (let cycle = 0; cycle < 5; cycle++) {
      const kedges = await Promise.all([start(), start()]);
      await produce(kedges[0], 'something', 'to do');
      await Promise.all(kedges.map((kedge) => kedge.stop()));
      for (const { workerdPid, kafkaPort, httpPort, dataDir } of kedges) {
        expect(isRunning(workerdPid)).toBe(false);
        expect(await answers(kafkaPort)).toBe(false);
        expect(await answers(httpPort)).toBe(false);
        expect(existsSync(dataDir)).toBe(false);
      }
    }
    await until(() => childrenOfOurs().length === 0);
  });
});

/** What runs below this process: on Linux alone it can be told so simply. */
function childrenOfOurs(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return /^Name:\s+(sh|workerd)$/m.test(status) && status.includes(`PPid:\t${process.pid}\n`);
    } catch {
      return false;
    }
  });
}

describe('a Kedge on this machine', () => {
  it('is back on the same ports with the same data after a crash', async () => {
    const kedge = await start();
    const { kafkaPort, httpPort, workerdPid } = kedge;
    await produce(kedge, 'orders', 'tea', 'milk');
    await kedge.crash();
    expect(isRunning(workerdPid)).toBe(false);
    expect(await answers(kafkaPort)).toBe(false);
    await kedge.start();
    expect([kedge.kafkaPort, kedge.httpPort, kedge.starts]).toEqual([kafkaPort, httpPort, 2]);
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea', 'milk']);
    await kedge.restart();
    expect([kedge.kafkaPort, kedge.httpPort, kedge.starts]).toEqual([kafkaPort, httpPort, 3]);
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea', 'milk']);
    expect(kedge.ends).toEqual([]);
    expect(kedge.lines).toEqual([]);
  });

  it('comes back by itself when workerd ends, and says so', async () => {
    const kedge = await start();
    await produce(kedge, 'orders', 'tea');
    process.kill(kedge.workerdPid, 'SIGKILL');
    await until(() => kedge.ends.length > 0);
    expect(kedge.ends).toEqual(['restarted']);
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea']);
  });

  it('can be started again after it was stopped', async () => {
    const kedge = await start({ dataDir: folder });
    await produce(kedge, 'orders', 'tea');
    await kedge.stop();
    await kedge.stop();
    expect(readdirSync(folder).sort()).toEqual(['do', 'lock']);
    await kedge.start();
    await kedge.start();
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea']);
    expect(kedge.starts).toBe(2);
  });

  it('stops though clients stay connected, once they are answered', async () => {
    const kedge = await start();
    await produce(kedge, 'orders', 'tea');
    const waiting = fetch(`${urlOf(kedge)}/v3/clusters`);
    await (await waiting).text();
    await kedge.stop();
    expect(isRunning(kedge.workerdPid)).toBe(false);
  });

  it.each(['with a space', `it's "quoted"`, 'back\\slash', 'größe 🦑', '(name = "x")'])(
    'keeps its data in a directory called %s',
    async (name) => {
      const dataDir = join(folder, name);
      const kedge = await start({ dataDir });
      await produce(kedge, 'orders', 'tea');
      await kedge.stop();
      const again = await start({ dataDir });
      expect(await valuesIn(again, 'orders')).toEqual(['tea']);
    },
  );

  it('hands variables on as they are, and writes secrets where nobody else reads them', async () => {
    const token = 'it\'s "quoted" \\ and größer\t🦑';
    const kedge = await start({ variables: { KEDGE_TOKEN: token, KEDGE_OPEN: 'false' } });
    const basic = Buffer.from(`admin:${token}`).toString('base64');
    const headers = { authorization: `Basic ${basic}` };
    expect((await fetch(`${urlOf(kedge)}/rest/topics`)).status).toBe(401);
    expect((await fetch(`${urlOf(kedge)}/rest/topics`, { headers })).status).toBe(200);
    const files = readdirSync(kedge.dataDir, { recursive: true, withFileTypes: true });
    const withToken = files.filter(
      (file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes('größer'),
    );
    expect(withToken).toEqual([]);
    expect(statSync(kedge.dataDir).mode & 0o077).toBe(0);
  });

  it('says which port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const starting = start({ prefixPorts: { rest: port } });
    await expect(starting).rejects.toThrow(PortUnavailable);
    await expect(starting).rejects.toMatchObject({
      socket: 'rest',
      message: `Port ${port} on 127.0.0.1 is taken by another program.`,
    });
  });

  it('has one port of a kind wherever its name leads', async () => {
    const kedge = await start({ host: 'localhost' });
    expect((await fetch(`http://localhost:${kedge.httpPort}/healthz`)).status).toBe(200);
    expect(await answers(kedge.kafkaPort, 'localhost')).toBe(true);
  });
});

describe('a snapshot', () => {
  const file = () => join(folder, 'state.kedge');

  it('brings all back, into the same Kedge and another', async () => {
    const kedge = await start();
    await produce(kedge, 'orders', 'tea', 'milk');
    await kedge.snapshot(file());
    expect(kedge.starts).toBe(1);
    await produce(kedge, 'orders', 'sugar');
    await produce(kedge, 'later', 'x');
    await kedge.restore(file());
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea', 'milk']);
    const topics = await fetch(`${urlOf(kedge)}/rest/topics`);
    expect(await topics.json()).toEqual(['orders']);
    const other = await start();
    await other.restore(file());
    expect(await valuesIn(other, 'orders')).toEqual(['tea', 'milk']);
    await produce(other, 'orders', 'sugar');
    expect(await valuesIn(other, 'orders')).toEqual(['tea', 'milk', 'sugar']);
    expect(kedge.ends).toEqual([]);
  });

  it('of one that is written to holds all that was acknowledged, in order', async () => {
    const kedge = await start();
    await produce(kedge, 'numbers', '0');
    let last = 0;
    let writes = true;
    const writing = (async () => {
      while (writes) await produce(kedge, 'numbers', String(++last));
    })();
    for (let round = 0; round < 3; round++) {
      await delay(50);
      const before = last;
      await kedge.snapshot(file());
      const other = await start();
      await other.restore(file());
      const values = await valuesIn(other, 'numbers');
      expect(values).toEqual(values.map((_, index) => String(index)));
      expect(values.length).toBeGreaterThanOrEqual(before);
      await other.stop();
    }
    writes = false;
    await writing;
    expect((await valuesIn(kedge, 'numbers')).length).toBe(last + 1);
  });

  it('can be taken and restored of one that has crashed', async () => {
    const kedge = await start();
    await produce(kedge, 'orders', 'tea');
    await kedge.crash();
    await kedge.snapshot(file());
    expect(isRunning(kedge.workerdPid)).toBe(false);
    await kedge.restore(file());
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea']);
  });

  it('that cannot be read changes nothing', async () => {
    const kedge = await start();
    await produce(kedge, 'orders', 'tea');
    await expect(kedge.restore(import.meta.filename)).rejects.toThrow('is no snapshot of a Kedge');
    expect(kedge.starts).toBe(1);
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea']);
  });
});

it('is stopped for good, though workerd ends by itself at that moment', async () => {
  for (let waitMs = 0; waitMs < 4; waitMs++) {
    const kedge = await start();
    process.kill(kedge.workerdPid, 'SIGKILL');
    const busy = kedge.snapshot(join(folder, 'any')).catch(() => {});
    await delay(waitMs);
    await kedge.stop();
    await busy;
    await delay(20);
    expect(isRunning(kedge.workerdPid)).toBe(false);
    expect(existsSync(kedge.dataDir)).toBe(false);
  }
});

it('stops one that stands still', async () => {
  const kedge = await start();
  process.kill(kedge.workerdPid, 'SIGSTOP');
  await kedge.stop();
  expect(isRunning(kedge.workerdPid)).toBe(false);
});
