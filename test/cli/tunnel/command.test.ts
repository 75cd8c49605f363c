import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../../src/cli/kedge.ts');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function kedge(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    // Nobody's profiles.
    env: { PATH: process.env.PATH, XDG_CONFIG_HOME: '/no/such/directory', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function result(args: readonly string[]) {
  const child = kedge(args);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { out, err, code };
}

/** An HTTP server that refuses streams and remembers what it was asked with. */
async function strict() {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{"error_code":40101,"message":"Unauthorized"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, port, seen, server };
}

describe('kedge', () => {
  it('lists its commands, and says more about one', async () => {
    expect(await result(['--help'])).toMatchObject({ code: 0, err: '' });
    expect((await result(['--help'])).out).toContain('tunnel');
    expect((await result(['tunnel', '--help'])).out).toContain('--listen <host:port>');
    expect(await result([])).toMatchObject({ code: 2 });
    expect(await result(['tunel'])).toMatchObject({
      code: 2,
      err: "kedge: there is no command 'tunel'; did you mean 'tunnel'?\nTry: kedge --help\n",
    });
  });
});

describe('kedge tunnel', () => {
  it('says what is wrong with a command line', async () => {
    expect(await result(['tunnel'])).toEqual({
      code: 2,
      out: '',
      err: 'kedge tunnel: say where Kedge is: kedge tunnel <url>.\nTry: kedge tunnel --help\n',
    });
  });

  it('says that its port is taken', async () => {
    const { server, port, url } = await strict();
    const { code, err } = await result(['tunnel', url, '--listen', `127.0.0.1:${port}`]);
    expect(code).toBe(2);
    expect(err).toContain(`127.0.0.1:${port} is taken by another program`);
    server.close();
  });

  it('shows the token it read, says at once why Kedge refuses it, and never the token', async () => {
    const { server, url, seen } = await strict();
    const child = kedge(['tunnel', url, '--listen', '127.0.0.1:0', '--token', '-']);
    child.stdin.end('kedge_secret\n');
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toMatch(/^kedge: 127.0.0.1:\d+ cannot be reached: 401 Unauthorized\n$/);
    expect(new Set(seen)).toEqual(new Set(['Bearer kedge_secret']));
    server.close();
  });

  it('says at once that nothing is there, and waits for it to come', async () => {
    const child = kedge(['tunnel', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0']);
    const [complaint] = await once(child.stderr.setEncoding('utf8'), 'data');
    expect(complaint).toMatch(/^kedge: 127.0.0.1:1 cannot be reached: .*; it is tried again\.\n$/);
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    expect(line).toContain('Kafka clients reach 127.0.0.1:1 at 127.0.0.1:');
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('goes where a profile says, as who it says', async () => {
    const { server, url, seen } = await strict();
    const home = mkdtempSync(join(tmpdir(), 'kedge-tunnel-'));
    mkdirSync(join(home, 'kedge'));
    const profiles = { shop: { url, token: 'kedge_kept' } };
    writeFileSync(join(home, 'kedge/profiles.json'), JSON.stringify({ current: 'shop', profiles }));
    const child = kedge(['tunnel', '--listen', '127.0.0.1:0'], { XDG_CONFIG_HOME: home });
    expect((await once(child, 'exit'))[0]).toBe(1);
    expect(new Set(seen)).toEqual(new Set(['Bearer kedge_kept']));
    server.close();
    rmSync(home, { recursive: true });
  });
});
