/**
 * Where NATS servers come from: Debian's package, unpacked where nobody else looks, and a newer one
 * that Go builds, since Debian's knows no option to flush what it acknowledges. The surprise:
 * neither is installed, so nothing on the machine changes but a cache in this project.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheOf, download, once } from '../../../test/compat/install.ts';
import { runToEnd } from '../../../test/compat/processes.ts';

const goModule = join(import.meta.dirname, 'nats');

/** Debian's: the one on the path, or else the package, unpacked. Its command. */
export async function debianNats(): Promise<string> {
  const folders = (process.env.PATH ?? '').split(':');
  const installed = folders.map((folder) => join(folder, 'nats-server')).find(existsSync);
  if (installed !== undefined) return installed;
  const cache = cacheOf('bench');
  const command = join(cache, 'debian/usr/sbin/nats-server');
  if (existsSync(command)) return command;
  await fetchPackage(cache);
  const name = readdirSync(cache).find((file) => /^nats-server_.*\.deb$/.test(file));
  if (name === undefined) throw new Error('apt-get fetched no package of nats-server');
  await runToEnd('dpkg-deb', ['-x', join(cache, name), join(cache, 'debian')]);
  return command;
}

async function fetchPackage(folder: string): Promise<void> {
  const fetch = ['download', 'nats-server'];
  try {
    await runToEnd('apt-get', fetch, { cwd: folder });
  } catch {
    // Nobody has asked yet what packages there are.
    const [command, ...args] = [...(process.getuid?.() === 0 ? [] : ['sudo', '-n']), 'apt-get'];
    await download(command!, [...args, 'update']);
    await download('apt-get', fetch, { cwd: folder });
  }
}

/** The pinned release that Go builds from its sources. Its command. */
export async function builtNats(): Promise<string> {
  const command = join(cacheOf('bench'), 'nats-server');
  const inputs = ['go.mod', 'go.sum'].map((name) => join(goModule, name));
  await once(join(cacheOf('bench'), 'nats-server.stamp'), inputs, async () => {
    await download('go', ['mod', 'download'], { cwd: goModule });
    const what = 'github.com/nats-io/nats-server/v2';
    await runToEnd('go', ['build', '-o', command, what], { cwd: goModule, timeoutMs: 600_000 });
  });
  return command;
}
