/**
 * Cloudflare Queues as a developer has them: in Miniflare, which keeps messages in memory alone.
 * What it takes is what its simulation takes; the service itself is a network away and billed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { familyOf } from '../../processes.ts';
import type { Running, System } from '../system.ts';

const program = join(import.meta.dirname, '../peers/queues-main.ts');

async function start(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-queues-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  process.once('exit', remove);
  const before = performance.now();
  const child = fork(program, [folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(message as string));
    child.once('exit', (code) => reject(new Error(`Miniflare ended with exit code ${code}`)));
  });
  const backlog = async (): Promise<number> => (await fetch(url)).json() as Promise<number>;
  await backlog();
  const { hostname, port } = new URL(url);
  return {
    dialect: 'queues',
    host: hostname,
    port: Number(port),
    url,
    version: versionOf('miniflare'),
    startedAfterMs: performance.now() - before,
    pids: () => familyOf(child.pid!),
    async discard() {
      // What is consumed late would be so while another system is measured.
      while ((await backlog()) > 0) await delay(20);
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      process.off('exit', remove);
      remove();
    },
  };
}

function versionOf(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return `${name} ${JSON.parse(readFileSync(path, 'utf8')).version}`;
}

export const queues: System = { name: 'queues', title: 'Cloudflare Queues (Miniflare)', start };
