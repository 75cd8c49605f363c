import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { capnpText } from '../../src/local/capnp-text.ts';
import { takenPort } from '../../src/local/ports.ts';
import { startWorkerd, WorkerdNotStarted } from '../../src/local/workerd-process.ts';
import { isRunning } from '../cli/processes.ts';

let folder: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-workerd-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a Worker of this text, on these addresses. */
function run(script: string, ...addresses: string[]) {
  const modules = [{ name: 'worker.js', esModule: script }];
  const sockets = addresses.map((address, index) => ({
    ...{ name: `socket-${index}`, address, http: {}, service: 'worker' },
  }));
  const config = {
    services: [{ name: 'worker', worker: { modules, compatibilityDate: '2026-11-01' } }],
    sockets,
    logging: { structuredLogging: true },
  };
  const configFile = join(folder, 'worker.capnp');
  const text = `using Workerd = import "/workerd/workerd.capnp";\n
const config :Workerd.Config = ${capnpText(config)};\n`;
  writeFileSync(configFile, text);
  return startWorkerd({
    configFile,
    pidFile: join(folder, 'pid'),
    sockets: sockets.map(({ name }) => name),
    onLine: (level, message) => lines.push(`${level}: ${message}`),
  });
}

const talking = `
  console.warn('at the start');
  export default {
    fetch() {
      console.log('an "order"', { of: 'tea' });
      console.error('one line\\nand another');
      return new Response('hello');
    },
  };
`;

describe('workerd', () => {
  it('says where it listens, and who it is', async () => {
    const workerd = await run(talking, '127.0.0.1:0', '127.0.0.1:0');
    onTestFinished(() => workerd.kill());
    expect([...workerd.ports.keys()].sort()).toEqual(['socket-0', 'socket-1']);
    for (const port of workerd.ports.values()) {
      expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('hello');
    }
    expect(Number(readFileSync(join(folder, 'pid'), 'utf8'))).toBe(workerd.pid);
  });

  it('has its lines told with their levels', async () => {
    const workerd = await run(talking, '127.0.0.1:0');
    await (await fetch(`http://127.0.0.1:${workerd.ports.get('socket-0')}`)).text();
    await workerd.stop();
    expect(lines).toContain('warn: at the start');
    expect(lines).toContain('error: one line\nand another');
    expect(lines.some((line) => /^log: an "order" .*of: 'tea'/.test(line))).toBe(true);
    expect(lines).toHaveLength(3);
  });

  it('ends when it is told to, and says when it has', async () => {
    const workerd = await run(talking, '127.0.0.1:0');
    await workerd.stop();
    await workerd.ended;
    expect(isRunning(workerd.pid)).toBe(false);
    await workerd.kill();
  });

  it('answers what is under way before it ends', async () => {
    const slow = `export default { async fetch() {
      console.log('under way');
      await scheduler.wait(30);
      return new Response('slow');
    } }`;
    const workerd = await run(slow, '127.0.0.1:0');
    const url = `http://127.0.0.1:${workerd.ports.get('socket-0')}`;
    const answer = fetch(url).then((response) => response.text());
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await workerd.stop();
    expect(await answer).toBe('slow');
  });

  it('that does not start says why, once', async () => {
    const starting = run('export default {} nonsense', '127.0.0.1:0');
    await expect(starting).rejects.toThrow(WorkerdNotStarted);
    await expect(starting).rejects.toThrow('SyntaxError');
    expect(lines).toEqual([]);
  });

  it('names the socket that was taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const error = await run(talking, '127.0.0.1:0', `127.0.0.1:${port}`).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(WorkerdNotStarted);
    const sockets = [{ name: 'socket-1', host: '127.0.0.1', port }];
    expect(takenPort(error.said, sockets)).toMatchObject({
      socket: 'socket-1',
      message: `Port ${port} on 127.0.0.1 is taken by another program.`,
    });
    expect(takenPort('something else', sockets)).toBeUndefined();
  });
});
