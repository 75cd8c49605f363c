/**
 * Kedge as `npm start` runs it, with its data on disk; and as it is for those who have installed
 * its package, where it is about its start.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnKedge } from '../../../test/kedge-process.ts';
import { ownPackage } from '../../../test/package/installed.ts';
import { familyOf } from '../../processes.ts';
import { type InstalledKedge, installKedge, startKedgeDev } from '../../start-brokers.ts';
import type { Running, System } from '../system.ts';

const version = `kedge ${ownPackage.version}`;

/** A directory that goes with our process, if not before. */
function temporary(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'kedge-speed-'));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 20 });
  process.once('exit', remove);
  return {
    path,
    remove() {
      process.off('exit', remove);
      remove();
    },
  };
}

async function start(): Promise<Running> {
  const data = temporary();
  const kedge = await spawnKedge({
    dataDir: data.path,
    // Subscriptions send to the load itself.
    env: { KEDGE_PUSH_PRIVATE_HOSTS: '127.0.0.1' },
  });
  return {
    dialect: 'kafka',
    host: kedge.host,
    port: kedge.kafkaPort,
    url: kedge.url,
    version,
    pids: () => familyOf(kedge.pid),
    async stop() {
      await kedge.stop();
      data.remove();
    },
  };
}

let installing: Promise<InstalledKedge> | undefined;

async function installed(): Promise<InstalledKedge> {
  const kedge = await installKedge();
  process.once('exit', () => kedge.remove());
  return kedge;
}

async function startInstalled(): Promise<Running> {
  installing ??= installed();
  const data = temporary();
  const { pid, port, afterMs, stop } = await startKedgeDev(await installing, [
    '--data-dir',
    data.path,
  ]);
  return {
    dialect: 'kafka',
    host: '127.0.0.1',
    port,
    version,
    startedAfterMs: afterMs,
    pids: () => familyOf(pid),
    async stop() {
      await stop();
      data.remove();
    },
  };
}

export const kedge: System = { name: 'kedge', title: 'Kedge', start, startInstalled };
